import { defineCheck, entries, mendedLater, remarkAt, when } from '../model/check.ts';
import { breachOf, somePath } from '../model/compare.ts';
import { lostAt } from '../model/guilt.ts';
import { isSync } from '../model/names.ts';
import { isKnownToSync, servesRam, syncAddedElsewhere, syncs } from '../model/syncs.ts';

export const exactWithoutSync = defineCheck({
  id: 'exact-without-sync',
  what: 'RAM answers an exact query of precopy without syncing its dirty bitmap first.',
  why: 'The decision to switch over then rests on an old figure: the downtime is longer than the limit allows.',
  limits: 'A sync in a function that the series does not show is taken for granted where one was there before.',
  run: (model) =>
    entries(model, servesRam).flatMap((change) => {
      const breach = breachOf(change.before('exact'), change.after('exact'), syncs);
      if (breach === undefined || (!breach.seen && !isKnownToSync(change))) return [];
      if (mendedLater(model, change, (later) => !somePath(later.after('exact'), (path) => syncs(path) === 'no')))
        return [];
      const sure = breach.conditions.length === 0 && syncAddedElsewhere(model, change) === undefined;
      return remarkAt(model, lostAt(change, breach.path, isSync), {
        rule: 'exact-without-sync',
        severity: sure ? 'error' : 'warning',
        confidence: sure ? (breach.seen ? 'certain' : 'likely') : 'possible',
        message: `An exact query of the iteration is answered without a sync${when(breach.conditions)}: the figure is that of the sync before.`,
        reason: `On the path exact=1, final=0 of ${change.name}(), before postcopy, no sync is left.`,
      });
    }),
});
