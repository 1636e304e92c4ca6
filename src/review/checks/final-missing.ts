import type { Op, Path } from '../code/paths.ts';
import { defineCheck, entries, finalEntries, isEnd, remarkAt, when } from '../model/check.ts';
import { breachOf, type Holds, somePath } from '../model/compare.ts';
import { deletedAt, lineOf, lostAt, madeAt } from '../model/guilt.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { isFinal, isSync, queryOf, SWITCHOVER } from '../model/names.ts';
import { behind, finalIn, givesUp, goingOn, isSave } from '../model/orders.ts';
import { isPostcopy, syncs } from '../model/syncs.ts';
import type { Remark } from '../series.ts';

export const finalMissing = defineCheck({
  id: 'final-missing',
  what: 'A switchover is left without a final query, or makes it only when its result can no more be sent.',
  why: 'Nothing then collects what became dirty between the last exact query and the stop of the VM: the guest loses memory.',
  limits: 'A final query that moved to a function whose callers the series does not show is taken to be reached.',
  run: (model) => [
    ...lost(model),
    ...sometimes(model),
    ...late(model),
    ...hidden(model),
    ...checkpoints(model),
    ...notTold(model),
    ...neverMade(model),
  ],
});

/** The series adds a final query in another function. */
function addedElsewhere({ changes }: SeriesModel, than: FunctionChange): boolean {
  const isAdded = (op: Op): boolean => isFinal(op) && lineOf(op)?.changed === true;
  return changes.some(
    ({ name, after }) => name !== than.name && somePath(after('switchover'), ({ ops }) => ops.some(isAdded)),
  );
}

function lost(model: SeriesModel): readonly Remark[] {
  return entries(model, ({ inQuery }) => !inQuery).flatMap((change) => {
    const isKnown = change.name === SWITCHOVER && model.base !== 'without-final';
    const makes = (path: Path): Holds => {
      if (path.ops.some(isFinal) || givesUp(path)) return 'yes';
      return isKnown && path.ops.some((op) => op.kind === 'unseen' && !op.leading) ? 'maybe' : 'no';
    };
    const breach = breachOf(change.before('switchover'), change.after('switchover'), makes);
    if (breach === undefined || change.old === undefined || isPostcopy(breach)) return [];
    if (addedElsewhere(model, change)) return [];
    const gone = breach.seen && !somePath(change.after('switchover'), ({ ops }) => ops.some(isFinal));
    const conditions = gone ? [] : breach.conditions;
    const sure = conditions.length === 0;
    return remarkAt(model, gone ? deletedAt(change, isFinal) : lostAt(change, breach.path, isFinal), {
      rule: 'final-missing',
      severity: sure ? 'error' : 'warning',
      confidence: sure && breach.seen ? 'certain' : 'likely',
      message: `The switchover makes no final query any more${when(conditions)}: what became dirty since the last exact query is neither synced nor sent.`,
      reason: breach.seen
        ? `${change.name}() made it before, and the series adds it nowhere else.`
        : `In QEMU 11.1 ${change.name}() makes it further down.`,
    });
  });
}

/** The series brings it, and makes it under a condition only. */
function sometimes(model: SeriesModel): readonly Remark[] {
  if (!model.bringsFinal) return [];
  const makes = ({ ops }: Path): Holds => (ops.some(isFinal) ? 'yes' : 'no');
  return entries(model, ({ name }) => name === SWITCHOVER).flatMap((change) => {
    const post = change.after('switchover');
    const knew = somePath(change.before('switchover'), ({ ops }) => ops.some(isFinal));
    if (knew || !somePath(post, ({ ops }) => ops.some(isFinal))) return [];
    const breach = breachOf(undefined, goingOn(post), makes);
    if (breach === undefined || isPostcopy(breach)) return [];
    return remarkAt(model, lostAt(change, breach.path, isFinal), {
      rule: 'final-missing',
      severity: 'warning',
      confidence: breach.conditions.some((text) => /colo/i.test(text)) ? 'possible' : 'likely',
      message: `The switchover makes no final query${when(breach.conditions)}: what became dirty since the last exact query is then neither synced nor sent.`,
      reason: `${change.name}() goes on without it on such a path.`,
    });
  });
}

/** RAM is sent before the query that syncs it. */
function late(model: SeriesModel): readonly Remark[] {
  const final = finalIn(model);
  return entries(model, ({ inQuery }) => !inQuery).flatMap((change) => {
    const breach = breachOf(change.before('switchover'), change.after('switchover'), (path) =>
      behind(path, isSave, final) === undefined ? 'yes' : 'no',
    );
    const query = breach === undefined ? undefined : behind(breach.path, isSave, final);
    if (breach === undefined || query === undefined || breach.conditions.length > 0) return [];
    const own = lineOf(query);
    return remarkAt(model, own?.changed === true ? own : (change.changed[0] ?? own), {
      rule: 'final-missing',
      severity: 'error',
      confidence: 'likely',
      message:
        'When RAM and the devices are saved, no final query has been made yet; what it finds afterwards is not sent.',
      reason: `In ${change.name}() the query stands behind the saving.`,
    });
  });
}

/** The line of the final query is not printed. */
function hidden(model: SeriesModel): readonly Remark[] {
  const prints = (op: Op): boolean => op.kind === 'call' && /^trace_qemu_savevm_query_pending$/.test(op.name);
  return finalEntries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    const exact = change.after('exact');
    const breach = breachOf(change.before('final'), change.after('final'), ({ ops }) =>
      ops.some(prints) ? 'yes' : 'no',
    );
    if (breach === undefined || !breach.seen || !somePath(exact, ({ ops }) => ops.some(prints))) return [];
    return remarkAt(model, lostAt(change, breach.path, prints), {
      rule: 'final-missing',
      severity: 'warning',
      confidence: 'certain',
      message: 'The final query prints no trace line any more, so that no trace can show that it was made.',
      reason: `On the path final=1 of ${change.name}() the trace call is not reached.`,
    });
  });
}

/** COLO's checkpoints do not pass through migration_switchover_start(). */
function checkpoints(model: SeriesModel): readonly Remark[] {
  if (!model.bringsFinal) return [];
  const inColo = model.changes.some(
    ({ path, after }) =>
      /(?:^|\/)colo\.c$/.test(path) &&
      somePath(after('switchover'), ({ ops }) => ops.some((op) => isFinal(op) || isSync(op))),
  );
  const moved = model.changes.find(
    (change) =>
      change.name === 'ram_save_complete' &&
      breachOf(change.before('switchover'), change.after('switchover'), syncs) !== undefined,
  );
  if (inColo || moved === undefined) return [];
  return remarkAt(model, deletedAt(moved, isSync), {
    rule: 'final-missing',
    severity: 'warning',
    confidence: 'likely',
    message:
      'With the sync out of completion only the final query does it. A COLO checkpoint stops the VM and saves RAM without migration_switchover_start(): does it still sync anywhere?',
    reason: 'The series adds no final query in colo.c; QEMU 10.2 has no sync of its own there.',
  });
}

const isWrapper = ({ name }: FunctionChange): boolean => /query_pending_final$/.test(name);

/** The function that makes the final query does not say that it is one. */
function notTold(model: SeriesModel): readonly Remark[] {
  return model.changes.filter(isWrapper).flatMap((change) => {
    const makes = ({ ops }: Path): Holds => {
      if (ops.some(isFinal)) return 'yes';
      return ops.some((op) => op.kind === 'unseen') ? 'maybe' : 'no';
    };
    const breach = breachOf(change.before('switchover'), change.after('switchover'), makes);
    if (breach === undefined || breach.conditions.length > 0) return [];
    const query = breach.path.ops.find((op) => queryOf(op) !== undefined);
    // A query whose argument is a name that is not understood.
    if (query !== undefined && queryOf(query)?.final !== false) return [];
    return remarkAt(model, query === undefined ? deletedAt(change, isFinal) : madeAt(change, query), {
      rule: 'final-missing',
      severity: 'error',
      confidence: 'certain',
      message: `${
        query === undefined
          ? 'The modules are not asked here any more'
          : 'The final query is made with final=false here'
      }: it is none. Handlers that are not told take the BQL, which is held, and abort; the last sync is not marked.`,
      reason: `${change.name}() has to hand on final=true.`,
    });
  });
}

/** The series brings the final query, and no switchover makes it. */
function neverMade(model: SeriesModel): readonly Remark[] {
  if (!model.bringsFinal || !isEnd(model)) return [];
  const made = model.changes.some(
    (change) =>
      !isWrapper(change) &&
      !/(?:^|\/)colo\.c$/.test(change.path) &&
      somePath(change.after('switchover'), ({ ops }) => ops.some(isFinal)),
  );
  const wrapper = model.changes.findLast(isWrapper);
  const isOpen = somePath(wrapper?.after('switchover'), ({ ops }) => ops.some(isFinal));
  if (made || wrapper?.new === undefined || !isOpen) return [];
  const shown = model.changes.some(({ name }) => name === SWITCHOVER);
  return remarkAt(model, wrapper.new.text.header ?? wrapper.changed[0], {
    rule: 'final-missing',
    severity: 'error',
    confidence: shown ? 'certain' : 'likely',
    message: `The series brings ${wrapper.name}() and calls it in no switchover, precopy or postcopy: what became dirty since the last exact query is not collected.`,
    reason: shown
      ? `${SWITCHOVER}() is in the series, and does not call it.`
      : `QEMU 11.1 calls it in ${SWITCHOVER}(); no hunk of the series calls it outside of COLO.`,
  });
}
