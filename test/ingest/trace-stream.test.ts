import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TraceItem } from '../../src/ingest/trace-item.ts';
import { inFolder, labelOf, readGroup } from './support.ts';

/** A line at so many microseconds past the hour; without a time, a message. */
interface Stamped {
  readonly micros: number | undefined;
}

function lineOf({ micros }: Stamped, log: number, index: number): string {
  const name = `log${log}_line${index}`;
  if (micros === undefined) return `qemu-system-x86_64: ${name}`;
  const second = String(Math.floor(micros / 1e6)).padStart(2, '0');
  return `2026-11-23T01:00:${second}.${String(micros % 1e6).padStart(6, '0')}Z ${name} `;
}

/** Items of these logs of one process, without the notes on damage, as `[log, line]`. */
function merged(logs: readonly (readonly Stamped[])[]): Promise<readonly (readonly [number, number])[]> {
  const files = Object.fromEntries(
    logs.map((log, number) => [`L.${number}`, log.map((line, at) => lineOf(line, number, at))]),
  );
  return inFolder(files, async (path) => {
    const { items } = await readGroup(logs.map((_, number) => ({ path: path(`L.${number}`), thread: number })));
    return items.filter(({ kind }) => kind !== 'damage').map(({ place }) => [place.input, place.line] as const);
  });
}

const micros = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 59_999_999 }));
const logs = <T>(line: fc.Arbitrary<T>) => fc.array(fc.array(line, { maxLength: 12 }), { minLength: 1, maxLength: 4 });

describe('property: the logs of a process in one order', () => {
  test('by time, those of one time by their log, when no time runs back', async () => {
    await fc.assert(
      fc.asyncProperty(logs(micros), async (times) => {
        const rising = times.map((all) => [...all].sort((a, b) => a - b));
        const expected = rising
          .flatMap((all, log) => all.map((time, index) => ({ time, log, line: index + 1 })))
          .sort((a, b) => a.time - b.time || a.log - b.log || a.line - b.line);
        const order = await merged(rising.map((all) => all.map((time) => ({ micros: time }))));
        expect(order).toEqual(expected.map(({ log, line }) => [log, line]));
      }),
      { numRuns: 150 },
    );
  });

  test('each log’s own order stays, whatever its times, and no line is left out', async () => {
    const line = fc.record({ micros: fc.option(micros, { nil: undefined }) });
    await fc.assert(
      fc.asyncProperty(logs(line), async (all) => {
        const order = await merged(all);
        for (const [number, log] of all.entries()) {
          const own = order.filter(([input]) => input === number).map(([, at]) => at);
          expect(own).toEqual(log.map((_, index) => index + 1));
        }
      }),
      { numRuns: 150 },
    );
  });
});

test('a line without a time follows its predecessor, one that runs back too', async () => {
  const at = (micros_: number | undefined): Stamped => ({ micros: micros_ });
  expect(
    await merged([
      [at(10), at(undefined), at(5), at(30)],
      [at(11), at(20)],
    ]),
  ).toEqual([
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 1],
    [1, 2],
    [0, 4],
  ]);
});

test('the logs of a process have one clock, and each its thread', async () => {
  const files = { 'L.1': ['2026-11-23T01:00:07.5Z x_y'], 'L.2': ['2026-11-23T01:00:06.25Z x_z'] };
  await inFolder(files, async (path) => {
    const { items, facts } = await readGroup([
      { path: path('L.1'), thread: 1 },
      { path: path('L.2'), thread: 2 },
    ]);
    const told = (item: TraceItem) => [labelOf(item), item.thread, item.timeNs, item.place.input];
    expect(items.map(told)).toEqual([
      ['x_z', 2, -750_000_000, 1],
      ['x_y', 1, 500_000_000, 0],
    ]);
    expect(facts.map(({ lines }) => lines)).toEqual([1, 1]);
  });
});
