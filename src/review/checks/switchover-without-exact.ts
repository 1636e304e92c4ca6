import type { Op, Path } from '../code/paths.ts';
import { defineCheck, entries, remarkAt } from '../model/check.ts';
import { breachOf, somePath } from '../model/compare.ts';
import { deletedAt, lineOf } from '../model/guilt.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { DECIDE, ITERATION, queryOf } from '../model/names.ts';
import { calls, isExact } from '../model/orders.ts';
import { comparisonsIn, guardsOf } from '../model/thresholds.ts';
import type { Remark } from '../series.ts';

export const switchoverWithoutExact = defineCheck({
  id: 'switchover-without-exact',
  what: 'The decision for the switchover rests on an estimate.',
  why: 'An estimate leaves out what was dirtied since the last sync: the downtime may exceed its limit many times over.',
  limits: 'A bound that is not the threshold, a part or a multiple of it, is the author’s.',
  run: (model) => [...lost(model), ...guarded(model), ...stale(model), ...behindDecision(model), ...lowered(model)],
});

function lost(model: SeriesModel): readonly Remark[] {
  return entries(model, ({ name, inQuery }) => ITERATION.test(name) || !inQuery).flatMap((change) => {
    const asked = somePath(change.before('switchover'), ({ ops }) => ops.some(isExact));
    const asks = somePath(change.after('switchover'), ({ ops }) => ops.some(isExact));
    if (!asked || asks || change.after('switchover')?.truncated === true || addedElsewhere(model, change)) return [];
    const line = replacedBy(change) ?? deletedAt(change, isExact) ?? change.changed[0];
    return remarkAt(model, line, {
      rule: 'switchover-without-exact',
      severity: 'error',
      confidence: ITERATION.test(change.name) ? 'certain' : 'likely',
      message:
        'No exact query is made here any more: the switchover is decided on an estimate, which does not know what was dirtied since the last sync.',
      reason: `${change.name}() made one before, and the series adds it nowhere else.`,
    });
  });
}

/** The query that stands in its place. */
function replacedBy(change: FunctionChange) {
  for (const { ops } of change.after('switchover')?.paths ?? []) {
    const op = ops.find((one) => queryOf(one) !== undefined && lineOf(one)?.changed === true);
    if (op !== undefined) return lineOf(op);
  }
  return undefined;
}

function addedElsewhere({ changes }: SeriesModel, than: FunctionChange): boolean {
  const isAdded = (op: Op): boolean => isExact(op) && lineOf(op)?.changed === true;
  return changes.some(
    ({ name, inQuery, after }) =>
      name !== than.name && !inQuery && somePath(after('switchover'), ({ ops }) => ops.some(isAdded)),
  );
}

/** The decision no longer has an exact query before it on any path. */
function behindDecision(model: SeriesModel): readonly Remark[] {
  const decides = (op: Op): boolean => calls(op, DECIDE);
  const deciding = (paths: readonly Path[]): readonly Path[] => paths.filter(({ ops }) => ops.some(decides));
  const first = ({ ops }: Path) => (ops.slice(0, ops.findIndex(decides)).some(isExact) ? 'yes' : 'no');
  return entries(model, ({ name }) => ITERATION.test(name)).flatMap((change) => {
    const [pre, post] = [change.before('switchover'), change.after('switchover')];
    if (pre === undefined || post === undefined || !somePath(post, ({ ops }) => ops.some(isExact))) return [];
    const [before, after] = [deciding(pre.paths), deciding(post.paths)];
    if (before.length === 0 || after.length === 0) return [];
    const breach = breachOf({ ...pre, paths: before }, { ...post, paths: after }, first);
    if (breach === undefined || breach.conditions.length > 0 || after.some((path) => first(path) === 'yes')) return [];
    return remarkAt(model, deletedAt(change, isExact) ?? change.changed[0], {
      rule: 'switchover-without-exact',
      severity: 'error',
      confidence: 'likely',
      message: 'The exact query comes behind the decision now, which therefore rests on the estimate.',
      reason: `On every path of ${change.name}() that switches over the exact query is missing or later.`,
    });
  });
}

/** The exact query is made under a condition that has nothing to do with what is pending. */
function guarded(model: SeriesModel): readonly Remark[] {
  return entries(model, ({ name }) => ITERATION.test(name)).flatMap((change) => {
    const [pre, post] = [change.before('switchover'), change.after('switchover')];
    const asking = (post?.paths ?? []).filter(({ ops }) => ops.some(isExact));
    if (!somePath(pre, ({ ops }) => ops.some(isExact)) || asking.length === 0 || post?.truncated === true) return [];
    const known = new Set((pre?.paths ?? []).flatMap(({ decisions }) => [...decisions.keys()]));
    const [first] = asking;
    const fresh = [...(first?.decisions ?? [])].filter(
      ([key, is]) =>
        !known.has(key) && !IS_PENDING.test(key) && asking.every(({ decisions }) => decisions.get(key) === is),
    );
    const [condition] = fresh;
    if (condition === undefined) return [];
    const words = condition[0].match(/\w+/g) ?? [];
    const line = change.changed.find(({ text }) => words.some((word) => word.length > 2 && text.includes(word)));
    return remarkAt(model, line ?? change.changed[0], {
      rule: 'switchover-without-exact',
      severity: 'warning',
      confidence: 'possible',
      message: `The exact query is made only when ${condition[1] ? '' : 'not '}${condition[0]} now. Without it the switchover is decided on the estimate.`,
      reason: `The condition is new in ${change.name}(), and says nothing of what is pending.`,
    });
  });
}

/** Comparisons with the threshold are the author's business. */
const IS_PENDING = /total_bytes|pending|_bytes|threshold|postcopy|unseen/;

/** The exact query begins only below a part of the threshold that the decision is made at. */
function lowered(model: SeriesModel): readonly Remark[] {
  const asks = ({ ops }: Path): boolean => ops.some(isExact);
  return entries(model, ({ name }) => ITERATION.test(name)).flatMap((change) => {
    const [pre, post] = [change.before('switchover'), change.after('switchover')];
    const guards = guardsOf(post, asks);
    const less = guards.find(({ bound }) => bound === 'less');
    const before = guardsOf(pre, asks);
    if (less === undefined || before.some(({ bound }) => bound === 'less')) return [];
    if (!before.some(({ bound }) => bound === 'whole')) return [];
    // The decision may be held to the same part of it.
    const others = comparisonsIn(post).filter(({ key }) => !guards.some((guard) => guard.key === key));
    if (others.some(({ bound }) => bound !== 'whole')) return [];
    const isSeen = somePath(post, ({ ops }) => ops.some((op) => calls(op, DECIDE)));
    const line = change.changed.find(({ text }) => /thresh|pending|total|bytes/.test(text));
    return remarkAt(model, line ?? change.changed[0], {
      rule: 'switchover-without-exact',
      severity: 'error',
      confidence: isSeen ? 'certain' : 'likely',
      message:
        'The exact query waits for a smaller figure than the switchover does. Between the two the switchover is decided on the estimate, which does not know what was dirtied since the last sync.',
      reason: isSeen
        ? `${change.name}() asks below ${plainKey(less.key)}, and decides at the whole threshold.`
        : `${change.name}() asks below ${plainKey(less.key)}; in QEMU 11.1 it decides at the whole threshold, and no hunk changes that.`,
    });
  });
}

const plainKey = (key: string): string =>
  key
    .replaceAll(/@\d+/g, '')
    .split(' < ')
    .find((side) => !/pending|total/.test(side)) ?? key;

/** The figure that is compared was taken before the exact query. */
function stale(model: SeriesModel): readonly Remark[] {
  return entries(model, ({ name }) => ITERATION.test(name)).flatMap((change) => {
    const [pre, post] = [change.before('switchover'), change.after('switchover')];
    if (pre === undefined || post === undefined || pre.truncated || post.truncated) return [];
    const renewed = (paths: readonly Path[]): boolean => paths.filter(({ ops }) => ops.some(isExact)).some(usesExact);
    if (!renewed(pre.paths) || renewed(post.paths) || !somePath(post, ({ ops }) => ops.some(isExact))) return [];
    const line = change.changed.find(({ text }) => /thresh|complete|total|pending|size/.test(text));
    return remarkAt(model, line ?? change.changed[0], {
      rule: 'switchover-without-exact',
      severity: 'error',
      confidence: 'likely',
      message:
        'The figure that is compared with the threshold is that of the estimate: it was taken before the exact query.',
      reason: `No comparison in ${change.name}() uses what the exact query has filled in.`,
    });
  });
}

/** A comparison uses a figure that the second query of the round has filled in. */
function usesExact({ decisions, ops }: Path): boolean {
  const queries = ops.filter((op) => queryOf(op) !== undefined).length;
  const last = new RegExp(`_bytes@${queries}\\b`);
  return [...decisions.keys()].some((key) => / < /.test(key) && last.test(key));
}
