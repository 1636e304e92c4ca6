import type { Path } from '../code/paths.ts';
import { defineCheck, finalEntries, mendedLater, remarkAt, when } from '../model/check.ts';
import { breachOf, type Holds, somePath } from '../model/compare.ts';
import { deletedAt, lostAt } from '../model/guilt.ts';
import { asksBelow, type FunctionChange, type SeriesModel } from '../model/model.ts';
import { CALLBACK, CORE_QUERY, isSync } from '../model/names.ts';
import { isKnownToSync, isPostcopy, servesRam, syncAddedElsewhere, syncs } from '../model/syncs.ts';
import type { Remark } from '../series.ts';

export const finalWithoutSync = defineCheck({
  id: 'final-without-sync',
  what: 'RAM no longer syncs its dirty bitmap in the final query, or the modules are not asked in it at all.',
  why: 'Pages that the guest wrote since the last iteration are never sent: its memory is wrong on the destination.',
  limits: 'A sync in a function that the series does not show is taken for granted where one was there before.',
  run: (model) => [...inHandlers(model), ...inCore(model), ...removed(model)],
});

function inHandlers(model: SeriesModel): readonly Remark[] {
  return finalEntries(model, servesRam).flatMap((change) => {
    const breach = breachOf(change.before('final'), change.after('final'), syncs);
    if (breach === undefined || isPostcopy(breach)) return [];
    if (!breach.seen && !isKnownToSync(change)) return [];
    if (mendedLater(model, change, (later) => !somePath(later.after('final'), (path) => syncs(path) === 'no')))
      return [];
    const moved = syncAddedElsewhere(model, change) !== undefined;
    // Precopy, which is what is left of the switchovers.
    const always = breach.conditions.every((text) => /postcopy/i.test(text));
    const sure = always && !moved;
    return remarkAt(model, lostAt(change, breach.path, isSync), {
      rule: 'final-without-sync',
      severity: sure ? 'error' : 'warning',
      confidence: sure ? (breach.seen ? 'certain' : 'likely') : 'possible',
      message: `The final query does not sync the dirty bitmap any more${when(breach.conditions)}. What the guest wrote since the last exact query is not sent.`,
      reason: moved
        ? `On the path final=1, exact=1 of ${change.name}() no sync is left; the series adds one in another function, which may stand for it.`
        : `On the path final=1, exact=1 of ${change.name}() no sync is left; it is right if something else syncs between the stop of the VM and the saving of RAM.`,
    });
  });
}

/** The loop over the modules is left out. */
function inCore(model: SeriesModel): readonly Remark[] {
  return finalEntries(model, ({ inQuery, isHandler }) => inQuery && !isHandler).flatMap((change) => {
    const asked = (op: { readonly kind: string; readonly name?: string }): boolean =>
      op.kind === 'call' && op.name === CALLBACK;
    const asks = ({ ops }: Path): Holds => {
      if (ops.some(asked)) return 'yes';
      return change.name === CORE_QUERY && ops.some((op) => op.kind === 'unseen' && !op.leading) ? 'maybe' : 'no';
    };
    const breach = breachOf(change.before('final'), change.after('final'), asks);
    const exact = breachOf(change.before('exact'), change.after('exact'), asks);
    if (breach === undefined || breach.conditions.length > 0 || exact !== undefined) return [];
    // What asks them may stand above what is shown.
    if (!breach.seen && !asksBelow(change)) return [];
    return remarkAt(model, lostAt(change, breach.path, asked), {
      rule: 'final-without-sync',
      severity: 'error',
      confidence: breach.seen ? 'certain' : 'likely',
      message: 'The final query does not ask any module: nothing syncs, and nothing is reported.',
      reason: `With final=1 no call of ->${CALLBACK}() is reached in ${change.name}().`,
    });
  });
}

/** The sync of completion goes, and nothing in the series makes it elsewhere. */
function removed(model: SeriesModel): readonly Remark[] {
  return model.changes
    .filter(({ name }) => name === 'ram_save_complete')
    .flatMap((change: FunctionChange) => {
      const breach = breachOf(change.before('switchover'), change.after('switchover'), syncs);
      const line = deletedAt(change, isSync);
      if (breach === undefined || !breach.seen || model.base === 'with-final') return [];
      if (model.bringsFinal && syncAddedElsewhere(model, change) !== undefined) return [];
      const sure = model.base === 'without-final';
      return remarkAt(model, line ?? lostAt(change, breach.path, isSync), {
        rule: 'final-without-sync',
        severity: sure ? 'error' : 'warning',
        confidence: sure ? 'likely' : 'possible',
        message: 'The last sync of precopy goes away, and the series shows nothing that syncs in its place.',
        reason: 'It is right if the final query of the base syncs already.',
      });
    });
}
