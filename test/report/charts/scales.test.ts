/** Axes: honest about 0, about what is cut out, and never with a number in the wrong place. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokenAxis } from '../../../src/report/charts/broken-axis.ts';
import { byteAxis, grouped, numberAxis, runAxis } from '../../../src/report/charts/scales.ts';

const MIB = 2 ** 20;

describe('byteAxis', () => {
  test('is linear where all can be told from 0, else logarithmic with 0 below', () => {
    const linear = byteAxis([0, 4 * MIB, 100 * MIB], 6);
    expect(linear.kind).toBe('linear');
    expect(linear.ticks.map(({ label }) => label)).toEqual(['0', '20 MiB', '40 MiB', '60 MiB', '80 MiB', '100 MiB']);
    const log = byteAxis([0, MIB, 256 * MIB], 6);
    expect(log.kind).toBe('log');
    expect(log.ticks.map(({ label }) => label)).toEqual(['0', '1 MiB', '4 MiB', '16 MiB', '64 MiB', '256 MiB']);
    expect([log.at(0), log.at(4 * MIB) - log.at(2 * MIB), log.at(256 * MIB)]).toEqual([0, 1, log.max]);
    // 0 keeps its distance from the smallest value.
    expect(log.at(MIB)).toBeGreaterThanOrEqual(1);
  });

  test('zeros alone, one byte, and all of 64 bits', () => {
    expect(byteAxis([0, 0], 6).ticks).toEqual([{ value: 0, label: '0' }]);
    expect(byteAxis([], 6).max).toBe(1);
    expect(byteAxis([1], 6).ticks.map(({ label }) => label)).toEqual(['0', '1 B']);
    expect(byteAxis([1, 2 ** 64], 6).ticks.at(-1)?.label).toMatch(/^\d+ EiB$/);
  });

  test('rises, holds every value, and its ticks stand where their labels say', () => {
    const values = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 50 })), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 3, max: 9 }), (bytes, maxTicks) => {
        const axis = byteAxis(bytes, maxTicks);
        const sorted = [...bytes].sort((a, b) => a - b);
        const places = sorted.map((value) => axis.at(value));
        expect(places).toEqual([...places].sort((a, b) => a - b));
        expect(places[0]).toBeGreaterThanOrEqual(axis.min);
        expect(places.at(-1)).toBeLessThanOrEqual(axis.max + 1e-9);
        expect(new Set(axis.ticks.map(({ label }) => label)).size).toBe(axis.ticks.length);
        expect(axis.ticks.length).toBeLessThanOrEqual(maxTicks + 2);
        for (const { value, label } of axis.ticks) {
          const [number = '', unit = 'B'] = label.split(' ');
          const power = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'].indexOf(unit);
          const shown = Number(number) * 1024 ** power;
          // A label has one decimal.
          expect(Math.abs(axis.at(shown) - value)).toBeLessThanOrEqual(Math.max(1e-9, axis.max * 0.06));
        }
      }),
    );
  });
});

test('numberAxis and runAxis have round numbers', () => {
  expect(numberAxis(33_000, 4, String).ticks.map(({ value }) => value)).toEqual([0, 20_000, 40_000]);
  expect(runAxis('time', 0, 2.7e9, 6).ticks.map(({ label }) => label)).toEqual(['0', '0.5', '1', '1.5', '2', '2.5']);
  expect(runAxis('time', 0, 2.7e9, 6).title).toBe('time since the first event, s');
  expect(runAxis('time', 0, 27e6, 6).title).toBe('time since the first event, ms');
  expect(runAxis('line', 10, 350, 8).ticks.map(({ label }) => label)).toEqual([
    '50',
    '100',
    '150',
    '200',
    '250',
    '300',
    '350',
  ]);
  expect(runAxis('line', 5, 5, 8).max).toBeGreaterThan(5);
  expect([grouped(1_234_567), grouped(-12_345)]).toEqual(['1\u202f234\u202f567', '\u221212\u202f345']);
});

describe('brokenAxis', () => {
  const extent = { from: -300_000, zero: 0, to: 515_000_000, unit: 1000 };

  test('cuts a long pause out, and says from where to where', () => {
    const axis = brokenAxis(extent, [0, 400_000, 514_500_000, 514_800_000], 8);
    expect(axis.cuts.map(({ from, to }) => [from, to])).toEqual([[400_000, 514_500_000]]);
    // What is left has nearly all the room.
    expect(axis.at(400_000)).toBe(700);
    expect(axis.at(515_000_000) - axis.at(514_500_000)).toBeCloseTo(500, 6);
    expect(axis.ticks.map(({ label }) => label)).toContain('0');
    expect(axis.ticks.some(({ label }) => label === '514\u202f600')).toBe(true);
  });

  test('leaves a run without a pause as it is, and short ones whole', () => {
    const even = Array.from({ length: 20 }, (_, index) => index * 200_000);
    const axis = brokenAxis({ from: 0, zero: 0, to: 4_000_000, unit: 1000 }, even, 8);
    expect(axis.cuts).toEqual([]);
    expect(axis.at(1_000_000)).toBe(1000);
    expect(brokenAxis({ from: 0, zero: 0, to: 400_000, unit: 1000 }, [1000], 8).cuts).toEqual([]);
    // Nothing would be left.
    expect(brokenAxis(extent, [], 8).cuts).toEqual([]);
  });

  test('never turns back, and no tick stands in a cut', () => {
    const times = fc.array(fc.integer({ min: 0, max: 2e9 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(times, (events) => {
        const [from, to] = [Math.min(...events), Math.max(...events)];
        const axis = brokenAxis({ from, zero: from, to, unit: 1000 }, events, 9);
        const places = [...events].sort((a, b) => a - b).map((event) => axis.at(event));
        expect(places).toEqual([...places].sort((a, b) => a - b));
        expect(places.every((place) => place >= axis.min && place <= axis.max)).toBe(true);
        const values = axis.ticks.map(({ value }) => value);
        expect(values).toEqual([...values].sort((a, b) => a - b));
        for (const cut of axis.cuts) {
          const [start, end] = [axis.at(cut.from), axis.at(cut.to)];
          expect(values.filter((value) => value > start && value < end)).toEqual([]);
        }
      }),
    );
  });
});
