/** The migration thread: setup, rounds until something ends them, and what comes after the loop. */
import { Done, type Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';
import { backgroundSnapshot } from './background-snapshot.ts';
import { coloProcess } from './colo.ts';
import { rateLimit, startWindow } from './counters.ts';
import { failOnSetupError, failOnStreamError, finishIteration } from './ending.ts';
import { iterationRun } from './iterate.ts';
import { recoverFromPause } from './recovery.ts';
import { setup } from './setup.ts';
import { watchDirtying } from './throttle.ts';

function isGoing({ state }: Attempt): boolean {
  return state === 'active' || state === 'postcopy-device' || state === 'postcopy-active';
}

export function* migrationThread(attempt: Attempt): Steps {
  const { core } = attempt;
  startWindow(attempt);
  yield* setup(attempt);
  attempt.swapState('setup', 'active');
  if (failOnSetupError(attempt)) {
    yield* finishIteration(attempt);
    return;
  }
  attempt.setupMs = Math.floor((core.nowNs - attempt.startNs) / 1e6);
  core.tracer.mark('migration_thread_setup_complete');
  if (attempt.isBackgroundSnapshot) {
    yield* backgroundSnapshot(attempt);
    return;
  }
  watchDirtying(attempt);
  yield* loop(attempt);
  if (attempt.state === 'colo') yield* coloProcess(attempt);
  else yield* finishIteration(attempt);
}

/** What is done at once is not run through: that would cost as much as a round. */
function* loop(attempt: Attempt): Steps {
  let isUrgent = false;
  while (isGoing(attempt)) {
    if (isUrgent || !attempt.rateExceeded()) {
      const run = iterationRun(attempt);
      const round = run instanceof Done ? run.value : yield* run;
      if (round === 'done') return;
      if (round === 'again') continue;
    }
    if (attempt.stream.error !== undefined && attempt.isInPostcopy && attempt.state === 'postcopy-active') {
      if (!(yield* recoverFromPause(attempt))) return;
      startWindow(attempt);
      continue;
    }
    if (failOnStreamError(attempt)) return;
    const limited = rateLimit(attempt);
    isUrgent = limited instanceof Done ? limited.value : yield* limited;
  }
}
