/** The steps of a switchover, as the functions that make them call them. */
import type { Op, Path, Paths } from '../code/paths.ts';
import { truthOf } from '../code/values.ts';
import type { FunctionChange, SeriesModel } from './model.ts';
import { CALLBACK, INACTIVATE, isFinal, PREPARE, queryOf, SAVE, STOP, SWITCHOVER } from './names.ts';

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

/** An exact one of the iteration. */
export const isExact = (op: Op): boolean => isIteration(op) && queryOf(op)?.exact === true;

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

/** The switchover fails on this path, before anything is sent. */
export function givesUp({ ops, returns }: Path): boolean {
  const last = ops.at(-1);
  if (!returns || last?.kind !== 'return' || last.value === undefined) return false;
  if (ops.some((op) => isSave(op) || calls(op, INACTIVATE))) return false;
  const is = truthOf(last.value);
  return last.value.kind === 'bool'
    ? is === false
    : is === undefined || (last.value.kind === 'sum' && last.value.constant < 0);
}

/** The paths on which it does not. */
export const goingOn = (paths: Paths | undefined): Paths | undefined =>
  paths === undefined ? undefined : { ...paths, paths: paths.paths.filter((path) => !givesUp(path)) };

/** Those on which a module is asked, where there are any: the others are of a query of no modules. */
export function asking(paths: Paths | undefined): Paths | undefined {
  const asked = (paths?.paths ?? []).filter(({ ops }) => ops.some((op) => calls(op, CALLBACK)));
  return paths === undefined || asked.length === 0 ? paths : { ...paths, paths: asked };
}
