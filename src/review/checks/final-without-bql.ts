import type { Op, Path } from '../code/paths.ts';
import { defineCheck, entries, finalEntries, remarkAt, when } from '../model/check.ts';
import { type Breach, breachOf, somePath } from '../model/compare.ts';
import { deletedAt, lineOf, lostAt } from '../model/guilt.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { isFinal, SWITCHOVER } from '../model/names.ts';
import { asking, finalIn, isStop, leadsToSwitchover } from '../model/orders.ts';
import type { Remark } from '../series.ts';

export const finalWithoutBql = defineCheck({
  id: 'final-without-bql',
  what: 'The final query is made without the BQL, or gives it up inside.',
  why: 'Without the lock other threads may change device state and memory while the last dirty state is collected: pages are lost on the destination.',
  limits: 'Who calls a function, and with what lock, is known for the functions of the switchover only.',
  run: (model) => [...aroundIt(model), ...betweenStopAndQuery(model), ...inSwitchover(model), ...inside(model)],
});

/** The final query, or the function that makes it. */
const makesFinal = (op: Op): boolean => isFinal(op) || (op.kind === 'call' && op.name === SWITCHOVER);
const isUnlocked = (op: Op): boolean => op.kind === 'call' && op.bql === 'free';

function aroundIt(model: SeriesModel): readonly Remark[] {
  return entries(model, () => true).flatMap((change) => {
    // The VM is stopped under the same lock.
    const isBare = (op: Op): boolean => isUnlocked(op) && (makesFinal(op) || (leadsToSwitchover(change) && isStop(op)));
    const post = change.after('switchover');
    const breach = breachOf(change.before('switchover'), post, ({ ops }) => (ops.some(isBare) ? 'no' : 'yes'));
    if (breach !== undefined && change.old !== undefined) return bare(model, change, breach, isBare);
    if (
      change.old === undefined &&
      breach?.conditions.length === 0 &&
      breach.path.ops.some(({ kind }) => kind === 'unlock')
    )
      return bare(model, change, breach, isBare);
    return doubtful(model, change);
  });
}

function bare(
  model: SeriesModel,
  change: FunctionChange,
  { path, conditions }: Breach,
  isBare: (op: Op) => boolean,
): readonly Remark[] {
  const { ops } = path;
  const at = ops.findIndex(isBare);
  const before = ops.slice(0, at).findLast((op) => op.kind === 'unlock');
  const release = lineOf(before)?.changed === true ? lineOf(before) : undefined;
  const line = release ?? deletedAt(change, (op) => op.kind === 'lock') ?? lineOf(ops[at]);
  const sure = conditions.length === 0;
  return remarkAt(model, line?.changed === true ? line : (lineOf(ops[at]) ?? change.changed[0]), {
    rule: 'final-without-bql',
    severity: sure ? 'error' : 'warning',
    confidence: sure ? 'certain' : 'possible',
    message: `With this the final query runs without the BQL${when(conditions)}. It has to be held from before the VM is stopped until the devices are saved: in between the main loop may change device state and guest memory that the query has passed already.`,
    reason: `In ${change.name}() the lock is not held when the final query is made.`,
  });
}

/** The lock was taken before it, and is not any more: who called it did not hold it, unless the series changes that. */
function doubtful(model: SeriesModel, change: FunctionChange): readonly Remark[] {
  const isDoubtful = (op: Op): boolean =>
    op.kind === 'call' && op.bql !== 'held' && (makesFinal(op) || (leadsToSwitchover(change) && isStop(op)));
  const breach = breachOf(change.before('switchover'), change.after('switchover'), ({ ops }) =>
    ops.some(isDoubtful) ? 'no' : 'yes',
  );
  const lock = deletedAt(change, (op) => op.kind === 'lock');
  if (breach === undefined || change.old === undefined || lock === undefined) return [];
  const moved = locksElsewhere(model, change);
  return remarkAt(model, lock, {
    rule: 'final-without-bql',
    severity: moved ? 'warning' : 'error',
    confidence: moved ? 'possible' : 'likely',
    message: 'The BQL is not taken here any more before the final query. Does every caller hold it?',
    reason: moved
      ? `${change.name}() took it itself before; the series takes it in another function.`
      : `${change.name}() took it itself before, so that its callers do not hold it, and the series takes it nowhere else.`,
  });
}

function locksElsewhere({ changes }: SeriesModel, than: FunctionChange): boolean {
  const isAdded = (op: Op): boolean => op.kind === 'lock' && op.line.changed;
  return changes.some(
    ({ name, after }) => name !== than.name && somePath(after('switchover'), ({ ops }) => ops.some(isAdded)),
  );
}

/** Given up behind the stop and taken again before the query, which then finds what another thread has left. */
function betweenStopAndQuery(model: SeriesModel): readonly Remark[] {
  const final = finalIn(model);
  return entries(model, ({ inQuery }) => !inQuery).flatMap((change) => {
    const released = ({ ops }: Path): Op | undefined => {
      const before = ops.slice(0, Math.max(ops.findIndex(final), 0));
      const at = before.findLastIndex((op) => op.kind === 'unlock' && op.line.changed);
      const gap = before.slice(at + 1);
      if (at < 0 || !gap.some(({ kind }) => kind === 'lock')) return undefined;
      // The stop that no hunk shows stands above, where it does not stand in between.
      const isPast = leadsToSwitchover(change) && !gap.some((op) => isStop(op) || op.kind === 'unseen');
      const isStopped = change.name === SWITCHOVER || before.slice(0, at).some(isStop) || isPast;
      return isStopped ? before[at] : undefined;
    };
    const breach = breachOf(change.before('switchover'), change.after('switchover'), (path) =>
      released(path) === undefined ? 'yes' : 'no',
    );
    if (breach === undefined) return [];
    return remarkAt(model, lineOf(released(breach.path)), {
      rule: 'final-without-bql',
      severity: 'warning',
      confidence: 'likely',
      message: `The BQL is given up here between the stop of the VM and the final query${when(breach.conditions)}. It has to be held from before the VM is stopped: whoever gets it meanwhile may start the VM again, or change the devices.`,
      reason: `${change.name}() takes it again before the query.`,
    });
  });
}

/** Given up somewhere in migration_switchover_start(), whose query is not shown. */
function inSwitchover(model: SeriesModel): readonly Remark[] {
  const isAdded = (op: Op): boolean => op.kind === 'unlock' && op.line.changed;
  return entries(model, ({ name }) => name === SWITCHOVER).flatMap((change) => {
    const path = change.after('switchover')?.paths.find(({ ops }) => ops.some(isAdded));
    if (path === undefined || path.ops.some(isFinal) || model.base === 'without-final') return [];
    const behind = path.ops.slice(path.ops.findIndex(isAdded) + 1);
    const retaken = behind.findIndex(({ kind }) => kind === 'lock');
    const covers = behind.slice(0, retaken < 0 ? undefined : retaken).some(({ kind }) => kind === 'unseen');
    return remarkAt(model, lineOf(path.ops.find(isAdded)), {
      rule: 'final-without-bql',
      severity: 'warning',
      confidence: covers ? 'likely' : 'possible',
      message:
        'The BQL is given up here within the switchover. It has to be held from before the VM is stopped until the devices are saved, and during the final query above all.',
      reason: `${SWITCHOVER}() makes the final query in QEMU 11.1; the hunks do not show whether it stands in between.`,
    });
  });
}

/** In the query itself, and in the handlers that it calls. */
function inside(model: SeriesModel): readonly Remark[] {
  const releases = (op: Op): boolean => op.kind === 'unlock' && op.before === 'held';
  return finalEntries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    const pre = model.bringsFinal && !change.knewFinal ? undefined : change.before('final');
    const gives = (ops: readonly Op[]): boolean => {
      const at = ops.findIndex(releases);
      // A lock that the handler took itself is another fault.
      return at >= 0 && !ops.slice(0, at).some(({ kind }) => kind === 'lock');
    };
    const breach = breachOf(pre, asking(change.after('final')), ({ ops }) => (gives(ops) ? 'no' : 'yes'));
    const release = breach?.path.ops.find(releases);
    if (breach === undefined || release === undefined) return [];
    const sure = breach.conditions.length === 0;
    const own = lineOf(release);
    return remarkAt(model, own?.changed === true ? own : lostAt(change, breach.path, releases), {
      rule: 'final-without-bql',
      severity: sure ? 'error' : 'warning',
      confidence: sure ? 'certain' : 'possible',
      message: `This gives up the BQL inside the final query${when(breach.conditions)}, which the caller holds until the devices are saved.`,
      reason: `On the path final=1 of ${change.name}() the lock is released, and was not taken there.`,
    });
  });
}
