/** The mutex events of the BQL as 11.1.3 prints them, and a switchover with all hand-overs of pause_all_vcpus(). */
import { estimate, exact, final, RAM_SECTION, RUNNING_TO_FINISH, SAVING, SETUP, state, sync } from './runs.ts';

export const BQL = '0x56551ace07e0';

export const waits = (site: string, mutex = BQL): string => `qemu_mutex_lock waiting on mutex ${mutex} (${site})`;
export const takes = (site: string, mutex = BQL): string => `qemu_mutex_locked taken mutex ${mutex} (${site})`;
export const releases = (site: string, mutex = BQL): string => `qemu_mutex_unlock released mutex ${mutex} (${site})`;

/** bql_unlock(): the one place that tells which mutex is the BQL. */
export const UNLOCK = 'system/cpus.c:587';

/**
 * Lines 1-8 setup, 9-15 a round, 16 decision, 17-18 the lock, 19-37 the stop:
 * the vCPU at 22-24 and 31-32, back with the migration thread at 33.
 */
export const LOCKED_STOP: readonly string[] = [
  ...SETUP,
  estimate({ precopy: 4812800 }),
  waits('migration/ram.c:3450'),
  takes('migration/ram.c:3450'),
  ...sync(7516),
  releases(UNLOCK),
  exact({ precopy: 393216 }),
  'migration_thread_low_pending 393216',
  waits('migration/migration.c:2864'),
  takes('migration/migration.c:2864'),
  'vmstate_downtime_checkpoint src-downtime-start',
  RUNNING_TO_FINISH,
  releases('system/cpus.c:660'),
  waits('accel/kvm/kvm-all.c:3627'),
  takes('accel/kvm/kvm-all.c:3627'),
  releases('system/cpus.c:474'),
  takes('system/cpus.c:660'),
  releases(UNLOCK),
  waits('system/cpus.c:669'),
  takes('system/cpus.c:669'),
  'vm_state_notify running 0 reason 7 (finish-migrate)',
  releases('cpu-common.c:164'),
  takes('system/cpus.c:474'),
  releases('system/cpus.c:474'),
  takes('cpu-common.c:164'),
  'vm_stop_flush_all ret 0',
  'vmstate_downtime_checkpoint src-vm-stopped',
  'migration_completion_vm_stop ret 0',
  state('device'),
];

/** Line 38 on, when the lock is kept. */
export const LOCKED_FINAL: readonly string[] = [...sync(7516), final({ precopy: 393216 })];

/** What follows the final query: the lock given up at `src-non-iterable-saved`. */
export const LOCKED_END: readonly string[] = [
  ...SAVING,
  ...RAM_SECTION.slice(0, -1),
  releases(UNLOCK),
  waits('migration/migration.c:3209'),
  takes('migration/migration.c:3209'),
  'vmstate_downtime_checkpoint src-downtime-end',
  state('completed'),
  releases(UNLOCK),
];
