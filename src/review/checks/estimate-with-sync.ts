import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf } from '../model/compare.ts';
import { madeAt } from '../model/guilt.ts';
import { isSync } from '../model/names.ts';
import { isQuiet, servesRam } from '../model/syncs.ts';

export const estimateWithSync = defineCheck({
  id: 'estimate-with-sync',
  what: 'A query with exact=0 syncs the dirty bitmap.',
  why: 'Estimates come with every round of the loop; a sync of all memory in each slows the migration down.',
  limits: 'Sees only the syncs that stand in what the hunks show.',
  run: (model) =>
    entries(model, servesRam).flatMap((change) => {
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
    }),
});
