import type { Op, Paths } from '../code/paths.ts';
import { defineCheck, entries, remarkAt } from '../model/check.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { ITERATION, queryOf } from '../model/names.ts';
import { type Comparison, comparisonsIn, guardsOf } from '../model/thresholds.ts';
import { partsNamed } from '../model/totals.ts';

export const switchoverOverThreshold = defineCheck({
  id: 'switchover-over-threshold',
  what: 'The switchover is decided by a part of what is pending, above the threshold, or without looking at it.',
  why: 'What the comparison leaves out is sent in the downtime all the same, which then exceeds its limit.',
  limits: 'Only comparisons with the threshold itself are read, in the functions of the iteration.',
  run: (model) =>
    entries(model, ({ name }) => ITERATION.test(name)).flatMap((change) => {
      const [pre, post] = [change.before('switchover'), change.after('switchover')];
      const known = new Set(comparisonsIn(pre).map(({ key }) => key));
      if (countWhole(pre) <= countWhole(post)) return [];
      const fresh = decisionsIn(post).find(({ key }) => !known.has(key));
      const fault = fresh === undefined ? goneFrom(model, change) : faultIn(fresh);
      if (fault === undefined) return [];
      const line = change.changed.find(({ text }) => fault.words.some((word) => text.includes(word)));
      return remarkAt(model, line ?? change.changed[0], {
        rule: 'switchover-over-threshold',
        severity: 'warning',
        confidence: 'likely',
        message: fault.message,
        reason: `The comparison with the threshold in ${change.name}(), before and after.`,
      });
    }),
});

/** Compared no more, and nothing stands in its place. */
function goneFrom(model: SeriesModel, change: FunctionChange): Fault | undefined {
  const keysOf = (paths: Paths | undefined) => (paths?.paths ?? []).flatMap(({ decisions }) => [...decisions.keys()]);
  const known = new Set(keysOf(change.before('switchover')));
  if (keysOf(change.after('switchover')).some((key) => !known.has(key))) return undefined;
  const isElsewhere = model.changes.some((one) => one !== change && comparisonsIn(one.after('switchover')).length > 0);
  if (isElsewhere) return undefined;
  const message =
    'What is pending is not compared with the threshold here any more: the switchover comes however much is left.';
  return { message, words: ['thresh'] };
}

interface Fault {
  readonly message: string;
  /** In the line that is guilty. */
  readonly words: readonly string[];
}

function faultIn({ key, bound }: Comparison): Fault | undefined {
  const parts = partsNamed(key);
  if (bound === 'more' && isTotal(parts)) {
    const message =
      'The switchover is decided at more than the threshold here: what is above it does not fit into the downtime.';
    return { message, words: ['thresh'] };
  }
  if (bound !== 'whole' || isTotal(parts)) return undefined;
  const words = parts.map((part) => `${part}_bytes`);
  const message = `The switchover is decided by ${words.join(' and ')} here, no longer by the total: what is not in it is sent in the downtime, too.`;
  return { message, words };
}

const isExact = (op: Op): boolean => queryOf(op)?.exact === true;

/** Comparisons with the threshold, but for those that only tell whether to ask exactly. */
function decisionsIn(paths: Paths | undefined): readonly Comparison[] {
  const guards = guardsOf(paths, ({ ops }) => ops.some(isExact)).map(({ key }) => key);
  return comparisonsIn(paths).filter(
    ({ key, bound }) => /whole|more/.test(bound) && !guards.includes(key) && partsNamed(key).length > 0,
  );
}

const isTotal = (parts: readonly string[]): boolean => parts.includes('total') || parts.length === 3;

const countWhole = (paths: Paths | undefined): number =>
  decisionsIn(paths).filter(({ key, bound }) => bound === 'whole' && isTotal(partsNamed(key))).length;
