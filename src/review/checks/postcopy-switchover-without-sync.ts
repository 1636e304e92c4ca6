import { defineCheck, entries, finalEntries, mendedLater, remarkAt, when } from '../model/check.ts';
import { breachOf, somePath } from '../model/compare.ts';
import { deletedAt, lostAt } from '../model/guilt.ts';
import type { SeriesModel } from '../model/model.ts';
import { isFinal, isSync, SWITCHOVER } from '../model/names.ts';
import { goingOn } from '../model/orders.ts';
import {
  DISCARD,
  discardChange,
  isKnownToSync,
  isPostcopy,
  servesRam,
  syncAddedElsewhere,
  syncs,
} from '../model/syncs.ts';
import type { Remark } from '../series.ts';

export const postcopySwitchoverWithoutSync = defineCheck({
  id: 'postcopy-switchover-without-sync',
  what: 'A switchover to postcopy is left without a sync between the stop of the VM and the discard bitmap.',
  why: 'Pages dirtied since the last sync are missing in the discard bitmap: the destination keeps stale copies and never asks for them.',
  limits: `That ${DISCARD}() does not sync itself is taken from QEMU 11.1 where the series does not show it.`,
  run: (model) => [...inHandlers(model), ...inSwitchover(model), ...removed(model)],
});

/** The bitmap's own sync, as the series leaves it. */
function discardSyncs(model: SeriesModel): boolean {
  return somePath(discardChange(model)?.after('switchover'), ({ ops }) => ops.some(isSync));
}

function inHandlers(model: SeriesModel): readonly Remark[] {
  if (discardSyncs(model)) return [];
  return finalEntries(model, servesRam).flatMap((change) => {
    const breach = breachOf(change.before('final'), change.after('final'), syncs);
    if (breach === undefined || !isPostcopy(breach) || (!breach.seen && !isKnownToSync(change))) return [];
    if (mendedLater(model, change, (later) => !somePath(later.after('final'), (path) => syncs(path) === 'no')))
      return [];
    const moved = syncAddedElsewhere(model, change) !== undefined;
    return remarkAt(model, lostAt(change, breach.path, isSync), {
      rule: 'postcopy-switchover-without-sync',
      severity: moved || model.base === 'without-final' ? 'warning' : 'error',
      confidence: 'likely',
      message: `The final query skips the sync${when(breach.conditions)}, so that a switchover to postcopy makes its discard bitmap from stale data. Pages that the destination already has and the guest has changed since are not discarded, and not asked for again.`,
      reason: `On this path of ${change.name}() with final=1 no sync is left; it is right only if ${DISCARD}() still syncs by itself.`,
    });
  });
}

/** The final query is left out on the way to postcopy. */
function inSwitchover(model: SeriesModel): readonly Remark[] {
  if (discardSyncs(model)) return [];
  return entries(model, ({ inQuery }) => !inQuery).flatMap((change) => {
    const pre = change.before('switchover');
    // One that is new is held to the duty itself.
    const isNew = model.bringsFinal && change.name === SWITCHOVER && !somePath(pre, ({ ops }) => ops.some(isFinal));
    const post = isNew ? goingOn(change.after('switchover')) : change.after('switchover');
    const breach = breachOf(isNew ? undefined : pre, post, ({ ops }) => (ops.some(isFinal) ? 'yes' : 'no'));
    if (breach === undefined || !isPostcopy(breach)) return [];
    return remarkAt(model, lostAt(change, breach.path, isFinal), {
      rule: 'postcopy-switchover-without-sync',
      severity: 'error',
      confidence: 'likely',
      message: `There is no final query${when(breach.conditions)}, and so no sync before the discard bitmap of postcopy is made.`,
      reason: `It is right only if ${DISCARD}() still syncs by itself.`,
    });
  });
}

/** The bitmap's own sync goes, and no final query is seen to replace it. */
function removed(model: SeriesModel): readonly Remark[] {
  const change = discardChange(model);
  if (change === undefined || model.base === 'with-final') return [];
  const breach = breachOf(change.before('switchover'), change.after('switchover'), syncs);
  if (breach === undefined || !breach.seen) return [];
  if (model.bringsFinal && syncAddedElsewhere(model, change) !== undefined) return [];
  const sure = model.base === 'without-final';
  return remarkAt(model, deletedAt(change, isSync) ?? lostAt(change, breach.path, isSync), {
    rule: 'postcopy-switchover-without-sync',
    severity: sure ? 'error' : 'warning',
    confidence: sure ? 'likely' : 'possible',
    message: 'The sync before the discard bitmap goes away, and the series shows nothing that syncs in its place.',
    reason: 'It is right if the final query of the base syncs in a switchover to postcopy too.',
  });
}
