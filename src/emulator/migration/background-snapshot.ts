/**
 * A snapshot of the guest while it runs: the devices at its start, then memory,
 * whose pages are write protected until they are saved. No dirty log, no query.
 */
import type { Steps } from '../clock/scheduler.ts';
import { type Attempt, WINDOW_MS } from './attempt.ts';
import { checkpoint } from './commands.ts';
import { updateCounters } from './counters.ts';
import { cleanup } from './ending.ts';
import { endDowntime } from './precopy-completion.ts';
import { iterateModules, saveDevices } from './sections.ts';

export function* backgroundSnapshot(attempt: Attempt): Steps {
  const { core } = attempt;
  attempt.isUnlimited = true;
  yield* stopAndSaveDevices(attempt);
  yield* saveMemory(attempt);
  if (core.version.band === '7.2') stopTracking(attempt);
  attempt.swapState('active', attempt.stream.error === undefined ? 'completed' : 'failed');
  core.tracer.mark('migration_thread_after_loop');
  if (core.version.band !== '7.2') stopTracking(attempt);
  core.tracer.mark('qemu_file_fclose');
  yield* core.lockBql('finish');
  attempt.mainLoop.post(() => cleanup(attempt), 15_000);
  core.unlockBql();
}

function* stopAndSaveDevices(attempt: Attempt): Steps {
  const { core, vm, mainLoop } = attempt;
  yield* core.lockBql('backgroundStop');
  attempt.downtimeStartNs = core.nowNs;
  checkpoint(attempt, 'src-downtime-start');
  const before = vm.runstate;
  yield* vm.stop('paused');
  checkpoint(attempt, 'src-vm-stopped');
  if (core.version.band !== '7.2') core.tracer.event('migration_completion_vm_stop', { ret: 0 });
  yield* saveDevices(attempt, before);
  track(attempt, 'ram_write_tracking_ramblock_start');
  mainLoop.post(() => restart(attempt, before === 'running'));
  core.unlockBql();
}

/** The main thread starts the guest again. */
function* restart(attempt: Attempt, ran: boolean): Steps {
  if (ran) yield* attempt.vm.start();
  endDowntime(attempt);
}

function* saveMemory(attempt: Attempt): Steps {
  const { core, ram, stream } = attempt;
  yield* core.sleep(600_000);
  while (ram.dirtyPages > 0 && stream.error === undefined && !attempt.isCancelled) {
    yield* iterateModules(attempt);
    if (core.scheduler.nowMs - attempt.windowStartMs >= WINDOW_MS) updateCounters(attempt);
  }
}

function stopTracking(attempt: Attempt): void {
  track(attempt, 'ram_write_tracking_ramblock_stop');
}

function track(
  { core, ram }: Attempt,
  event: 'ram_write_tracking_ramblock_start' | 'ram_write_tracking_ramblock_stop',
) {
  const [main] = ram.blocks;
  if (main === undefined) return;
  core.spend(100_000);
  const addr = '0x7f64b3e00000';
  core.tracer.event(event, { block_id: main.name, page_size: 4096, addr, length: main.pages * 4096 });
}
