import type { Op, Path } from '../code/paths.ts';
import { defineCheck, entries, finalEntries, remarkAt, when } from '../model/check.ts';
import { breachOf, turned } from '../model/compare.ts';
import { lineOf, lostAt, madeAt } from '../model/guilt.ts';
import { finalSyncLine, leftBesideFinal } from '../model/left-beside.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { isSync, syncOf } from '../model/names.ts';
import { DISCARD, isPostcopy, servesRam } from '../model/syncs.ts';
import type { Remark } from '../series.ts';

export const lastSyncNotMarked = defineCheck({
  id: 'last-sync-not-marked',
  what: 'The last sync of a switchover runs with last_stage=false.',
  why: 'A target that keeps part of its dirty pages in a backup bitmap (Arm with the dirty ring) reads it at last_stage only: those pages are lost.',
  limits: 'An argument that is no constant and no flag of the query is not judged.',
  run: (model) => [...inQueries(model), ...inCompletion(model), ...leftBeside(model), ...markedTooEarly(model)],
});

const isUnmarked = (op: Op): boolean => syncOf(op)?.lastStage === false;
const marks = ({ ops }: Path) => (ops.some(isUnmarked) ? 'no' : 'yes');

function inQueries(model: SeriesModel): readonly Remark[] {
  return finalEntries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    const pre = model.bringsFinal && !change.knewFinal ? undefined : change.before('final');
    const breach = breachOf(pre, change.after('final'), marks);
    const sync = breach?.path.ops.find(isUnmarked);
    if (breach === undefined || sync === undefined) return [];
    // A checkpoint of COLO is not the last one.
    if (breach.conditions.some((text) => /colo/i.test(text))) return [];
    const sure = breach.conditions.length === 0;
    return remarkAt(
      model,
      model.bringsFinal ? (lineOf(sync) ?? lostAt(change, breach.path, isUnmarked)) : madeAt(change, sync),
      {
        rule: 'last-sync-not-marked',
        severity: sure || isPostcopy(breach) ? 'error' : 'warning',
        confidence: sure ? 'certain' : 'likely',
        message: `In the final query this is the last sync of the switchover, and it is called with last_stage=false${when(breach.conditions)}.`,
        reason: `On the path final=1 of ${change.name}() the argument is false.`,
      },
    );
  });
}

/** The syncs of completion and of the discard bitmap are last ones as well. */
function inCompletion(model: SeriesModel): readonly Remark[] {
  const isLast = ({ name }: FunctionChange): boolean => name === DISCARD || name === 'ram_save_complete';
  return model.changes.filter(isLast).flatMap((change) => {
    const pre = change.before('switchover');
    const breach = breachOf(pre, change.after('switchover'), marks);
    const sync = breach?.path.ops.find(isUnmarked);
    if (breach === undefined || sync === undefined || lineOf(sync)?.changed !== true) return [];
    return remarkAt(model, lineOf(sync), {
      rule: 'last-sync-not-marked',
      severity: 'error',
      confidence: 'certain',
      message: 'The VM is stopped here, this is the last sync, and it is called with last_stage=false.',
      reason: `${change.name}() runs between the stop of the VM and the end of the switchover.`,
    });
  });
}

function leftBeside(model: SeriesModel): readonly Remark[] {
  const left = leftBesideFinal(model);
  if (left === undefined || left.marked) return [];
  return remarkAt(model, finalSyncLine(model), {
    rule: 'last-sync-not-marked',
    severity: 'warning',
    confidence: left.seen ? 'certain' : 'likely',
    message: `A switchover to postcopy syncs once more behind this one, in ${DISCARD}(): migration_bitmap_sync(rs, false). There last_stage should be true as well, or the sync go away.`,
    reason: left.seen
      ? 'The series shows it there.'
      : `${DISCARD}() is as QEMU 10.2 has it; the series does not touch it.`,
  });
}

/** Marks the syncs of the iteration, too. */
function markedTooEarly(model: SeriesModel): readonly Remark[] {
  const isMarked = (op: Op): boolean => syncOf(op)?.lastStage === true;
  return entries(model, servesRam).flatMap((change) => {
    const sync = turned(change.before('exact'), change.after('exact'), isSync, isMarked);
    if (sync === undefined) return [];
    return remarkAt(model, madeAt(change, sync), {
      rule: 'last-sync-not-marked',
      severity: 'warning',
      confidence: 'certain',
      message:
        'An exact query of the iteration calls its sync with last_stage=true. The guest goes on running and dirtying memory: this is not the last one.',
      reason: `On the path exact=1, final=0 of ${change.name}() the argument is true.`,
    });
  });
}
