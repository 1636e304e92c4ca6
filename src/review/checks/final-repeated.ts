import type { Op } from '../code/paths.ts';
import { truthOf } from '../code/values.ts';
import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf } from '../model/compare.ts';
import { lineOf, madeAt } from '../model/guilt.ts';
import type { SeriesModel } from '../model/model.ts';
import { CALLBACK, isFinal, SWITCHOVER } from '../model/names.ts';
import { finalIn, leadsToSwitchover, most } from '../model/orders.ts';
import type { Remark } from '../series.ts';

export const finalRepeated = defineCheck({
  id: 'final-repeated',
  what: 'One switchover makes more than one final query, or queries of the iteration call themselves final.',
  why: 'Each one syncs all of guest memory while the guest is stopped, and only the last counts.',
  limits: 'A loop around the query is taken once.',
  run: (model) => [...twice(model), ...onTheWay(model), ...always(model)],
});

const MESSAGE =
  'The switchover makes a second final query here: one more sync of all memory in the downtime, and the first one is not the last word.';

function twice(model: SeriesModel): readonly Remark[] {
  const final = finalIn(model);
  return entries(model, () => true).flatMap((change) => {
    const pre = most(change.before('switchover')?.paths, final);
    const breach = breachOf(change.before('switchover'), change.after('switchover'), ({ ops }) =>
      ops.filter(final).length <= Math.max(pre, 1) ? 'yes' : 'no',
    );
    const calls = breach?.path.ops.filter(final) ?? [];
    const added = calls.findLast((op) => lineOf(op)?.changed === true) ?? calls.at(-1);
    if (breach === undefined || added === undefined) return [];
    const sure = breach.conditions.length === 0;
    return remarkAt(model, madeAt(change, added), {
      rule: 'final-repeated',
      severity: sure ? 'error' : 'warning',
      confidence: sure ? 'certain' : 'likely',
      message: sure ? MESSAGE : `The switchover makes a second final query here${when(breach.conditions)}.`,
      reason: `One path of ${change.name}() makes ${calls.length} of them.`,
    });
  });
}

/** The base makes it in migration_switchover_start(), which these go through. */
function onTheWay(model: SeriesModel): readonly Remark[] {
  if (model.base !== 'with-final' || model.changes.some(({ name }) => name === SWITCHOVER)) return [];
  return entries(model, leadsToSwitchover).flatMap((change) => {
    const pre = most(change.before('switchover')?.paths, isFinal);
    const path = change.after('switchover')?.paths.find(({ ops }) => ops.filter(isFinal).length > pre);
    const added = path?.ops.find((op) => isFinal(op) && lineOf(op)?.changed === true);
    // Seen together with the call of it: counted above.
    if (added === undefined || path?.ops.some((op) => op.kind === 'call' && op.name === SWITCHOVER)) return [];
    return remarkAt(model, lineOf(added), {
      rule: 'final-repeated',
      severity: 'error',
      confidence: 'likely',
      message: `${MESSAGE} ${SWITCHOVER}() makes one already.`,
      reason: `${change.name}() goes through ${SWITCHOVER}(), which the series leaves alone.`,
    });
  });
}

/** Every query is final to the handlers. */
function always(model: SeriesModel): readonly Remark[] {
  const isSaid = (op: Op): boolean => {
    const flag = op.kind === 'call' && op.name === CALLBACK ? op.args[3] : undefined;
    return flag !== undefined && truthOf(flag) === true;
  };
  return entries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    const breach = breachOf(change.before('exact'), change.after('exact'), ({ ops }) =>
      ops.some(isSaid) ? 'no' : 'yes',
    );
    const call = breach?.path.ops.find(isSaid);
    if (breach === undefined || call === undefined || breach.conditions.length > 0) return [];
    return remarkAt(model, madeAt(change, call), {
      rule: 'final-repeated',
      severity: 'error',
      confidence: 'certain',
      message:
        'The handlers are called with final=true in queries of the iteration too. They rely on the BQL, which is not held there.',
      reason: `On the path final=0 of ${change.name}() the last argument of ->${CALLBACK}() is true.`,
    });
  });
}
