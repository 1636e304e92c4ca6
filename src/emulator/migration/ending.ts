/** How a migration ends: the migration thread's last steps, then the main thread's cleanup. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';
import { closeReturnPath } from './return-path-end.ts';
import { notify } from './setup.ts';
import { reportStderr } from './stderr.ts';

/** migration_iteration_finish(), on the migration thread. */
export function* finishIteration(attempt: Attempt): Steps {
  const { core, vm } = attempt;
  core.tracer.mark('migration_thread_after_loop');
  yield* core.lockBql('finish');
  if (attempt.state === 'completed') vm.setRunstate('postmigrate');
  else yield* backToSource(attempt);
  attempt.mainLoop.post(() => cleanup(attempt), 15_000);
  core.unlockBql();
}

/** Failed or cancelled: the disks and the guest are the source's again. */
function* backToSource(attempt: Attempt): Steps {
  const { core, vm } = attempt;
  if (attempt.handedOver) return;
  if (core.version.hasBlockActivation) {
    core.tracer.event('migration_block_activation', { active: 'active' });
    core.spend(attempt.disksAreInactive ? 90_000 : 6_000);
    attempt.disksAreInactive = false;
  }
  notify(attempt, 3);
  if (vm.runstate !== 'finish-migrate') return;
  if (attempt.oldRunstate === 'running') yield* vm.start();
  else vm.setRunstate(core.version.band === '7.2' ? 'postmigrate' : attempt.oldRunstate);
}

/** migrate_fd_cleanup() or migration_cleanup(), in a bottom half. */
export function* cleanup(attempt: Attempt): Steps {
  const { core } = attempt;
  const { tracer, version } = core;
  const isOld = version.band === '7.2';
  if (isOld) cleanModules(attempt);
  if (!isOld) tracer.mark('migration_cleanup');
  else if (attempt.isConnected) tracer.mark('migrate_fd_cleanup');
  if (!isOld) cleanModules(attempt);
  if (attempt.threadStarted) yield* joinThread(attempt);
  if (attempt.returnPath !== undefined) {
    // A cancel has shut the channel down already.
    if (!attempt.isCancelled) attempt.returnPath.deliver({ kind: 'shut' }, 0);
    yield* closeReturnPath(attempt);
  }
  if (attempt.isConnected) closeStreams(attempt);
  endState(attempt);
  attempt.vm.throttle(0);
  attempt.finish();
}

function cleanModules(attempt: Attempt): void {
  attempt.core.tracer.mark('savevm_state_cleanup');
  for (const module of attempt.modules) if (module.isActive) module.cleanup();
  if (attempt.hasDirtyLog) attempt.vm.stopDirtyLog();
}

/** The thread is waited for with the BQL given up. */
function* joinThread({ core }: Attempt): Steps {
  core.unlockBql();
  yield* core.sleep(20_000);
  yield* core.lockBql('cleanup');
}

function closeStreams(attempt: Attempt): void {
  const { core } = attempt;
  const returnPaths = core.version.band === '11.1' ? attempt.closedReturnPaths : 0;
  const preempt = attempt.hasPreemptChannel && core.version.band === '11.1' ? 1 : 0;
  for (let stream = 0; stream < 1 + returnPaths + preempt; stream += 1) core.tracer.mark('qemu_file_fclose');
  core.spend(10_000);
}

function endState(attempt: Attempt): void {
  attempt.swapState('cancelling', 'cancelled');
  if (attempt.state !== 'completed' && attempt.firstError !== undefined) reportStderr(attempt, attempt.firstError);
  attempt.swapState('failing', 'failed');
  if (attempt.state === 'completed') notify(attempt, 2);
}

/** A module could not be set up. 7.2 has only the stream's error, which its loop finds. */
export function failOnSetupError(attempt: Attempt): boolean {
  const { core, run, stream } = attempt;
  if (run.failsAt !== 'setup' || stream.error === undefined || core.version.band === '7.2') return false;
  attempt.reportError(stream.error);
  attempt.setFailed();
  return true;
}

/** migration_detect_error(): the loop's look at the stream. True: leave the loop. */
export function failOnStreamError(attempt: Attempt): boolean {
  const { core, stream } = attempt;
  if (attempt.isCancelled) return true;
  if (stream.error === undefined) return false;
  attempt.reportError(stream.error);
  attempt.setFailed();
  core.tracer.mark('migration_thread_file_err');
  return true;
}
