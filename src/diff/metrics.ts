/**
 * The figures of both sides with a test that fits few runs. Several are tested
 * at once, and the 5 % are the whole diff's: a small fixed list of primary ones
 * shares 3.25 % (Holm), so that 5 runs a side can show something, the others
 * 0.5 %, which takes 8 runs a side. The rest is left as a margin.
 */
import { MEASURES, type Measure } from '../report/measures.ts';
import type { MetricDiff, MetricSide } from './diff.ts';
import type { Member, Slot } from './pair-up.ts';
import { ALPHA, holm, mannWhitney, median, medianInterval } from './statistics.ts';

/** Of the first pair of migrations. */
const PRIMARY: ReadonlySet<string> = new Set(['downtime', 'exact-query', 'final-query', 'total-time']);
/** Of the 5 %. */
const SHARES = { primary: 0.65, others: 0.1 } as const;

/** Fewer runs a side never show a difference of this metric, however large it is. */
export function runsNeeded({ name, pair }: Pick<MetricDiff, 'name' | 'pair'>): number {
  return pair === 0 && PRIMARY.has(name) ? 5 : 8;
}

type Untested = Omit<MetricDiff, 'adjustedP' | 'significant'>;

export function diffMetrics(slots: readonly Slot[]): readonly MetricDiff[] {
  const all = slots.flatMap((slot, pair) => MEASURES.map((measure) => compare(measure, pair, slot)));
  const adjusted = adjust(all);
  return all.map((metric) => {
    const adjustedP = adjusted.get(metric) ?? null;
    return { ...metric, adjustedP, significant: adjustedP !== null && adjustedP <= ALPHA };
  });
}

function compare({ name, title, unit, worse }: Measure, pair: number, slot: Slot): Untested {
  const [before, after] = [valuesOf(slot.base, name), valuesOf(slot.head, name)];
  const [base, head] = [sideOf(before), sideOf(after)];
  const both = base.median !== null && head.median !== null;
  return {
    ...{ name, title, unit, worse, pair, base, head },
    delta: both ? (head.median ?? 0) - (base.median ?? 0) : null,
    ratio: both && base.median !== 0 ? (head.median ?? 0) / (base.median ?? 1) : null,
    p: before.length >= 2 && after.length >= 2 ? mannWhitney(before, after) : null,
  };
}

function valuesOf(members: readonly Member[], name: string): readonly number[] {
  return members.flatMap(({ migration }) => {
    const value = migration.measures.find((one) => one.name === name)?.value ?? null;
    return value === null ? [] : [Number(value)];
  });
}

function sideOf(values: readonly number[]): MetricSide {
  const interval = medianInterval(values);
  return {
    n: values.length,
    median: median(values) ?? null,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
  };
}

function adjust(all: readonly Untested[]): ReadonlyMap<Untested, number> {
  const tested = all.flatMap((metric) => (metric.p === null ? [] : [{ metric, p: metric.p }]));
  const isPrimary = ({ metric }: (typeof tested)[number]): boolean => metric.pair === 0 && PRIMARY.has(metric.name);
  const adjusted = new Map<Untested, number>();
  for (const primary of [true, false]) {
    const family = tested.filter((one) => isPrimary(one) === primary);
    const share = primary ? SHARES.primary : SHARES.others;
    const ps = holm(family.map(({ p }) => p));
    for (const [at, { metric }] of family.entries()) adjusted.set(metric, Math.min(1, (ps[at] ?? 1) / share));
  }
  return adjusted;
}
