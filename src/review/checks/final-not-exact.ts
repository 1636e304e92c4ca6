import type { Op } from '../code/paths.ts';
import { truthOf } from '../code/values.ts';
import { defineCheck, finalEntries, remarkAt } from '../model/check.ts';
import { breachOf } from '../model/compare.ts';
import { madeAt } from '../model/guilt.ts';
import { CALLBACK, isExactName, isMigration, queryOf } from '../model/names.ts';
import { asking } from '../model/orders.ts';

export const finalNotExact = defineCheck({
  id: 'final-not-exact',
  what: 'The final query is made with exact=false.',
  why: 'RAM does not sync for an estimate: what the guest wrote since the last sync is not sent.',
  limits: 'An argument that is no constant and no flag of the query is not judged.',
  run: (model) =>
    finalEntries(model, ({ inQuery, path }) => inQuery || isMigration(path)).flatMap((change) => {
      // A caller of the query is looked at from outside of it.
      for (const id of change.inQuery ? (['switchover', 'final'] as const) : (['switchover'] as const)) {
        const pre = model.bringsFinal && !change.knewFinal ? undefined : change.before(id);
        const isGuilty = (op: Op): boolean => isEstimate(op) && (op.kind !== 'assign' || id === 'final');
        const breach = breachOf(pre, asking(change.after(id)), ({ ops }) => (ops.some(isGuilty) ? 'no' : 'yes'));
        const query = breach?.path.ops.find(isGuilty);
        if (breach === undefined || query === undefined || breach.conditions.length > 0) continue;
        return remarkAt(model, madeAt(change, query), {
          rule: 'final-not-exact',
          severity: 'error',
          confidence: 'certain',
          message:
            'The final query is made with exact=false here. RAM answers it from its counter and does not sync, so that the last dirty pages are not sent.',
          reason: `The argument for exact is false on the path final=1 of ${change.name}().`,
        });
      }
      return [];
    }),
});

function isEstimate(op: Op): boolean {
  if (op.kind === 'assign') return isExactName(op.target) && truthOf(op.value) === false;
  const query = queryOf(op);
  if (query !== undefined) return query.final === true && query.exact === false;
  if (op.kind !== 'call' || op.name !== CALLBACK) return false;
  const [, , exact, final] = op.args;
  return exact !== undefined && final !== undefined && truthOf(exact) === false && truthOf(final) === true;
}
