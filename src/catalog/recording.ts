/** What to switch on for a recording: the content of the file for -trace events=FILE. */
import type { EventName } from './catalog.ts';
import { profileOf } from './profiles.ts';
import type { Band } from './vocabulary.ts';

interface EventSet {
  readonly purpose: string;
  readonly events: readonly EventName[];
}

const REPLAY: EventSet = {
  purpose: 'the replay rests on these',
  events: [
    'qemu_savevm_query_pending',
    'migration_bitmap_sync_start',
    'migration_bitmap_sync_end',
    'migrate_set_state',
    'runstate_set',
  ],
};

const ATTEMPTS: EventSet = {
  purpose: 'where an attempt begins and how it ends',
  events: [
    'qmp_enter_migrate',
    'qmp_enter_migrate_start_postcopy',
    'qmp_enter_migrate_continue',
    'qmp_enter_migrate_cancel',
    'qmp_enter_migrate_recover',
    'qmp_enter_snapshot_save',
    'savevm_state_header',
    'savevm_state_setup',
    'savevm_state_cleanup',
    'migrate_error',
    'migration_cancel',
    'migration_call_notifiers',
  ],
};

const SWITCHOVER: EventSet = {
  purpose: 'the threshold, the switchover and the downtime',
  events: [
    'migrate_transferred',
    'migration_thread_low_pending',
    'migration_completion_vm_stop',
    'migration_precopy_complete',
    'postcopy_start',
    'ram_postcopy_send_discard_bitmap',
    'qemu_savevm_send_packaged',
    'ram_save_complete',
    'dirty_bitmap_state_pending',
    'vmstate_downtime_checkpoint',
    'colo_vm_state_change',
  ],
};

const OLDER_QUERIES: EventSet = {
  purpose: 'the queries of QEMU 8.0 to 11.0, and of those before 8.0',
  events: ['migrate_pending_exact', 'migrate_pending_estimate', 'migrate_pending'],
};

const MUTEXES: EventSet = {
  purpose: 'who holds the BQL: 1 to 2 MB/s; best with -d tid -D LOG.%d, a log per thread',
  events: ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'],
};

const BOTH_SIDES: EventSet = {
  purpose: "what ties the two sides' clocks: use the same file on source and destination",
  events: [
    'migration_socket_outgoing_connected',
    'savevm_send_ping',
    'savevm_command_send',
    'savevm_section_start',
    'source_return_path_thread_pong',
    'source_return_path_thread_shut',
    'loadvm_state_setup',
    'loadvm_process_command',
    'loadvm_process_command_ping',
    'qemu_loadvm_state_section_startfull',
    'qemu_loadvm_state_section_partend',
    'vmstate_downtime_load',
  ],
};

const DEVICES: EventSet = {
  purpose: 'the time of each device, VFIO, and the dirty log',
  events: [
    'vmstate_downtime_save',
    'migration_rate_limit_pre',
    'global_dirty_changed',
    'kvm_clear_dirty_log',
    'source_return_path_thread_switchover_acked',
    'vfio_state_pending',
    'vfio_state_pending_estimate',
    'vfio_state_pending_exact',
    'vfio_save_iterate',
    'vfio_vmstate_change',
    'vfio_migration_set_device_state',
  ],
};

/** Sets beyond the recommended one; printed in any case, but switched off unless they are asked for. */
export interface Further {
  readonly bql: boolean;
  readonly bothSides: boolean;
  readonly devices: boolean;
}

/** The recommended set; `band` undefined means every version's. */
function setsFor(band: Band | undefined): readonly EventSet[] {
  if (band === undefined) return [REPLAY, ATTEMPTS, SWITCHOVER, OLDER_QUERIES];
  const events = REPLAY.events.filter((event) => event !== 'qemu_savevm_query_pending');
  return [{ ...REPLAY, events: [...profileOf(band).queryEvents, ...events] }, ATTEMPTS, SWITCHOVER];
}

/** What the file for every version switches on, without the mutexes. */
export function recordedEvents(): readonly EventName[] {
  return setsFor(undefined).flatMap(({ events }) => events);
}

/** The least that a replay needs, of every version. */
export function replayEvents(): readonly EventName[] {
  return [...REPLAY.events, ...OLDER_QUERIES.events];
}

/** Names that QEMU does not know only make it warn: the set for every version works with any. */
export function eventsFile(band: Band | undefined, { bql, bothSides, devices }: Further): string {
  const head = '# qemu-system-ARCH -msg timestamp=on -D LOG -trace events=THIS-FILE ...';
  const sets = setsFor(band).map((set) => printSet(set, true));
  const further = [printSet(BOTH_SIDES, bothSides), printSet(DEVICES, devices), printSet(MUTEXES, bql)];
  return `${[head, ...sets, ...further].join('\n')}\n`;
}

function printSet({ purpose, events }: EventSet, on: boolean): string {
  return [`# ${purpose}`, ...events.map((event) => `${on ? '' : '#'}${event}`)].join('\n');
}
