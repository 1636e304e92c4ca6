import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holm, mannWhitney, median, medianInterval } from '../../src/diff/statistics.ts';

describe('median', () => {
  test('of none, of an odd and of an even number', () => {
    expect([median([]), median([7]), median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([undefined, 7, 2, 2.5]);
  });

  test('does not change its input', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('interval of the median by order statistics', () => {
  const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, at) => n - at);

  // The ranks of the tables of the sign test: 6 (1, 6), 9 (2, 8), 12 (3, 10), 20 (6, 15), 50 (18, 33).
  test.each([
    [6, 1, 6],
    [8, 1, 8],
    [9, 2, 8],
    [10, 2, 9],
    [12, 3, 10],
    [20, 6, 15],
    [50, 18, 33],
  ])('of %i values from the %i. to the %i.', (n, low, high) => {
    expect(medianInterval(upTo(n))).toEqual({ low, high });
  });

  test('below 6 values there is none with 95 %', () => {
    expect([0, 1, 2, 5].map((n) => medianInterval(upTo(n)))).toEqual([undefined, undefined, undefined, undefined]);
  });
});

/** Goes through all choices. */
function bruteForce(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b];
  const rank = (value: number): number =>
    all.filter((other) => other < value).length + (all.filter((other) => other === value).length + 1) / 2;
  const ranks = all.map(rank);
  const mean = (a.length * (all.length + 1)) / 2;
  const distance = (chosen: readonly number[]): number =>
    Math.abs(chosen.reduce((sum, at) => sum + (ranks[at] ?? 0), 0) - mean);
  const seen = distance(a.map((_, at) => at));
  const choices = choose(all.length, a.length);
  return choices.filter((chosen) => distance(chosen) >= seen - 1e-9).length / choices.length;
}

function choose(n: number, k: number, from = 0): readonly (readonly number[])[] {
  if (k === 0) return [[]];
  const picked: number[][] = [];
  for (let at = from; at < n; at += 1) {
    for (const rest of choose(n, k - 1, at + 1)) picked.push([at, ...rest]);
  }
  return picked;
}

describe('Mann-Whitney U', () => {
  // As R's wilcox.test prints them (exact = TRUE).
  test.each([
    [[1.1, 2.2, 3.3], [4.4, 5.5, 6.6], 0.1],
    [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 0.007937],
    [[0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46], [1.15, 0.88, 0.9, 0.74, 1.21], 0.2544],
    [[1, 3, 5, 7], [2, 4, 6, 8], 0.6857],
  ])('%j against %j: p = %d', (a, b, p) => {
    expect(mannWhitney(a, b)).toBeCloseTo(p, 4);
  });

  test('equal values on both sides say nothing', () => {
    expect(mannWhitney([5, 5, 5], [5, 5, 5])).toBe(1);
    expect(mannWhitney([], [1, 2])).toBe(1);
    expect(mannWhitney(new Array<number>(50).fill(5), new Array<number>(50).fill(5))).toBe(1);
  });

  test('is what all choices give, with ties', () => {
    const values = fc.array(fc.nat(4), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(mannWhitney(a, b)).toBeCloseTo(bruteForce(a, b), 9);
      }),
    );
  });

  test('does not depend on which side is which', () => {
    const values = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(mannWhitney(a, b)).toBeCloseTo(mannWhitney(b, a), 9);
      }),
    );
  });

  test('the approximation for many values goes on where the exact count ends', () => {
    const shifted = (n: number, by: number): readonly number[] => Array.from({ length: n }, (_, at) => at * 2 + by);
    const [exact, normal] = [20, 21].map((n) => mannWhitney(shifted(n, 0), shifted(n, 9)));
    expect(normal).toBeCloseTo(exact ?? 0, 1);
    expect(mannWhitney(shifted(40, 0), shifted(40, 1000))).toBeLessThan(1e-9);
  });
});

describe('Holm', () => {
  test('known values', () => {
    // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect(holm([])).toEqual([]);
    expect(holm([0.5, 0.9])).toEqual([1, 1]);
  });
});
