import type { Op, Path } from '../code/paths.ts';
import { valueText } from '../code/values.ts';
import { defineCheck, entries, mendedLater, remarkAt, when } from '../model/check.ts';
import { breachOf, somePath, turned } from '../model/compare.ts';
import { lostAt, madeAt } from '../model/guilt.ts';
import { type SeriesModel, takesExact } from '../model/model.ts';
import { isReport, isShare, isSync, toldExact } from '../model/names.ts';
import { isKnownToSync, mayBeSync, servesRam, syncAddedElsewhere, syncs } from '../model/syncs.ts';
import type { Remark } from '../series.ts';

export const exactWithoutSync = defineCheck({
  id: 'exact-without-sync',
  what: 'RAM answers an exact query of precopy without syncing its dirty bitmap first.',
  why: 'The decision to switch over then rests on an old figure: the downtime is longer than the limit allows.',
  limits: 'A sync in a function that the series does not show is taken for granted where one was there before.',
  run: (model) => [...inHandlers(model), ...takenBefore(model), ...toldOtherwise(model)],
});

function inHandlers(model: SeriesModel): readonly Remark[] {
  return entries(model, servesRam).flatMap((change) => {
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
  });
}

/** The sync comes, but behind the figure. */
function takenBefore(model: SeriesModel): readonly Remark[] {
  return entries(model, servesRam).flatMap((change) => {
    const breach = breachOf(change.before('exact'), change.after('exact'), (path) =>
      staleFigure(path) === undefined ? 'yes' : 'no',
    );
    const taken = breach === undefined ? undefined : staleFigure(breach.path);
    if (breach === undefined || taken === undefined || breach.conditions.length > 0) return [];
    return remarkAt(model, madeAt(change, taken), {
      rule: 'exact-without-sync',
      severity: 'error',
      confidence: 'likely',
      message:
        'The figure that is reported is taken before the sync: an exact query answers with that of the sync before.',
      reason: `The order of the two on the path exact=1 of ${change.name}().`,
    });
  });
}

/** Where what is reported was read, if a sync comes behind it. */
function staleFigure({ ops }: Path): Op | undefined {
  const report = ops.findIndex(isReport);
  const share = ops[report];
  if (share?.kind !== 'assign') return undefined;
  const figure = valueText(share.value);
  const isTaken = (op: Op): boolean => op.kind === 'assign' && !isShare(op) && valueText(op.value) === figure;
  const taken = ops.slice(0, report).findLastIndex(isTaken);
  const from = taken < 0 ? report : taken;
  return ops.slice(from + 1).some(mayBeSync) ? ops[from] : undefined;
}

/** The core calls the modules, or is called, with exact=false. */
function toldOtherwise(model: SeriesModel): readonly Remark[] {
  const isTold = (op: Op): boolean => toldExact(op) !== undefined;
  const isToldSo = (op: Op): boolean => toldExact(op) === false;
  return entries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    if (change.old === undefined && !takesExact(change)) return [];
    const call = turned(change.before('exact'), change.after('exact'), isTold, isToldSo);
    if (call === undefined) return [];
    return remarkAt(model, madeAt(change, call), {
      rule: 'exact-without-sync',
      severity: 'error',
      confidence: 'certain',
      message: 'An exact query is handed on as an estimate here: no module syncs for it.',
      reason: `On the path exact=1, final=0 of ${change.name}() the argument for exact is false.`,
    });
  });
}
