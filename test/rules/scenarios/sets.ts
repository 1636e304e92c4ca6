/** What may be switched on for a recording, and what else may be done to a log that changes nothing. */
import type { Qemu } from './qemu.ts';
import { eventOf, keep, type Line, type Script, type Stamped } from './script.ts';

const QUERIES = ['qemu_savevm_query_pending', 'migrate_pending_exact', 'migrate_pending_estimate', 'migrate_pending'];
const MINIMUM = [
  ...QUERIES,
  'migration_bitmap_sync_start',
  'migration_bitmap_sync_end',
  'migrate_set_state',
  'runstate_set',
];
const SWITCHOVER = [
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
];
const ATTEMPTS = [
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
];
const MUTEXES = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'];
const PROBES = [
  'qemu_savevm_query_pending_bql',
  'ram_state_pending_sync',
  'migration_bitmap_sync_stage',
  'mig_dirty_bytes_total_update',
];

const oneOf =
  (...lists: readonly (readonly string[])[]) =>
  (script: Script): Script =>
    keep(script, (event) => lists.some((list) => list.includes(event)));

/** By the names of the emulator's sets. */
export const SETS: Readonly<Record<string, (script: Script) => Script>> = {
  queries: oneOf(QUERIES),
  minimum: oneOf(MINIMUM),
  core: oneOf(MINIMUM, SWITCHOVER),
  recommended: oneOf(MINIMUM, SWITCHOVER, ATTEMPTS),
  'recommended with the mutexes': oneOf(MINIMUM, SWITCHOVER, ATTEMPTS, MUTEXES),
  'recommended with taken and released': oneOf(MINIMUM, SWITCHOVER, ATTEMPTS, MUTEXES.slice(1)),
  'recommended with the probes': oneOf(MINIMUM, SWITCHOVER, ATTEMPTS, PROBES),
  'minimum with the mutexes': oneOf(MINIMUM, MUTEXES),
  all: (script) => script,
  'all but the mutexes': (script) => keep(script, (event) => !MUTEXES.includes(event)),
};

/** Section 1 of the traces: 11.1 has no fraction where it is zero. A line of a sync, and one of a query, fall on a full second. */
export function onFullSeconds(lines: readonly Stamped[], event: string): readonly Stamped[] {
  let shift = 0;
  return lines.map((line) => {
    const atUs = line.atUs + shift;
    if (eventOf(line) !== event) return { ...line, atUs };
    const full = Math.ceil(atUs / 1e6) * 1e6;
    shift += full - atUs;
    return { ...line, atUs: full };
  });
}

/** Section 8 of the traces: up to 10.0 a line is stamped before the log is locked, and time goes back by up to 0.9 ms. */
export function jittered(lines: readonly Stamped[]): readonly Stamped[] {
  return lines.map((line, index) => (index % 7 === 3 ? { ...line, atUs: Math.max(1, line.atUs - 900) } : line));
}

/** The probe events, where the query has them; they need QEMU's new query. */
export function withProbes(qemu: Qemu, script: Script): Script {
  if (qemu.queries !== 'final' && qemu.queries !== 'final-and-acks') return script;
  const out: Line[] = [];
  let stored = 0;
  for (const [index, line] of script.entries()) {
    const event = eventOf(line);
    if (event === 'migrate_set_state' && line.text.endsWith(' setup')) stored = 0;
    const ahead = queryAhead(script, index);
    const probe = (text: string): void => void out.push({ ...line, text, gapUs: 1 });
    if (ahead !== undefined) {
      const exact = ahead.text.includes('exact=1') ? 1 : 0;
      const final = ahead.text.includes('final=1') ? 1 : 0;
      probe(`qemu_savevm_query_pending_bql locked=${final}`);
      probe(`ram_state_pending_sync exact=${exact}, final=${final}, in_postcopy=0, sync=${exact}`);
    }
    if (event === 'qemu_savevm_query_pending') {
      const total = Number(/total=(\d+)/.exec(line.text)?.[1]);
      probe(`mig_dirty_bytes_total_update old=${stored}, new=${total}`);
      stored = total;
    }
    out.push(line);
    if (event === 'migration_bitmap_sync_start') {
      const final = script.slice(index, index + 4).some(({ text }) => text.includes('final=1')) ? 1 : 0;
      probe(`migration_bitmap_sync_stage last_stage=${final}, bql=1`);
    }
  }
  return out;
}

/** The query that begins at this line: before its lock, its sync or its line. */
function queryAhead(script: Script, index: number): Line | undefined {
  for (let at = index; at < script.length; at += 1) {
    const line = script[at];
    if (line === undefined) return undefined;
    if (eventOf(line) === 'qemu_savevm_query_pending') {
      const before = index > 0 ? script[index - 1] : undefined;
      return before !== undefined && belongs(before) ? undefined : line;
    }
    if (!belongs(line)) return undefined;
  }
  return undefined;
}

/** What stands between the beginning of a query and its line. */
function belongs(line: Line): boolean {
  const event = eventOf(line);
  if (
    /ram\.c/.test(line.text) ||
    /^(?:vfio_state_pending|dirty_bitmap_state_pending|migration_throttle|cpu_throttle_set|dirtylimit_|migration_dirty_limit)/.test(
      event,
    )
  )
    return true;
  return event.startsWith('migration_bitmap_sync_') && line.thread === 'migration';
}
