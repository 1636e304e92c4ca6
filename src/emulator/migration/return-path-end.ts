/** close_return_path_on_source(): waits for the return path's thread. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';

/** The return path's error, if it had one. */
export function* closeReturnPath(attempt: Attempt): Steps<string | undefined> {
  const { core, returnPath } = attempt;
  if (returnPath === undefined) return undefined;
  const { tracer, version } = core;
  const isOld = version.band === '7.2';
  tracer.mark('migration_return_path_end_before');
  if (isOld) tracer.mark('await_return_path_close_on_source_joining');
  while (!returnPath.isOver) yield* core.scheduler.wait(returnPath.progress);
  core.spend(15_000);
  // 10.x closes the stream here, 7.2 on the return path's thread, 11.1 in the cleanup.
  if (!isOld && version.band !== '11.1') tracer.mark('qemu_file_fclose');
  if (isOld) {
    tracer.mark('await_return_path_close_on_source_close');
    tracer.event('migration_return_path_end_after', { rp_error: returnPath.error === undefined ? 0 : 1 });
  } else tracer.event('migration_return_path_end_after', {});
  attempt.returnPath = undefined;
  attempt.closedReturnPaths += 1;
  return returnPath.error;
}
