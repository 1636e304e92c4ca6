import type { Op } from '../code/paths.ts';
import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf, turned } from '../model/compare.ts';
import { madeAt } from '../model/guilt.ts';
import { type SeriesModel, takesExact } from '../model/model.ts';
import { isSync, toldExact } from '../model/names.ts';
import { isQuiet, servesRam } from '../model/syncs.ts';
import type { Remark } from '../series.ts';

export const estimateWithSync = defineCheck({
  id: 'estimate-with-sync',
  what: 'A query with exact=0 syncs the dirty bitmap.',
  why: 'Estimates come with every round of the loop; a sync of all memory in each slows the migration down.',
  limits: 'Sees only the syncs that stand in what the hunks show.',
  run: (model) => [...inHandlers(model), ...toldOtherwise(model)],
});

function inHandlers(model: SeriesModel): readonly Remark[] {
  return entries(model, servesRam).flatMap((change) => {
    const breach = breachOf(change.before('estimate'), change.after('estimate'), isQuiet(change));
    if (breach === undefined) return [];
    const sync = breach.path.ops.find(isSync);
    const sure = breach.conditions.length === 0;
    return remarkAt(model, sync === undefined ? change.changed[0] : madeAt(change, sync), {
      rule: 'estimate-with-sync',
      severity: sure ? 'error' : 'warning',
      confidence: sure ? 'certain' : 'possible',
      message: `This syncs for an estimate too${when(breach.conditions)}. Estimates are made in every round and are meant to be answered from the counter.`,
      reason: `The path exact=0, final=0 of ${change.name}() reaches the sync.`,
    });
  });
}

/** The core calls the modules, or is called, with exact=true. */
function toldOtherwise(model: SeriesModel): readonly Remark[] {
  const isTold = (op: Op): boolean => toldExact(op) !== undefined;
  const isToldSo = (op: Op): boolean => toldExact(op) === true;
  return entries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    if (change.old === undefined && !takesExact(change)) return [];
    const call = turned(change.before('estimate'), change.after('estimate'), isTold, isToldSo);
    if (call === undefined) return [];
    return remarkAt(model, madeAt(change, call), {
      rule: 'estimate-with-sync',
      severity: 'error',
      confidence: 'certain',
      message: 'An estimate is handed on as an exact query here: every module syncs for it, in every round.',
      reason: `On the path exact=0, final=0 of ${change.name}() the argument for exact is true.`,
    });
  });
}
