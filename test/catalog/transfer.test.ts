import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATALOG, type EventArgs, isKnownEvent } from '../../src/catalog/catalog.ts';
import { bytesPerSecondFor, limitMsFor, readTransfer } from '../../src/catalog/transfer.ts';
import { eventOf, linesOf, realCaptures, SKIPPED, TRACES_MISSING } from '../rules/captures.ts';

function argsOf(text: string): EventArgs<'migrate_transferred'> {
  const entry = CATALOG.get('migrate_transferred');
  const event = { name: 'migrate_transferred' as const, args: entry?.decode(text)?.args ?? {} };
  if (entry === undefined || !isKnownEvent(event, entry) || event.name !== 'migrate_transferred') throw new Error(text);
  return event.args;
}

const read = (text: string) => readTransfer(argsOf(text));
const only = (value: number) => ({ low: value, high: value });

describe('lines as QEMU prints them', () => {
  test('7.2: no switchover_bw', () => {
    expect(read('transferred 10489842 time_spent 103 bandwidth 101843 max_size 5092156')).toMatchObject({
      timeSpentMs: 103,
      transferredBytes: 10489842,
      bytesPerMs: 10489842 / 103,
      switchoverBytesPerMs: only(10489842 / 103),
      maxSizeBytes: 5092156,
      limitMs: only(50),
    });
  });

  test('10.0: switchover_bw 0 is unset', () => {
    expect(read('transferred 9108563 time_spent 106 bandwidth 85929 switchover_bw 0 max_size 4296491')).toMatchObject({
      switchoverBytesPerMs: only(9108563 / 106),
      limitMs: only(50),
    });
  });

  test('11.1: switchover_bw is what was measured', () => {
    expect(
      read('transferred 10553196 time_spent 104 bandwidth 811 switchover_bw 101473 max_size 5073651'),
    ).toMatchObject({ switchoverBytesPerMs: only(10553196 / 104), limitMs: only(50) });
  });

  test('the user sets avail-switchover-bandwidth: 1250000000 bytes per second', () => {
    expect(
      read('transferred 10510380 time_spent 100 bandwidth 840 switchover_bw 1250000 max_size 375000000'),
    ).toMatchObject({
      bytesPerMs: 105103.8,
      switchoverBytesPerMs: { low: 1250000, high: 1250001 },
      limitMs: only(300),
    });
  });

  test('nothing sent: any limit gives 0', () => {
    expect(read('transferred 0 time_spent 100 bandwidth 0 switchover_bw 0 max_size 0').limitMs).toBeUndefined();
  });

  test('next to nothing sent: several limits give the same', () => {
    expect(read('transferred 18 time_spent 100 bandwidth 0 switchover_bw 0 max_size 9').limitMs).toEqual({
      low: 50,
      high: 55,
    });
  });

  test('no whole number of milliseconds gives it', () => {
    const line = 'transferred 10510380 time_spent 100 bandwidth 105103 switchover_bw 0 max_size 5255999';
    expect(read(line).limitMs).toBeUndefined();
  });
});

test('the limit that QEMU reckoned with is among those found, whatever was sent', () => {
  const window = fc.record({
    sent: fc.nat({ max: 2 ** 40 }),
    ms: fc.integer({ min: 100, max: 5000 }),
    limit: fc.nat({ max: 2_000_000 }),
  });
  fc.assert(
    fc.property(window, ({ sent, ms, limit }) => {
      const rate = sent / ms;
      const max = Math.floor(rate * limit);
      const found = read(
        `transferred ${sent} time_spent ${ms} bandwidth ${Math.floor(rate)} switchover_bw 0 max_size ${max}`,
      ).limitMs;
      if (sent === 0) expect(found).toBeUndefined();
      else expect(found !== undefined && found.low <= limit && limit <= found.high).toBe(true);
    }),
  );
});

test('the limit and the bandwidth whose threshold holds so many bytes', () => {
  const sample = read('transferred 10000000 time_spent 100 bandwidth 800 switchover_bw 100000 max_size 5000000');
  expect(limitMsFor(16908288, sample)).toBe(170);
  expect(bytesPerSecondFor(16908288, 50)).toBe(338165760);
  expect(bytesPerSecondFor(16908288, 0)).toBeUndefined();
  expect(limitMsFor(1, read('transferred 0 time_spent 100 bandwidth 0 switchover_bw 0 max_size 0'))).toBeUndefined();
});

test.skipIf(TRACES_MISSING)(`every captured line gives the one limit that was set${SKIPPED}`, () => {
  const limits = new Set<string>();
  let lines = 0;
  for (const capture of realCaptures().filter(({ name }) => !/shared|rotate/.test(name))) {
    for (const line of Object.values(linesOf(capture)).flat()) {
      if (eventOf(line) !== 'migrate_transferred') continue;
      const { limitMs } = read(line.slice(line.indexOf('transferred transferred') + 'transferred '.length));
      expect(limitMs?.low, line).toBe(limitMs?.high);
      limits.add(`${limitMs?.low} ms`);
      lines += 1;
    }
  }
  expect([...limits].sort()).toEqual(['30 ms', '300 ms', '50 ms']);
  expect(lines).toBeGreaterThan(500);
});
