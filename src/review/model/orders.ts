/** The steps of a switchover, as the functions that make them call them. */
import type { Op, Path } from '../code/paths.ts';
import type { FunctionChange, SeriesModel } from './model.ts';
import { isFinal, PREPARE, queryOf, SAVE, STOP, SWITCHOVER } from './names.ts';

export const calls = (op: Op, name: string | RegExp): boolean =>
  op.kind === 'call' && (typeof name === 'string' ? op.name === name : name.test(op.name));

export const isStop = (op: Op): boolean => calls(op, STOP);
export const isSave = (op: Op): boolean => calls(op, SAVE);
export const isPrepare = (op: Op): boolean => calls(op, PREPARE);
export const isSwitchover = (op: Op): boolean => calls(op, SWITCHOVER);

/** The first op behind the first `from`, where there is one. */
export function behind(path: Path, from: (op: Op) => boolean, wanted: (op: Op) => boolean): Op | undefined {
  const at = path.ops.findIndex(from);
  return at < 0 ? undefined : path.ops.slice(at + 1).find(wanted);
}

/**
 * The final query, also the one that migration_switchover_start() makes where
 * the base has it and the series does not show that function.
 */
export function finalIn(model: SeriesModel): (op: Op) => boolean {
  const implied = model.base !== 'without-final' && !model.changes.some(({ name }) => name === SWITCHOVER);
  return (op) => isFinal(op) || (implied && isSwitchover(op));
}

/** A query of the iteration. */
export const isIteration = (op: Op): boolean => queryOf(op)?.final === false;

/** Runs between the final query and the end of the switchover. */
const AFTER_FINAL =
  /^(?:ram_save_complete|ram_postcopy_send_discard_bitmap|qemu_savevm_state_complete_\w+|dirty_bitmap_save_complete|cmma_save_complete|vfio_save_complete\w*|precopy_notify_complete)$/;
export const runsAfterFinal = ({ name }: FunctionChange): boolean => AFTER_FINAL.test(name);

/** Runs while the VM does. */
const WHILE_RUNNING =
  /^(?:migration_iteration_run|migration_iteration_go_next|migration_thread|migration_can_switchover)$/;
export const runsBeforeStop = ({ name }: FunctionChange): boolean => WHILE_RUNNING.test(name);

/** Goes through migration_switchover_start(). */
const ON_THE_WAY = /^(?:migration_completion_precopy|migration_completion|postcopy_start)$/;
export const leadsToSwitchover = ({ name }: FunctionChange): boolean => ON_THE_WAY.test(name);

/** How often the op stands on a path, at most. */
export const most = (paths: readonly Path[] | undefined, wanted: (op: Op) => boolean): number =>
  Math.max(0, ...(paths ?? []).map(({ ops }) => ops.filter(wanted).length));
