import type { Op, Paths } from '../code/paths.ts';
import { defineCheck, entries, remarkAt } from '../model/check.ts';
import { ITERATION, queryOf } from '../model/names.ts';
import { type Comparison, comparisonsIn, guardsOf } from '../model/thresholds.ts';
import { partsNamed } from '../model/totals.ts';

export const switchoverOverThreshold = defineCheck({
  id: 'switchover-over-threshold',
  what: 'The switchover is decided by a part of what is pending.',
  why: 'What the comparison leaves out is sent in the downtime all the same, which then exceeds its limit.',
  limits: 'Only comparisons with the threshold itself are read, in the functions of the iteration.',
  run: (model) =>
    entries(model, ({ name }) => ITERATION.test(name)).flatMap((change) => {
      const [pre, post] = [change.before('switchover'), change.after('switchover')];
      const known = new Set(comparisonsIn(pre).map(({ key }) => key));
      const partial = decisionsIn(post).find((one) => !known.has(one.key) && !isWhole(one));
      if (partial === undefined || countWhole(pre) <= countWhole(post)) return [];
      const parts = partsNamed(partial.key).map((part) => `${part}_bytes`);
      const line = change.changed.findLast(({ text }) => parts.some((part) => text.includes(part)));
      return remarkAt(model, line ?? change.changed[0], {
        rule: 'switchover-over-threshold',
        severity: 'warning',
        confidence: 'likely',
        message: `The switchover is decided by ${parts.join(' and ')} here, no longer by the total: what is not in it is sent in the downtime, too.`,
        reason: `The comparison with the threshold in ${change.name}(), before and after.`,
      });
    }),
});

const isExact = (op: Op): boolean => queryOf(op)?.exact === true;

/** Comparisons with the threshold, but for those that only tell whether to ask exactly. */
function decisionsIn(paths: Paths | undefined): readonly Comparison[] {
  const guards = guardsOf(paths, ({ ops }) => ops.some(isExact)).map(({ key }) => key);
  return comparisonsIn(paths).filter(
    ({ key, bound }) => bound === 'whole' && !guards.includes(key) && partsNamed(key).length > 0,
  );
}

const isWhole = ({ key }: Comparison): boolean => partsNamed(key).includes('total') || partsNamed(key).length === 3;
const countWhole = (paths: Paths | undefined): number => decisionsIn(paths).filter(isWhole).length;
