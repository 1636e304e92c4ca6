import type { Op } from '../code/paths.ts';
import { defineCheck, entries, isComplete, remarkAt, when } from '../model/check.ts';
import { breachOf, somePath, turned } from '../model/compare.ts';
import { lineOf, madeAt } from '../model/guilt.ts';
import type { SeriesModel } from '../model/model.ts';
import { CALLBACK, CORE_QUERY, isFinal, SWITCHOVER, toldFinal } from '../model/names.ts';
import { calls, finalIn, isPrepare, leadsToSwitchover, most, runsAfterFinal } from '../model/orders.ts';
import type { Remark } from '../series.ts';

export const finalRepeated = defineCheck({
  id: 'final-repeated',
  what: 'One switchover makes more than one final query, or queries of the iteration call themselves final.',
  why: 'Each one syncs all of guest memory while the guest is stopped, and only the last counts.',
  limits: 'A loop around the query is taken once.',
  run: (model) => [...twice(model), ...onTheWay(model), ...beyondTheHunk(model), ...always(model)],
});

const MESSAGE =
  'The switchover makes a second final query here: one more sync of all memory in the downtime, and the first one is not the last word.';

function twice(model: SeriesModel): readonly Remark[] {
  const final = finalIn(model);
  return entries(model, () => true).flatMap((change) => {
    const pre = most(change.before('switchover')?.paths, final);
    const breach = breachOf(change.before('switchover'), change.after('switchover'), ({ ops }) =>
      ops.filter(final).length <= Math.max(pre, 1) ? 'yes' : 'no',
    );
    const calls = breach?.path.ops.filter(final) ?? [];
    const added = calls.findLast((op) => lineOf(op)?.changed === true) ?? calls.at(-1);
    if (breach === undefined || added === undefined) return [];
    const sure = breach.conditions.length === 0;
    return remarkAt(model, madeAt(change, added), {
      rule: 'final-repeated',
      severity: sure ? 'error' : 'warning',
      confidence: sure ? 'certain' : 'likely',
      message: sure ? MESSAGE : `The switchover makes a second final query here${when(breach.conditions)}.`,
      reason: `One path of ${change.name}() makes ${calls.length} of them.`,
    });
  });
}

/** The base makes it in migration_switchover_start(), which these go through. */
function onTheWay(model: SeriesModel): readonly Remark[] {
  if (model.base !== 'with-final' || model.changes.some(({ name }) => name === SWITCHOVER)) return [];
  return entries(model, leadsToSwitchover).flatMap((change) => {
    const pre = most(change.before('switchover')?.paths, isFinal);
    const path = change.after('switchover')?.paths.find(({ ops }) => ops.filter(isFinal).length > pre);
    const added = path?.ops.find((op) => isFinal(op) && lineOf(op)?.changed === true);
    // Seen together with the call of it: counted above.
    if (added === undefined || path?.ops.some((op) => op.kind === 'call' && op.name === SWITCHOVER)) return [];
    return remarkAt(model, lineOf(added), {
      rule: 'final-repeated',
      severity: 'error',
      confidence: 'likely',
      message: `${MESSAGE} ${SWITCHOVER}() makes one already.`,
      reason: `${change.name}() goes through ${SWITCHOVER}(), which the series leaves alone.`,
    });
  });
}

/** What stands behind the final query in migration_switchover_start() of 11.1. */
const BEHIND_FINAL = /^(?:migration_block_inactivate|bdrv_inactivate_all|precopy_notify_complete)$/;

/** Added where the function has made it by then, above what the hunk shows. */
function beyondTheHunk(model: SeriesModel): readonly Remark[] {
  if (model.base === 'without-final') return [];
  return entries(model, (change) => change.name === SWITCHOVER || runsAfterFinal(change)).flatMap((change) => {
    if (somePath(change.before('switchover'), ({ ops }) => ops.some(isFinal))) return [];
    const isAdded = (op: Op): boolean => isFinal(op) && lineOf(op)?.changed === true;
    const path = change
      .after('switchover')
      ?.paths.find(({ ops }) => ops.some(isAdded) && (isHidden(ops) || runsAfterFinal(change)));
    const added = path?.ops.find(isAdded);
    if (path === undefined || added === undefined || takenAway(model)) return [];
    const isLate =
      runsAfterFinal(change) || path.ops.slice(0, path.ops.indexOf(added)).some((op) => calls(op, BEHIND_FINAL));
    const sure = isLate && isComplete(model);
    return remarkAt(model, lineOf(added), {
      rule: 'final-repeated',
      severity: sure ? 'error' : 'warning',
      confidence: sure ? 'likely' : 'possible',
      message: sure
        ? `${MESSAGE} ${SWITCHOVER}() has made one by then.`
        : `If ${SWITCHOVER}() of your base makes a final query already, this is a second one in the same switchover.`,
      reason: `In QEMU 11.1 ${SWITCHOVER}() makes it between migration_switchover_prepare() and the inactivation of the disks; no hunk shows that part.`,
    });
  });
}

/** Between the preparation and the query lies code that is not shown. */
function isHidden(ops: readonly Op[]): boolean {
  const before = ops.slice(0, Math.max(ops.findIndex(isFinal), 0));
  return before.slice(before.findLastIndex(isPrepare) + 1).some(({ kind }) => kind === 'unseen');
}

/** The series moves it. */
const takenAway = ({ changes }: SeriesModel): boolean =>
  changes.some(({ before }) =>
    somePath(before('switchover'), ({ ops }) => ops.some((op) => isFinal(op) && lineOf(op)?.changed === true)),
  );

/** Every query is final to the handlers. */
function always(model: SeriesModel): readonly Remark[] {
  const isTold = (op: Op): boolean => op.kind === 'call' && (op.name === CALLBACK || op.name === CORE_QUERY);
  return entries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    const call = turned(change.before('exact'), change.after('exact'), isTold, (op) => toldFinal(op) === true);
    if (call === undefined || /query_pending_final/.test(change.name)) return [];
    return remarkAt(model, madeAt(change, call), {
      rule: 'final-repeated',
      severity: 'error',
      confidence: 'certain',
      message:
        'The handlers are called with final=true in queries of the iteration too. They rely on the BQL, which is not held there.',
      reason: `On the path final=0 of ${change.name}() the argument for final is true.`,
    });
  });
}
