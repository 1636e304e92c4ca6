import type { Op, Path } from '../code/paths.ts';
import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf, everyPath } from '../model/compare.ts';
import { deletedAt, lineOf, madeAt } from '../model/guilt.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { INACTIVATE, isFinal, SWITCHOVER } from '../model/names.ts';
import { behind, calls, finalIn, isPrepare, isStop, runsBeforeStop } from '../model/orders.ts';
import type { Remark } from '../series.ts';

export const finalBeforeStop = defineCheck({
  id: 'final-before-stop',
  what: 'The final query comes before the VM is stopped, or before the pause of pause-before-switchover.',
  why: 'What the guest writes behind the query is never synced again: its memory is wrong on the destination.',
  limits: 'The order is read off the calls in one function and those that it enters.',
  run: (model) => [
    ...beforeStop(model),
    ...whileRunning(model),
    ...notStopped(model),
    ...beforePrepare(model),
    ...behindInactivation(model),
  ],
});

function beforeStop(model: SeriesModel): readonly Remark[] {
  const final = finalIn(model);
  return outOfOrder(model, final, isStop).flatMap(([change, path, conditions]) =>
    remarkAt(model, placeOf(change, path, final, isStop), {
      rule: 'final-before-stop',
      severity: conditions.length === 0 ? 'error' : 'warning',
      confidence: conditions.length === 0 ? 'certain' : 'possible',
      message: `The final query is made while the VM still runs${when(conditions)}. What the guest writes until it is stopped is missed.`,
      reason: `In ${change.name}() the VM is stopped behind the query.`,
    }),
  );
}

function beforePrepare(model: SeriesModel): readonly Remark[] {
  return outOfOrder(model, isFinal, isPrepare).flatMap(([change, path]) =>
    remarkAt(model, placeOf(change, path, isFinal, isPrepare), {
      rule: 'final-before-stop',
      severity: 'warning',
      confidence: 'likely',
      message:
        'The final query comes before migration_switchover_prepare() here. With pause-before-switchover that one gives up the BQL and waits: what becomes dirty meanwhile, by a device or a block job, is missed.',
      reason: `The order of the two calls in ${change.name}().`,
    }),
  );
}

function behindInactivation(model: SeriesModel): readonly Remark[] {
  const inactivates = (op: Op): boolean => calls(op, INACTIVATE);
  return outOfOrder(model, inactivates, isFinal).flatMap(([change, path]) =>
    remarkAt(model, placeOf(change, path, isFinal, inactivates), {
      rule: 'final-before-stop',
      severity: 'info',
      confidence: 'likely',
      message:
        'The final query comes behind the inactivation of the disks here; in QEMU 11.1 it comes before. Is the order meant?',
      reason: `The order of the two calls in ${change.name}().`,
    }),
  );
}

type Disorder = readonly [FunctionChange, Path, readonly string[]];

/** Functions in which `late` now comes behind `early`, and did not before. */
function outOfOrder(model: SeriesModel, early: (op: Op) => boolean, late: (op: Op) => boolean): readonly Disorder[] {
  return entries(model, ({ inQuery }) => !inQuery).flatMap((change): readonly Disorder[] => {
    const breach = breachOf(change.before('switchover'), change.after('switchover'), (path) =>
      behind(path, early, late) === undefined ? 'yes' : 'no',
    );
    return breach === undefined ? [] : [[change, breach.path, breach.conditions]];
  });
}

function placeOf(change: FunctionChange, path: Path, a: (op: Op) => boolean, b: (op: Op) => boolean) {
  const found = [path.ops.find(a), path.ops.find(b)];
  const changed = found.find((op) => lineOf(op)?.changed === true);
  const [first] = found;
  return lineOf(changed) ?? (first === undefined ? change.changed[0] : madeAt(change, first));
}

/** In the loop, where the VM runs by definition. */
function whileRunning(model: SeriesModel): readonly Remark[] {
  return entries(model, runsBeforeStop).flatMap((change) => {
    const breach = breachOf(change.before('switchover'), change.after('switchover'), ({ ops }) =>
      ops.some(isFinal) ? 'no' : 'yes',
    );
    const query = breach?.path.ops.find(isFinal);
    if (query === undefined || lineOf(query)?.changed !== true) return [];
    return remarkAt(model, lineOf(query), {
      rule: 'final-before-stop',
      severity: 'error',
      confidence: 'certain',
      message: 'This makes the final query while the VM runs. What the guest writes until it is stopped is missed.',
      reason: `${change.name}() is part of the iteration; the VM is stopped in the completion only.`,
    });
  });
}

/** The stop itself goes. */
function notStopped(model: SeriesModel): readonly Remark[] {
  const follows = (op: Op): boolean => isFinal(op) || calls(op, SWITCHOVER);
  return entries(model, ({ inQuery }) => !inQuery).flatMap((change) => {
    const pre = change.before('switchover');
    const stopped = (path: Path) => (path.ops.some(isStop) || !path.ops.some(follows) ? 'yes' : 'no');
    const breach = breachOf(pre, change.after('switchover'), stopped);
    if (breach === undefined || pre === undefined || breach.conditions.length > 0) return [];
    if (everyPath(pre, (path) => !path.ops.some(isStop))) return [];
    const line = deletedAt(change, isStop);
    return line === undefined
      ? []
      : remarkAt(model, line, {
          rule: 'final-before-stop',
          severity: 'warning',
          confidence: 'likely',
          message: 'The VM is not stopped here any more before the final query is made. Who stops it?',
          reason: `${change.name}() did before; a caller may do it now.`,
        });
  });
}
