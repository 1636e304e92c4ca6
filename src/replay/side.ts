/** What an event tells of the side that printed it, and of where a migration begins. */
import type { EventName } from '../catalog/catalog.ts';
import type { Side } from '../catalog/vocabulary.ts';
import type { EventItem, TraceItem } from '../ingest/trace-item.ts';

const SOURCE_EVENTS: ReadonlySet<EventName> = new Set<EventName>([
  'qmp_enter_migrate',
  'qmp_enter_migrate_start_postcopy',
  'qmp_enter_migrate_continue',
  'qmp_enter_snapshot_save',
  'cpr_state_save',
  'migration_socket_outgoing_connected',
  'migration_socket_outgoing_error',
  'migration_set_outgoing_channel',
  'migration_exec_outgoing',
  'migration_file_outgoing',
  'migrate_transferred',
  'migration_thread_low_pending',
  'migration_thread_setup_complete',
  'migration_completion_vm_stop',
  'migration_precopy_complete',
  'migration_rate_limit_pre',
  'migration_rate_limit_post',
  'savevm_state_header',
  'savevm_state_setup',
  'savevm_state_iterate',
  'savevm_state_complete_precopy',
  'postcopy_start',
  'ram_postcopy_send_discard_bitmap',
  'ram_save_complete',
  'qemu_savevm_send_packaged',
]);

/** undefined for what both sides print, such as migrate_set_state. */
export function sideOf(item: TraceItem): Side | undefined {
  if (item.kind !== 'event') return undefined;
  if (item.group === 'query' || item.group === 'sync' || item.group === 'probe') return 'source';
  if (item.group === 'destination') return 'destination';
  const { event } = item;
  if (event.name === 'vmstate_downtime_checkpoint') {
    return event.args.checkpoint.startsWith('dst-') ? 'destination' : 'source';
  }
  if (event.name === 'runstate_set') return event.args.current_state_str === 'inmigrate' ? 'destination' : undefined;
  return SOURCE_EVENTS.has(event.name) ? 'source' : undefined;
}

export function isSetup({ event }: EventItem): boolean {
  return event.name === 'migrate_set_state' && event.args.new_state === 'setup';
}

/** Events that only a running migration of a source prints: without a `setup` before, the log began later. */
export function opensMigration(item: EventItem): boolean {
  if (item.group === 'query' || item.group === 'sync' || item.group === 'probe') return true;
  const { event } = item;
  switch (event.name) {
    case 'vmstate_downtime_checkpoint':
      return event.args.checkpoint.startsWith('src-');
    case 'savevm_state_header':
    case 'savevm_state_setup':
    case 'savevm_state_iterate':
    case 'migrate_transferred':
    case 'migration_thread_setup_complete':
    case 'migration_thread_low_pending':
    case 'postcopy_start':
    case 'ram_postcopy_send_discard_bitmap':
    case 'qemu_savevm_send_packaged':
    case 'ram_save_complete':
      return true;
    default:
      return false;
  }
}

/** What the loop of a migration prints, again and again or on its way to the switchover; nothing that its end prints. */
export function isOfLoop(item: EventItem): boolean {
  if (item.group === 'query' || item.group === 'sync') return true;
  const { name } = item.event;
  return name === 'savevm_state_iterate' || name === 'migrate_transferred' || name === 'migration_thread_low_pending';
}

/** Events that come once, at the beginning of a migration. */
export const HEADER_EVENTS: readonly EventName[] = ['savevm_state_header', 'savevm_state_setup'];

export function isBeginning({ event }: EventItem): boolean {
  return HEADER_EVENTS.includes(event.name);
}

/** What a destination prints when it has taken the guest over, or given up. */
export function endsIncoming({ event }: EventItem): boolean {
  if (event.name !== 'migrate_set_state') return false;
  return event.args.new_state === 'completed' || event.args.new_state === 'failed';
}
