import type { Op, Path } from '../code/paths.ts';
import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf, type Holds, somePath } from '../model/compare.ts';
import { deletedAt, lostAt } from '../model/guilt.ts';
import { isSync } from '../model/names.ts';
import { servesRam } from '../model/syncs.ts';

/** Where the lock was taken before in what is seen, what is not seen did not hold it. */
const isBare = (op: Op): boolean => isSync(op) && op.kind === 'call' && op.bql !== 'held';
const locks = ({ ops }: Path): Holds => (ops.some(isBare) ? 'no' : 'yes');

export const exactSyncWithoutBql = defineCheck({
  id: 'exact-sync-without-bql',
  what: 'The sync of an exact query in the iteration runs without the BQL.',
  why: 'The queries of the iteration come without the lock; the dirty log must not be read while memory regions change.',
  limits: 'Taken from the core where the series shows it, else from the rule that these queries come without the BQL.',
  run: (model) =>
    entries(model, servesRam).flatMap((change) => {
      const breach = breachOf(change.before('exact'), change.after('exact'), locks);
      if (breach === undefined || (change.old === undefined && breach.conditions.length > 0)) return [];
      // A sync that is new here says nothing of a lock that is not shown.
      if (change.old !== undefined && !somePath(change.before('exact'), ({ ops }) => ops.some(isSync))) return [];
      const isLock = ({ kind }: Op): boolean => kind === 'lock';
      const sure = breach.conditions.length === 0;
      return remarkAt(model, deletedAt(change, isLock) ?? lostAt(change, breach.path, isLock), {
        rule: 'exact-sync-without-bql',
        severity: sure ? 'error' : 'warning',
        confidence: 'likely',
        message: `In an exact query of the iteration nobody holds the BQL at the sync any more${when(breach.conditions)}; only the final query comes with it.`,
        reason: `On the path exact=1, final=0 of ${change.name}() the lock is not taken before the sync.`,
      });
    }),
});
