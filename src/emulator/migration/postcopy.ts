/** Postcopy: the switchover with its package, the rest behind it, the end. */
import type { Steps } from '../clock/scheduler.ts';
import type { RamBlock } from '../guest/memory.ts';
import type { Attempt } from './attempt.ts';
import { announce, ping, sendCommand } from './commands.ts';
import { startWindow } from './counters.ts';
import { requestPages, shutWhenLoaded } from './destination.ts';
import { completed, endDowntime } from './precopy-completion.ts';
import { closeReturnPath } from './return-path-end.ts';
import { completeInPostcopy, completeModules, saveDevices, section } from './sections.ts';
import { notify } from './setup.ts';
import { finalBeforeStop, prepareSwitchover, startSwitchover, stopVm } from './switchover.ts';

/** Ranges of one discard command (MAX_DISCARDS_PER_COMMAND). */
const RANGES_PER_COMMAND = 12;

/** postcopy_start(); a failure leaves its state behind. */
export function* startPostcopy(attempt: Attempt): Steps {
  const { core } = attempt;
  const { tracer, version } = core;
  attempt.ram.isSwitchingToPostcopy = true;
  yield* openPreemptChannel(attempt);
  if (version.hasPostcopyDevice) yield* prepareModules(attempt);
  if (version.band === '7.2' && !attempt.capabilities['pause-before-switchover']) attempt.setState('postcopy-active');
  tracer.mark('postcopy_start');
  yield* core.lockBql('postcopyStart');
  tracer.mark('postcopy_start_set_run');
  yield* finalBeforeStop(attempt);
  yield* stopVm(attempt);
  if (version.band !== '7.2') tracer.event('migration_completion_vm_stop', { ret: 0 });
  const error = yield* handOver(attempt);
  if (error !== undefined) {
    attempt.reportError(error);
    if (!attempt.isCancelled) attempt.setFailed();
  }
  if (core.holdsBql) core.unlockBql();
}

/** postcopy_preempt_establish_channel(): once the destination has answered the first ping. */
function* openPreemptChannel(attempt: Attempt): Steps {
  if (!attempt.capabilities['postcopy-preempt'] || attempt.hasPreemptChannel) return;
  attempt.hasPreemptChannel = true;
  yield* attempt.core.sleep(200_000);
  attempt.core.tracer.mark('postcopy_preempt_new_channel');
}

/** 10.2: modules get ready while the guest still runs; RAM ends its round. */
function* prepareModules(attempt: Attempt): Steps {
  if (!attempt.capabilities['postcopy-ram']) return;
  yield* section(attempt, attempt.ram, () => endRound(attempt));
}

function* endRound({ stream, core }: Attempt): Steps<number> {
  stream.put(8);
  stream.flush();
  yield* core.sleep(2_000);
  return 1;
}

/** With the BQL, the VM stopped: the package, and the destination may run. */
function* handOver(attempt: Attempt): Steps<string | undefined> {
  const { core, stream, ram } = attempt;
  if (!(yield* prepare(attempt))) return 'Switchover is interrupted';
  const { error } = yield* startSwitchover(attempt);
  if (error !== undefined) return error;
  yield* completeModules(attempt, false);
  attempt.isPostcopyBegun = true;
  if (attempt.capabilities['postcopy-ram']) yield* discard(attempt);
  announce(attempt, 'savevm_send_postcopy_listen', 'postcopy-listen');
  if (core.version.band === '7.2') core.tracer.mark('savevm_state_complete_precopy');
  const unsaved = yield* saveDevices(attempt, attempt.oldRunstate);
  if (unsaved !== undefined) return unsaved;
  sendPackage(attempt);
  if (stream.error !== undefined) return `postcopy_start: ${stream.error}`;
  attempt.handedOver = true;
  if (core.faults.at.syncAfterPackage) yield* ram.sync(false);
  notify(attempt, 1);
  endDowntime(attempt);
  // 7.2 gives the BQL up here.
  if (core.version.band === '7.2') core.unlockBql();
  if (attempt.capabilities['postcopy-ram']) ping(attempt, 4);
  core.tracer.event('postcopy_preempt_enabled', { value: attempt.capabilities['postcopy-preempt'] ? 1 : 0 });
  setPostcopyState(attempt);
  attempt.isUnlimited = false;
  startWindow(attempt);
  attempt.ramBytesAtPostcopy = ram.pageBytes;
  if (attempt.capabilities['postcopy-ram']) core.scheduler.spawn(attempt.mainLoop.thread, requestPages(attempt));
  return undefined;
}

function* prepare(attempt: Attempt): Steps<boolean> {
  // 7.2 goes on to postcopy-active from the pause, and without one is there already.
  if (attempt.core.version.band === '7.2' && !attempt.capabilities['pause-before-switchover']) return true;
  return yield* prepareSwitchover(attempt);
}

function setPostcopyState(attempt: Attempt): void {
  const { version } = attempt.core;
  if (version.band === '7.2') return;
  const waits = version.hasPostcopyDevice && attempt.returnPath !== undefined;
  attempt.swapState('device', waits ? 'postcopy-device' : 'postcopy-active');
}

/** ram_postcopy_send_discard_bitmap(): what the destination must not keep. */
function* discard(attempt: Attempt): Steps {
  const { core, ram } = attempt;
  const syncs = core.version.discardSyncs || core.asPosted;
  if (syncs && core.faults.at.postcopyLastSync) yield* ram.sync(false);
  for (const block of ram.blocks) discardBlock(attempt, block);
  core.tracer.mark('ram_postcopy_send_discard_bitmap');
  ping(attempt, 2);
}

function discardBlock(attempt: Attempt, block: RamBlock): void {
  const { core } = attempt;
  const ranges = attempt.ram.pages.runsIn(block);
  const commands = Math.ceil(ranges / RANGES_PER_COMMAND);
  for (let sent = 0; sent < ranges; sent += RANGES_PER_COMMAND) {
    const len = Math.min(RANGES_PER_COMMAND, ranges - sent);
    core.tracer.event('qemu_savevm_send_postcopy_ram_discard', { id: block.name, len });
    sendCommand(attempt, 'ram-discard', 3 + block.name.length + 16 * len);
  }
  core.tracer.event('postcopy_discard_send_finish', { ramblock: block.name, nwords: ranges, ncmds: commands });
}

function sendPackage(attempt: Attempt): void {
  const { core, stream } = attempt;
  if (attempt.capabilities['postcopy-ram']) {
    ping(attempt, 3);
    if (core.version.hasPostcopyDevice && attempt.returnPath !== undefined) ping(attempt, 0x42);
  }
  announce(attempt, 'savevm_send_postcopy_run', 'postcopy-run');
  announce(attempt, 'qemu_savevm_send_packaged', 'packaged', 4);
  stream.put(24_000);
  if (attempt.run.failsAt === 'package') stream.isBroken = true;
  stream.flush();
  core.spend(12_000);
  core.tracer.mark('qemu_file_fclose');
}

/** The package is loaded, or nothing is left and it is waited for. */
export function* leavePostcopyDevice(attempt: Attempt, isDone: boolean): Steps {
  const { core, returnPath } = attempt;
  if (attempt.state !== 'postcopy-device' || returnPath === undefined) return;
  while (isDone && !returnPath.packageLoaded && !returnPath.isOver) yield* core.scheduler.wait(returnPath.progress);
  if (returnPath.packageLoaded) attempt.swapState('postcopy-device', 'postcopy-active');
}

/** migration_completion_postcopy() and the wait for the destination. */
export function* completePostcopy(attempt: Attempt): Steps {
  const { core } = attempt;
  core.tracer.mark('migration_completion_postcopy_end');
  yield* core.lockBql('postcopyCompletion');
  yield* completeInPostcopy(attempt);
  core.unlockBql();
  core.tracer.mark('migration_completion_postcopy_end_after_complete');
  shutWhenLoaded(attempt);
  const error = yield* closeReturnPath(attempt);
  if (error === undefined) yield* completed(attempt);
  else attempt.setFailed();
}
