import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lows } from '../../src/rules/convergence/lows.ts';

function lowsOf(values: readonly number[]): Lows {
  const lows = new Lows();
  for (const value of values) lows.add(value);
  return lows;
}

test('few values are halved where they are', () => {
  expect(lowsOf([5, 3, 4, 2]).halves).toEqual([3, 2]);
  expect(lowsOf([5, 3, 4]).halves).toEqual([5, 3]);
  expect(lowsOf([5]).halves).toEqual([Number.POSITIVE_INFINITY, 5]);
});

test('of any number of values the lowest is known, and is in one of the halves', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 1000 }), (values) => {
      const lows = lowsOf(values);
      expect(lows.lowest).toBe(Math.min(...values));
      expect(Math.min(...lows.halves)).toBe(lows.lowest);
    }),
  );
});

test('a million falling values: the second half is lower', () => {
  const lows = lowsOf(Array.from({ length: 1_000_000 }, (_, at) => 1_000_000 - at));
  const [first, second] = lows.halves;
  expect(second).toBe(1);
  expect(first).toBeGreaterThan(300_000);
  expect(first).toBeLessThan(700_000);
});
