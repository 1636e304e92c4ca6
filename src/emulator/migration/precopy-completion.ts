/** Precopy's end: migration_completion_precopy() and what comes behind it. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';
import { checkpoint } from './commands.ts';
import { shutWhenLoaded } from './destination.ts';
import { closeReturnPath } from './return-path-end.ts';
import { completeModules, saveDevices } from './sections.ts';
import { failInactivation, finalBeforeStop, prepareSwitchover, startSwitchover, stopVm } from './switchover.ts';

export function* completePrecopy(attempt: Attempt): Steps {
  const { core } = attempt;
  yield* core.lockBql('completion');
  yield* finalBeforeStop(attempt);
  yield* stopVm(attempt);
  core.tracer.event('migration_completion_vm_stop', { ret: 0 });
  const error = yield* sendRest(attempt);
  core.unlockBql();
  if (error === undefined) yield* end(attempt);
  else failCompletion(attempt, error);
}

function failCompletion(attempt: Attempt, error: string): void {
  attempt.reportError(error);
  if (!attempt.isCancelled) attempt.setFailed();
}

/** With the BQL; the error's text, if there was one. */
function* sendRest(attempt: Attempt): Steps<string | undefined> {
  const { core, stream } = attempt;
  if (!(yield* prepareSwitchover(attempt))) return 'Switchover is interrupted';
  const { error } = yield* startSwitchover(attempt);
  if (error !== undefined) return error;
  if (!(yield* completeModules(attempt, true))) return `Failed to save iterable device state: ${stream.error}`;
  const unsaved = yield* saveDevices(attempt, attempt.oldRunstate);
  if (unsaved !== undefined) return unsaved;
  // 7.2 inactivates the disks here, silently.
  if (core.version.band === '7.2' && attempt.run.failsAt === 'switchover') return failInactivation(attempt);
  stream.put(2_000);
  stream.flush();
  yield* core.sleep(30_000);
  return stream.error === undefined ? undefined : `Error while writing the device state: ${stream.error}`;
}

/** Without the BQL first: the destination may take its time to load. */
function* end(attempt: Attempt): Steps {
  if (attempt.returnPath !== undefined) {
    shutWhenLoaded(attempt);
    const error = yield* closeReturnPath(attempt);
    if (error !== undefined) {
      attempt.setFailed();
      return;
    }
  }
  if (attempt.capabilities['x-colo']) {
    attempt.setState('colo');
    return;
  }
  yield* completed(attempt);
}

/** migration_completion_end(); 7.2 sets its state without the BQL. */
export function* completed(attempt: Attempt): Steps {
  const { core } = attempt;
  const isLocked = core.version.band !== '7.2';
  if (isLocked) yield* core.lockBql('completionEnd');
  endDowntime(attempt);
  if (!attempt.isCancelled) attempt.setState('completed');
  attempt.endNs = core.nowNs;
  if (isLocked) core.unlockBql();
}

/** Once: postcopy ends its downtime when the package is sent. */
export function endDowntime(attempt: Attempt): void {
  const { core } = attempt;
  if (attempt.downtimeMs !== undefined) return;
  checkpoint(attempt, 'src-downtime-end');
  attempt.downtimeMs = Math.floor(core.nowNs / 1e6) - Math.floor(attempt.downtimeStartNs / 1e6);
}
