/** auto-converge: a guest that dirties faster than the link sends gets less of its time. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';

/** That many periods with too much dirtied (DIRTY_RATE_HIGH_CNT). */
const PERIODS = 2;
/** Since 10.0 the main thread syncs when nobody else did for so long. */
const TIMER_NS = 5e9;

export function watchDirtying(attempt: Attempt): void {
  if (!attempt.capabilities['auto-converge']) return;
  let high = 0;
  attempt.ram.onPeriodEnd = (dirtiedBytes, sentBytes) => {
    if (dirtiedBytes <= (sentBytes * attempt.parameters['throttle-trigger-threshold']) / 100) return;
    high += 1;
    if (high < PERIODS) return;
    high = 0;
    throttle(attempt);
  };
  if (attempt.core.version.band !== '7.2') armTimer(attempt, attempt.ram.syncs);
}

function throttle({ core, vm, parameters }: Attempt): void {
  const before = vm.throttlePercent;
  const step = before === 0 ? parameters['cpu-throttle-initial'] : parameters['cpu-throttle-increment'];
  const percent = Math.min(before + step, parameters['max-cpu-throttle']);
  core.tracer.mark('migration_throttle');
  if (core.version.band !== '7.2') core.tracer.event('cpu_throttle_set', { new_throttle_pct: percent });
  vm.throttle(percent);
}

function armTimer(attempt: Attempt, syncsBefore: number): void {
  attempt.mainLoop.post(() => tick(attempt, syncsBefore), TIMER_NS);
}

function* tick(attempt: Attempt, syncsBefore: number): Steps {
  const { core, ram, vm } = attempt;
  if (attempt.isOver || attempt.isPostcopyBegun || !vm.isRunning) return;
  if (ram.syncs > 1 && ram.syncs === syncsBefore) {
    core.tracer.mark('cpu_throttle_dirty_sync');
    yield* ram.sync(false);
  }
  armTimer(attempt, ram.syncs);
}
