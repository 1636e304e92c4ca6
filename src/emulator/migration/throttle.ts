/** A guest that dirties faster than the link sends: auto-converge takes it time away, dirty-limit slows its vCPUs' writes. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';

/** That many periods with too much dirtied (DIRTY_RATE_HIGH_CNT). */
const PERIODS = 2;
/** Since 10.0 the main thread syncs when nobody else did for so long. */
const TIMER_NS = 5e9;

export function watchDirtying(attempt: Attempt): void {
  const { capabilities } = attempt;
  if (!capabilities['auto-converge'] && !capabilities['dirty-limit']) return;
  let high = 0;
  attempt.ram.syncing.onPeriodEnd = (dirtiedBytes, sentBytes) => {
    if (dirtiedBytes <= (sentBytes * attempt.parameters['throttle-trigger-threshold']) / 100) return;
    high += 1;
    if (high < PERIODS) return;
    high = 0;
    if (capabilities['auto-converge']) throttle(attempt);
    else limitDirtyRate(attempt);
  };
  if (capabilities['auto-converge'] && attempt.core.version.band !== '7.2')
    armTimer(attempt, attempt.ram.syncing.count);
}

function throttle({ core, vm, parameters }: Attempt): void {
  const before = vm.throttlePercent;
  const step = before === 0 ? parameters['cpu-throttle-initial'] : parameters['cpu-throttle-increment'];
  const percent = Math.min(before + step, parameters['max-cpu-throttle']);
  core.tracer.mark('migration_throttle');
  if (core.version.band !== '7.2') core.tracer.event('cpu_throttle_set', { new_throttle_pct: percent });
  vm.throttle(percent);
}

/** migration_dirty_limit_guest(): once per value of the parameter. */
function limitDirtyRate(attempt: Attempt): void {
  const { core, vm, parameters } = attempt;
  const quota = parameters['vcpu-dirty-limit'];
  if (attempt.dirtyLimitQuota === quota) return;
  const isFirst = !vm.isDirtyLimited;
  for (let cpu_index = 0; cpu_index < vm.vcpus.count; cpu_index += 1) {
    core.tracer.event('dirtylimit_set_vcpu', { cpu_index, quota });
  }
  vm.limitDirtyRate(quota);
  attempt.dirtyLimitQuota = quota;
  core.tracer.event('migration_dirty_limit_guest', { dirtyrate: quota });
  if (isFirst) core.scheduler.spawn(core.newThread(), logDirtyRate(attempt));
}

/** The thread that measures the vCPUs has the dirty log switched on for itself too. */
function* logDirtyRate({ core, vm }: Attempt): Steps {
  yield* core.lockBql('dirtyLimit');
  core.tracer.event('global_dirty_changed', { bitmask: vm.dirtyLogUsers(true) });
  core.unlockBql();
}

function armTimer(attempt: Attempt, syncsBefore: number): void {
  attempt.mainLoop.post(() => tick(attempt, syncsBefore), TIMER_NS);
}

function* tick(attempt: Attempt, syncsBefore: number): Steps {
  const { core, ram, vm } = attempt;
  if (attempt.isOver || attempt.isPostcopyBegun || !vm.isRunning) return;
  if (ram.syncing.count > 1 && ram.syncing.count === syncsBefore) {
    core.tracer.mark('cpu_throttle_dirty_sync');
    yield* ram.sync(false);
  }
  armTimer(attempt, ram.syncing.count);
}
