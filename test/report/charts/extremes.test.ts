/** A series keeps its ends and its extremes, whatever its length, in bounded memory. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExtremeSeries, type SeriesPoint, thinned } from '../../../src/report/charts/extremes.ts';
import { fewerBins, IterationSeries } from '../../../src/report/charts/iterations.ts';
import { LineIndex } from '../../../src/report/charts/line-index.ts';

const LIMIT = 16;

function seriesOf(points: readonly SeriesPoint[]): ExtremeSeries<SeriesPoint> {
  const series = new ExtremeSeries<SeriesPoint>(LIMIT);
  for (const point of points) series.add(point);
  return series;
}

const runs = fc
  .array(fc.tuple(fc.nat(1000), fc.integer({ min: 0, max: 2 ** 40 })), { minLength: 1, maxLength: 400 })
  .map((steps) => {
    let x = 0;
    return steps.map(([step, y]): SeriesPoint => {
      x += step;
      return { x, y };
    });
  });

describe('ExtremeSeries', () => {
  test('keeps the first, the last, the smallest and the largest, and no more than its limit', () => {
    fc.assert(
      fc.property(runs, (points) => {
        const kept = seriesOf(points).points();
        const ys = points.map(({ y }) => y);
        const keptYs = kept.map(({ y }) => y);
        expect(kept.length).toBeLessThanOrEqual(4 * LIMIT);
        expect(kept[0]).toBe(points[0]);
        expect(kept.at(-1)).toBe(points.at(-1));
        expect(Math.max(...keptYs)).toBe(Math.max(...ys));
        expect(Math.min(...keptYs)).toBe(Math.min(...ys));
        // Nothing invented, and in order.
        expect(kept.every((point) => points.includes(point))).toBe(true);
        expect(kept.map(({ x }) => x)).toEqual([...kept.map(({ x }) => x)].sort((a, b) => a - b));
      }),
    );
  });

  test('keeps all of a short run', () => {
    const points = Array.from({ length: LIMIT }, (_, index) => ({ x: index * 1000, y: index }));
    expect(seriesOf(points).points()).toEqual(points);
  });

  test('a time that runs backwards loses nothing', () => {
    const points = [5, 3, 9, 1, 7].map((x, y) => ({ x, y }));
    expect(new Set(seriesOf(points).points())).toEqual(new Set(points));
  });

  test('a single peak among a million points is kept', () => {
    const series = new ExtremeSeries<SeriesPoint>(256);
    for (let x = 0; x < 1_000_000; x += 1) series.add({ x: x * 997, y: x === 654_321 ? 9e9 : 1000 });
    const kept = series.points();
    expect(kept.length).toBeLessThanOrEqual(1024);
    expect(kept.filter(({ y }) => y === 9e9)).toEqual([{ x: 654_321 * 997, y: 9e9 }]);
  });
});

test('thinned keeps the ends and the extremes', () => {
  fc.assert(
    fc.property(runs, fc.integer({ min: 12, max: 60 }), (points, limit) => {
      const few = thinned(points, limit);
      expect(few.length).toBeLessThanOrEqual(Math.max(limit * 2, 12));
      expect(few[0]).toBe(points[0]);
      expect(few.at(-1)).toBe(points.at(-1));
      expect(Math.max(...few.map(({ y }) => y))).toBe(Math.max(...points.map(({ y }) => y)));
    }),
  );
});

describe('IterationSeries', () => {
  test('an iteration begins with its sync and has what was sent until the next', () => {
    const series = new IterationSeries();
    series.sync(0, false);
    series.sent(1_000_000, 100);
    series.sent(3_000_000, 100);
    series.sync(500, false);
    series.sync(700, true);
    expect(series.bins()).toEqual([
      { first: 1, last: 1, dirtyPages: { low: 0, high: 0 }, bandwidth: { low: 2e7, high: 2e7 }, switchover: false },
      { first: 2, last: 2, dirtyPages: { low: 500, high: 500 }, bandwidth: undefined, switchover: false },
      { first: 3, last: 3, dirtyPages: { low: 700, high: 700 }, bandwidth: undefined, switchover: true },
    ]);
    // Asked again, it says the same.
    expect(series.bins().length).toBe(3);
  });

  test('neighbours are joined with the extremes of both, and none is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1, maxLength: 900 }), (pages) => {
        const series = new IterationSeries();
        for (const count of pages) series.sync(count, false);
        for (const bins of [series.bins(), fewerBins(series.bins(), 20)]) {
          expect(bins[0]?.first).toBe(1);
          expect(bins.at(-1)?.last).toBe(pages.length);
          for (const [index, bin] of bins.entries()) {
            const own = pages.slice(bin.first - 1, bin.last);
            expect(bin.dirtyPages).toEqual({ low: Math.min(...own), high: Math.max(...own) });
            expect(bin.first).toBe((bins[index - 1]?.last ?? 0) + 1);
          }
        }
        expect(series.bins().length).toBeLessThanOrEqual(192);
        expect(fewerBins(series.bins(), 20).length).toBeLessThanOrEqual(20);
      }),
    );
  });
});

describe('LineIndex', () => {
  test('finds a line exactly or between its neighbours', () => {
    const index = new LineIndex();
    for (const line of [10, 20, 40]) index.note({ input: 3, line }, line * 100);
    index.keep({ input: 3, line: 35 }, 3999);
    const find = (line: number) => index.find((input) => input === 3, line);
    expect([find(10), find(15), find(30), find(35), find(40)]).toEqual([1000, 1500, 3000, 3999, 4000]);
    expect([find(9), find(41)]).toEqual([undefined, undefined]);
    expect(index.find((input) => input === 4, 10)).toBeUndefined();
  });

  test('of many exact lines the last ones are kept', () => {
    const index = new LineIndex();
    for (let line = 1; line <= 20_000; line += 1) index.keep({ input: 0, line }, line * 2);
    expect([index.find(() => true, 20_000), index.find(() => true, 19_000), index.find(() => true, 1)]).toEqual([
      40_000,
      38_000,
      undefined,
    ]);
  });

  test('of a million lines each is found within a thousandth of the run', () => {
    const index = new LineIndex();
    for (let line = 1; line <= 1_000_000; line += 1) index.note({ input: 0, line }, line + (line % 7));
    for (let line = 1; line <= 1_000_000; line += 99_991) {
      expect(Math.abs((index.find(() => true, line) ?? Number.NaN) - line)).toBeLessThan(1000);
    }
    expect(index.find(() => true, 1_000_000)).toBe(1_000_000 + (1_000_000 % 7));
  });
});
