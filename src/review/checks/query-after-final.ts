import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf, somePath } from '../model/compare.ts';
import { lineOf, madeAt } from '../model/guilt.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { SWITCHOVER } from '../model/names.ts';
import { behind, finalIn, isIteration, leadsToSwitchover, runsAfterFinal } from '../model/orders.ts';
import type { Remark } from '../series.ts';

export const queryAfterFinal = defineCheck({
  id: 'query-after-final',
  what: 'A query of the iteration is made between the final query and the end of the switchover.',
  why: 'The final query is the last word on the dirty state: a later one changes the figures that it left, without what final stands for.',
  limits: 'The order is read off the calls in one function and those that it enters.',
  run: (model) => [...behindFinal(model), ...inCompletion(model)],
});

const MESSAGE =
  'A query of the iteration behind the final one: it overwrites what the final query has collected, takes the BQL that is held, and its figures come too late for anybody.';

function behindFinal(model: SeriesModel): readonly Remark[] {
  const final = finalIn(model);
  return entries(model, () => true).flatMap((change) => {
    const breach = breachOf(change.before('switchover'), change.after('switchover'), (path) =>
      behind(path, final, isIteration) === undefined ? 'yes' : 'no',
    );
    const query = breach === undefined ? undefined : behind(breach.path, final, isIteration);
    if (breach === undefined || query === undefined) return [];
    const sure = breach.conditions.length === 0;
    return remarkAt(model, madeAt(change, query), {
      rule: 'query-after-final',
      severity: sure ? 'error' : 'warning',
      confidence: sure ? 'certain' : 'likely',
      message: sure
        ? MESSAGE
        : `A query of the iteration behind the final one${when(breach.conditions)}: it overwrites what the final query has collected.`,
      reason: `The order of the calls in ${change.name}().`,
    });
  });
}

/** In what runs behind the final query anyway. */
function inCompletion(model: SeriesModel): readonly Remark[] {
  if (model.base === 'without-final' && !model.bringsFinal) return [];
  const fits = (change: FunctionChange): boolean =>
    runsAfterFinal(change) || change.name === SWITCHOVER || leadsToSwitchover(change);
  return entries(model, fits).flatMap((change) => {
    const final = finalIn(model);
    if (somePath(change.after('switchover'), ({ ops }) => ops.some(final))) return [];
    const breach = breachOf(change.before('switchover'), change.after('switchover'), ({ ops }) =>
      ops.some(isIteration) ? 'no' : 'yes',
    );
    const query = breach?.path.ops.find(isIteration);
    if (query === undefined || lineOf(query)?.changed !== true) return [];
    return remarkAt(model, lineOf(query), {
      rule: 'query-after-final',
      severity: leadsToSwitchover(change) ? 'warning' : 'error',
      confidence: 'likely',
      message: MESSAGE,
      reason: `${change.name}() is part of the switchover, with the BQL held, and makes or follows the final query of QEMU 11.1.`,
    });
  });
}
