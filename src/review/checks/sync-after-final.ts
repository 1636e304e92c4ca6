import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf, somePath } from '../model/compare.ts';
import { lineOf, madeAt } from '../model/guilt.ts';
import { finalSyncLine, leftBesideFinal, leftInCompletion } from '../model/left-beside.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { isFinal, isSync, SWITCHOVER } from '../model/names.ts';
import { behind, finalIn, most, runsAfterFinal } from '../model/orders.ts';
import { DISCARD } from '../model/syncs.ts';
import type { Remark } from '../series.ts';

export const syncAfterFinal = defineCheck({
  id: 'sync-after-final',
  what: 'The dirty bitmap is synced once more behind the final query.',
  why: 'Two syncs of all memory in the downtime; and what only the second one finds is in no figure, and in precopy not sent.',
  limits:
    'Whether the base has the final query is read off the text; where it is not to be told, it is taken to have it, and the remark is weaker.',
  run: (model) => [...behindFinal(model), ...inCompletion(model), ...leftBeside(model), ...leftInPrecopy(model)],
});

function behindFinal(model: SeriesModel): readonly Remark[] {
  const final = finalIn(model);
  return entries(model, ({ inQuery }) => !inQuery).flatMap((change) => {
    const breach = breachOf(change.before('switchover'), change.after('switchover'), (path) =>
      behind(path, final, isSync) === undefined ? 'yes' : 'no',
    );
    const sync = breach === undefined ? undefined : behind(breach.path, final, isSync);
    if (breach === undefined || sync === undefined) return [];
    const sure = breach.conditions.length === 0;
    return remarkAt(model, madeAt(change, sync), {
      rule: 'sync-after-final',
      severity: sure ? 'error' : 'warning',
      confidence: sure ? 'certain' : 'likely',
      message: `This syncs again behind the final query${when(breach.conditions)}, which has synced already: twice the time in the downtime.`,
      reason: `The order of the calls in ${change.name}().`,
    });
  });
}

function inCompletion(model: SeriesModel): readonly Remark[] {
  if (model.base === 'without-final' && !model.bringsFinal) return [];
  return entries(model, (change) => runsAfterFinal(change) || change.name === SWITCHOVER).flatMap((change) => {
    if (change.name === SWITCHOVER && somePath(change.after('switchover'), ({ ops }) => ops.some(isFinal))) return [];
    const pre = most(change.before('switchover')?.paths, isSync);
    const path = change.after('switchover')?.paths.find(({ ops }) => ops.filter(isSync).length > pre);
    const sync = path?.ops.findLast((op) => isSync(op) && lineOf(op)?.changed === true);
    if (sync === undefined) return [];
    const sure = (model.base !== 'unknown' && change.name !== SWITCHOVER) || pre > 0 || isShownWithout(change);
    return remarkAt(model, lineOf(sync), {
      rule: 'sync-after-final',
      severity: sure ? 'error' : 'warning',
      confidence: sure ? 'likely' : 'possible',
      message:
        'The final query of the switchover has synced by now; this does it once more while the guest is stopped.',
      reason: sure
        ? `${change.name}() runs behind the final query.`
        : `${change.name}() runs behind the final query of QEMU 11.1; a base without one needs this sync.`,
    });
  });
}

/** Where an older QEMU syncs is shown, and it does not: the base has the final query. */
const isShownWithout = ({ old }: FunctionChange): boolean =>
  old?.text.parts.some((part) =>
    part.some(({ text }) => /^(?:rdma_registration_start|RCU_READ_LOCK_GUARD)$/.test(text)),
  ) ?? false;

function leftBeside(model: SeriesModel): readonly Remark[] {
  const left = leftBesideFinal(model);
  if (left === undefined) return [];
  return remarkAt(model, finalSyncLine(model), {
    rule: 'sync-after-final',
    severity: left.seen ? 'warning' : 'info',
    confidence: left.seen ? 'certain' : 'likely',
    message: `With this in place the sync in ${DISCARD}() is the second one of a switchover to postcopy; one of the two can go.`,
    reason: left.seen ? 'The series shows both.' : `${DISCARD}() is as QEMU 10.2 has it; the series does not touch it.`,
  });
}

function leftInPrecopy(model: SeriesModel): readonly Remark[] {
  const left = leftInCompletion(model);
  if (left === undefined) return [];
  return remarkAt(model, finalSyncLine(model), {
    rule: 'sync-after-final',
    severity: 'warning',
    confidence: left.seen ? 'likely' : 'possible',
    message:
      'With this in place the sync in ram_save_complete() is the second one of a precopy switchover: one more sync of all memory in the downtime. Can that one go?',
    reason: left.seen
      ? 'The series shows both.'
      : 'ram_save_complete() of QEMU 10.2 and before syncs in precopy; the series does not show it.',
  });
}
