/** Postcopy paused by an error, and recovered over a new channel. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';
import { announce, sendCommand } from './commands.ts';
import { requestPages } from './destination.ts';
import { closeReturnPath } from './return-path-end.ts';
import { openReturnPath, showChannel } from './setup.ts';

/** Pages on the way when the link failed. */
const LOST_PAGES = 400;

/** postcopy_pause(), on the migration thread. False: the migration was given up. */
export function* recoverFromPause(attempt: Attempt): Steps<boolean> {
  const { core, stream } = attempt;
  attempt.reportError(stream.error ?? 'Channel error: Input/output error');
  yield* closeBrokenReturnPath(attempt);
  attempt.closedReturnPaths = 0;
  if (core.version.band === '11.1') core.tracer.mark('qemu_file_fclose');
  core.tracer.mark('qemu_file_fclose');
  attempt.setState('postcopy-paused');
  while (attempt.state === 'postcopy-paused' || attempt.state === 'postcopy-recover-setup') {
    yield* core.scheduler.wait(attempt.changed);
  }
  if (attempt.state !== 'postcopy-recover') return false;
  yield* resume(attempt);
  return true;
}

function* closeBrokenReturnPath(attempt: Attempt): Steps {
  attempt.returnPath?.deliver({ kind: 'broken', error: 'Channel error: Input/output error' }, 0);
  yield* closeReturnPath(attempt);
}

/** Main thread: `migrate` with resume=true, once its channel is there. */
export function* reconnect(attempt: Attempt): Steps {
  const { core, stream } = attempt;
  stream.isBroken = false;
  stream.error = undefined;
  showChannel(attempt);
  openReturnPath(attempt);
  yield* core.sleep(40_000);
  attempt.setState('postcopy-recover');
}

/** postcopy_do_resume(): the destination says what it has, then both go on. */
function* resume(attempt: Attempt): Steps {
  const { core, ram } = attempt;
  core.tracer.mark('savevm_state_resume_prepare');
  yield* askForBitmaps(attempt);
  core.tracer.event('ram_state_resume_prepare', { v: ram.resend(LOST_PAGES) });
  if (attempt.capabilities['postcopy-preempt']) core.tracer.mark('postcopy_preempt_new_channel');
  announce(attempt, 'savevm_send_postcopy_resume', 'postcopy-resume');
  attempt.stream.flush();
  attempt.returnPath?.deliver({ kind: 'resume-ack' }, attempt.run.channel.latencyUs * 2000 + 200_000);
  while (attempt.state === 'postcopy-recover') yield* core.scheduler.wait(attempt.changed);
  core.tracer.mark('postcopy_pause_continued');
  core.scheduler.spawn(attempt.mainLoop.thread, requestPages(attempt));
}

function* askForBitmaps(attempt: Attempt): Steps {
  const { core, ram, returnPath } = attempt;
  const { latencyUs } = attempt.run.channel;
  core.tracer.mark('ram_dirty_bitmap_sync_start');
  attempt.bitmapsReceived = 0;
  for (const [index, block] of ram.blocks.entries()) {
    core.tracer.event('savevm_send_recv_bitmap', { name: block.name });
    sendCommand(attempt, 'recv-bitmap', 1 + block.name.length);
    core.tracer.event('ram_dirty_bitmap_request', { str: block.name });
    returnPath?.deliver({ kind: 'bitmap', block: block.name }, latencyUs * 2000 + 150_000 * (index + 1));
  }
  attempt.stream.flush();
  core.tracer.mark('ram_dirty_bitmap_sync_wait');
  while (attempt.bitmapsReceived < ram.blocks.length) {
    if (returnPath === undefined || returnPath.isOver) break;
    yield* core.scheduler.wait(returnPath.progress);
  }
  core.tracer.mark('ram_dirty_bitmap_sync_complete');
}
