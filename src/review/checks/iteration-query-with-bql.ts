import type { Op } from '../code/paths.ts';
import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf } from '../model/compare.ts';
import { lineOf } from '../model/guilt.ts';
import { isIteration, runsBeforeStop } from '../model/orders.ts';

const isHeld = (op: Op): boolean => op.kind === 'call' && op.bql === 'held' && isIteration(op);

export const iterationQueryWithBql = defineCheck({
  id: 'iteration-query-with-bql',
  what: 'A query of the iteration is made with the BQL held.',
  why: 'These queries come without the lock, and handlers take it: bql_lock() aborts where the caller holds it already.',
  limits: 'A lock that a caller takes which the series does not show is not seen.',
  run: (model) =>
    entries(model, runsBeforeStop).flatMap((change) => {
      const breach = breachOf(change.before('switchover'), change.after('switchover'), ({ ops }) =>
        ops.some(isHeld) ? 'no' : 'yes',
      );
      const query = breach?.path.ops.find(isHeld);
      if (breach === undefined || query === undefined) return [];
      const before = breach.path.ops.slice(0, breach.path.ops.indexOf(query));
      const lock = lineOf(before.findLast(({ kind }) => kind === 'lock'));
      const sure = breach.conditions.length === 0;
      return remarkAt(model, lock?.changed === true ? lock : lineOf(query), {
        rule: 'iteration-query-with-bql',
        severity: sure ? 'error' : 'warning',
        confidence: sure ? 'likely' : 'possible',
        message: `A query of the iteration is made with the BQL held here${when(breach.conditions)}. RAM and the dirty bitmaps take it themselves unless the query is the final one: bql_lock() aborts.`,
        reason: `${change.name}() holds the lock at the call; before the patch it did not.`,
      });
    }),
});
