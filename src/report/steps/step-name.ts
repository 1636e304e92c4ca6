/**
 * What an event is as a step of the protocol, by one name in all versions of
 * QEMU. Only what the migration thread does counts: lines of other threads
 * (pongs, notifiers) come where they come, and would differ between any two runs.
 */
import type { EventName, KnownEvent } from '../../catalog/catalog.ts';

const COMMANDS: ReadonlySet<EventName> = new Set([
  'qmp_enter_migrate_start_postcopy',
  'qmp_enter_migrate_continue',
  'qmp_enter_migrate_cancel',
  'qmp_enter_migrate_pause',
  'qmp_enter_migrate_recover',
]);

const CHECKPOINTS: Readonly<Record<string, string>> = {
  'src-downtime-start': 'downtime begins',
  'src-vm-stopped': 'guest has stopped',
  'src-iterable-saved': 'iterable devices saved',
  'src-non-iterable-saved': 'other devices saved',
  'src-downtime-end': 'downtime ends',
};

const NAMES: Readonly<Partial<Record<EventName, string>>> = {
  migration_thread_low_pending: 'decision',
  postcopy_start: 'decision',
  migration_precopy_complete: 'precopy complete',
  savevm_send_switchover_start: 'switchover start sent',
  ram_postcopy_send_discard_bitmap: 'discard bitmap sent',
  qemu_savevm_send_packaged: 'package sent',
  migrate_error: 'error',
  migrate_fd_error: 'error',
};

/** A command of the user's: when it comes is chance. */
export function isCommand({ name }: KnownEvent): boolean {
  return COMMANDS.has(name);
}

/** undefined for what is no step. */
export function stepName(event: KnownEvent): string | undefined {
  switch (event.name) {
    case 'runstate_set':
      return runstateStep(event.args.current_state_str, event.args.new_state_str);
    case 'vmstate_downtime_checkpoint':
      return CHECKPOINTS[event.args.checkpoint];
    case 'migration_block_activation':
      return event.args.active === 'inactive' ? 'block devices inactive' : 'block devices active';
    case 'ram_save_complete':
      return event.args.done === 0 ? 'RAM saving begins' : 'RAM saving ends';
    case 'savevm_section_start':
      return event.args.id === 'ram' ? 'RAM saving begins' : undefined;
    case 'savevm_section_end':
      return event.args.id === 'ram' ? 'RAM saving ends' : undefined;
    default:
      return isCommand(event) ? commandName(event.name) : NAMES[event.name];
  }
}

function runstateStep(from: string, to: string): string | undefined {
  if (to === 'finish-migrate') return 'guest stops';
  if (to === 'colo') return 'guest stops for a checkpoint';
  return to === 'running' && from !== 'running' ? 'guest runs' : undefined;
}

function commandName(event: string): string {
  return `command ${event.replace('qmp_enter_', '').replaceAll('_', '-')}`;
}
