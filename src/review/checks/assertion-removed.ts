import type { Op, Path } from '../code/paths.ts';
import { defineCheck, finalEntries, remarkAt } from '../model/check.ts';
import { breachOf, somePath } from '../model/compare.ts';
import { deletedAt, lineOf, lostAt } from '../model/guilt.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { isMigration } from '../model/names.ts';

const isLockAssertion = (op: Op): boolean =>
  op.kind === 'assert' && op.is !== false && /bql_locked|iothread_locked/.test(op.text);
const asserts = ({ ops }: Path) => (ops.some(isLockAssertion) ? 'yes' : 'no');

export const assertionRemoved = defineCheck({
  id: 'assertion-removed',
  what: 'An assertion that the BQL is held goes away.',
  why: 'It is what tells a caller without the lock at once; without it the race shows as lost pages, rarely and late.',
  limits: 'An assertion that moves to another function of the series counts as kept.',
  run: (model) =>
    finalEntries(model, ({ path, inQuery }) => inQuery || isMigration(path)).flatMap((change) => {
      for (const id of change.inQuery ? (['final'] as const) : (['switchover'] as const)) {
        const breach = breachOf(change.before(id), change.after(id), asserts);
        if (breach === undefined || change.old === undefined || addedElsewhere(model, change)) continue;
        return remarkAt(model, deletedAt(change, isLockAssertion) ?? lostAt(change, breach.path, isLockAssertion), {
          rule: 'assertion-removed',
          severity: 'warning',
          confidence: 'certain',
          message:
            'The assertion that the BQL is held goes away. It is what makes a caller without the lock fail at once; can it stay?',
          reason: `${change.name}() had it before, and the series adds it nowhere else.`,
        });
      }
      return [];
    }),
});

function addedElsewhere({ changes }: SeriesModel, than: FunctionChange): boolean {
  const isAdded = (op: Op): boolean => isLockAssertion(op) && lineOf(op)?.changed === true;
  const ids = ['final', 'switchover'] as const;
  return changes.some(
    ({ name, after }) => name !== than.name && ids.some((id) => somePath(after(id), ({ ops }) => ops.some(isAdded))),
  );
}
