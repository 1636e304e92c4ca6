/**
 * What QEMU's functions are to the query protocol, by their names in 10.2 and
 * 11.1, and what a condition is worth in each kind of query.
 */
import type { Op } from '../code/paths.ts';
import { symbolOf, truthOf, type Value } from '../code/values.ts';

export const FINAL_QUERY = 'qemu_savevm_query_pending_final';
export const CORE_QUERY = 'qemu_savevm_query_pending';
export const CALLBACK = 'save_query_pending';
/** The pair that it replaced. */
export const OLD_CALLBACKS: readonly string[] = ['state_pending_exact', 'state_pending_estimate'];

const QUERY = /^qemu_savevm_(?:query_pending|state_pending)|^migration_iteration_go_next$/;
export const isQueryName = (name: string): boolean => QUERY.test(name);
export const SYNC = /^(?:migration_bitmap_sync(?:_precopy)?|memory_global_dirty_log_sync)$/;
export const STOP = /^(?:migration_stop_vm|vm_stop_force_state|vm_stop|do_vm_stop)$/;
export const PREPARE = 'migration_switchover_prepare';
export const SWITCHOVER = 'migration_switchover_start';
export const INACTIVATE = /^(?:migration_block_inactivate|bdrv_inactivate_all)$/;
/** Send what the final query has found. */
export const SAVE =
  /^(?:qemu_savevm_state_complete_precopy(?:_iterable|_non_iterable)?|qemu_savevm_state_complete_postcopy|ram_postcopy_send_discard_bitmap|qemu_save_device_state|qemu_savevm_live_state|colo_send_ram)$/;
/** Where a switchover is decided. */
export const DECIDE = /^(?:migration_completion|postcopy_start|trace_migration_thread_low_pending)$/;

/** Where it is asked for. */
export const ITERATION = /^migration_iteration_(?:run|go_next)$|^migration_rate_limit$/;

/** Who implements the callback, in 10.2 and 11.1. */
export interface Module {
  readonly path: string;
  readonly handler: RegExp;
  readonly name: string;
  /** What it reports decides what is sent; VFIO's sizes are only figures. */
  readonly dirtyState: boolean;
}

export const MODULES: readonly Module[] = [
  { path: 'migration/ram.c', handler: /^ram_state_pending/, name: 'RAM', dirtyState: true },
  {
    path: 'migration/block-dirty-bitmap.c',
    handler: /^dirty_bitmap_state_pending/,
    name: 'block-dirty-bitmap',
    dirtyState: true,
  },
  { path: 'hw/s390x/s390-stattrib.c', handler: /^cmma_state_pending/, name: 'CMMA', dirtyState: true },
  { path: 'hw/vfio/migration.c', handler: /^vfio_state_pending/, name: 'VFIO', dirtyState: false },
];

export const moduleOf = (path: string): Module | undefined =>
  MODULES.find((one) => path.endsWith(one.path) || one.path.endsWith(`/${path}`));

/** Code of the migration itself, or of one of its modules. */
export const isMigration = (path: string): boolean =>
  /(?:^|\/)migration(?:\/|\.[ch]$)/.test(path) || moduleOf(path) !== undefined;

export interface QueryCall {
  readonly exact: boolean | undefined;
  readonly final: boolean | undefined;
}

/** What kind of query a call makes; undefined for a call that makes none. */
export function queryOf(op: Op): QueryCall | undefined {
  if (op.kind !== 'call' || op.indirect || !QUERY.test(op.name)) return undefined;
  const named = kindByName(op.args);
  if (named !== undefined) return named;
  const arg = (index: number): boolean | undefined => {
    const value = op.args[index];
    return value === undefined ? undefined : truthOf(value);
  };
  switch (op.name) {
    case 'migration_iteration_go_next':
    case 'qemu_savevm_state_pending_exact':
      return { exact: true, final: false };
    case 'qemu_savevm_state_pending_estimate':
      return { exact: false, final: false };
    case 'qemu_savevm_query_pending_iter':
      return { exact: arg(1), final: false };
    case CORE_QUERY:
      return { exact: arg(1), final: op.args.length > 2 ? arg(2) : false };
    default:
      return op.name.includes('final') ? { exact: true, final: true } : { exact: undefined, final: undefined };
  }
}

/** A kind handed on as a constant of its own: MIG_PENDING_FINAL. */
function kindByName(args: readonly Value[]): QueryCall | undefined {
  for (const value of args) {
    const name = symbolOf(value) ?? '';
    if (!/^[A-Z][A-Z0-9_]+$/.test(name)) continue;
    if (/FINAL|LAST/.test(name)) return { exact: !/ESTIMATE/.test(name), final: true };
    if (/EXACT/.test(name)) return { exact: true, final: false };
    if (/ESTIMATE|FAST/.test(name)) return { exact: false, final: false };
  }
  return undefined;
}

export const isFinal = (op: Op): boolean => queryOf(op)?.final === true;

/** What the modules, or the core, are told of a query that is not final. */
export function toldExact(op: Op): boolean | undefined {
  if (op.kind !== 'call') return undefined;
  const at = op.name === CALLBACK ? 2 : op.name === CORE_QUERY ? 1 : -1;
  const value = op.args[at];
  return value === undefined ? undefined : truthOf(value);
}

/** The last argument of a call of the core, or of a module. */
export function toldFinal(op: Op): boolean | undefined {
  if (op.kind !== 'call') return undefined;
  const at = op.name === CALLBACK ? 3 : op.name === CORE_QUERY ? 2 : -1;
  const value = op.args[at];
  return value === undefined ? undefined : truthOf(value);
}

export interface SyncCall {
  /** The notifiers of precopy are called around it. */
  readonly notifies: boolean;
  readonly lastStage: boolean | undefined;
}

export function syncOf(op: Op): SyncCall | undefined {
  if (op.kind !== 'call' || !SYNC.test(op.name)) return undefined;
  const last = op.args.at(-1);
  return { notifies: op.name !== 'migration_bitmap_sync', lastStage: last === undefined ? undefined : truthOf(last) };
}

export const isSync = (op: Op): boolean => syncOf(op) !== undefined;

const PART = /(?:^|[._])(?:precopy_bytes|stopcopy_bytes|postcopy_bytes|must_precopy|can_postcopy)$/;

/** A figure that a module adds to. */
export const isShare = (op: Op): boolean => op.kind === 'assign' && PART.test(op.target);

/** A module adds its share. */
export const isReport = (op: Op): boolean =>
  op.kind === 'assign' && isShare(op) && !(op.adds && truthOf(op.value) === false);
export const isTotalStore = (target: string): boolean => /(?:^|\.)total_bytes$/.test(target);
export const isCounterStore = (target: string): boolean => /dirty_bytes_total$/.test(target);

/** Hands the struct on to code that is not seen. */
export function handsPendingOn(op: Op, pending: string): boolean {
  if (op.kind !== 'call' || op.name.startsWith('trace_')) return false;
  return op.args.some((value: Value) => symbolOf(value)?.split('.')[0] === pending);
}

// Conditions

const EXACT_NAME = /^(?:is_|want_|do_|need_)?(?:exact|accurate|precise)(?:_query)?$/;
const FINAL_NAME =
  /^(?:is_|in_|at_|for_|this_is_)?(?:final|last|last_stage|switchover|completing|stopped_query)(?:_query|_call|_pass|_round|_one)?$/;
const IN_POSTCOPY = /^(?:migration_)?(?:in_postcopy|postcopy_(?:started|running|active))(?:\(.*\))?$/;

export const isExactName = (name: string): boolean => EXACT_NAME.test(name);
export const isFinalName = (name: string): boolean => FINAL_NAME.test(name);
/** Says by itself that a query is meant: `last` alone may be the last of anything. */
export const isTellingName = (name: string): boolean =>
  EXACT_NAME.test(name) || (FINAL_NAME.test(name) && name !== 'last');

export interface Truths {
  readonly exact: boolean | undefined;
  readonly final: boolean | undefined;
  /** After the switchover to postcopy. */
  readonly inPostcopy: boolean | undefined;
}

/** What a condition is worth in a query of that kind. */
export function conditionIn(truths: Truths, text: string): boolean | undefined {
  const plain = text.replaceAll(/@\d+/g, '');
  const last = plain.slice(plain.lastIndexOf('.') + 1);
  if (IN_POSTCOPY.test(last) || IN_POSTCOPY.test(plain)) return truths.inPostcopy;
  if (/^[\w.]+$/.test(plain)) {
    if (EXACT_NAME.test(last)) return truths.exact;
    return FINAL_NAME.test(last) ? truths.final : undefined;
  }
  return comparisonIn(truths, plain);
}

function comparisonIn({ exact, final, inPostcopy }: Truths, text: string): boolean | undefined {
  const isTest = / (?:==|&) /.test(text);
  if (isTest && /MIGRATION_STATUS_POSTCOPY_/.test(text)) return inPostcopy === true ? undefined : inPostcopy;
  if (isTest && /\b[A-Z_]*(?:FINAL|LAST)[A-Z_]*\b/.test(text)) return final;
  if (isTest && /\b[A-Z_]*EXACT[A-Z_]*\b/.test(text))
    return text.includes('&') ? exact : final === true ? false : exact;
  if (isTest && /\b[A-Z_]*(?:ESTIMATE|FAST)[A-Z_]*\b/.test(text)) return exact === undefined ? undefined : !exact;
  if (final !== true) return undefined;
  // The guest is stopped there.
  if (/^runstate_is_running\(|^runstate_is_live\(/.test(text)) return false;
  return /^runstate_check\(RUN_STATE_FINISH_MIGRATE\)$/.test(text) ? true : undefined;
}
