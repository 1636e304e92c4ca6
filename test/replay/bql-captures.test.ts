/** The holder of the BQL in captured runs, against what their probes and thread ids say outright. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Query } from '../../src/replay/run.ts';
import {
  type Capture,
  eventOf,
  linesOf,
  patchedCaptures,
  readLines,
  realCaptures,
  SKIPPED,
  TRACES_MISSING,
} from '../rules/captures.ts';
import { queriesOf, quickVerdicts } from '../rules/support.ts';

const captures = [...realCaptures(), ...patchedCaptures()];
const withLocks = captures.filter((capture) =>
  Object.values(linesOf(capture)).some((lines) => lines.some((line) => eventOf(line) === 'qemu_mutex_unlock')),
);
const named = (list: readonly Capture[]) => list.map((capture) => [capture.name, capture] as const);
const logsOf = (capture: Capture) =>
  Object.fromEntries(Object.entries(linesOf(capture)).filter(([name]) => name !== 'stderr.txt'));

/** 1 held by the migration thread, 0 not, undefined not shown: as the database has it. */
function heldAt({ bql: { holder } }: Query): 0 | 1 | undefined {
  if (holder === 'not-shown') return undefined;
  return holder === 'migration-thread' ? 1 : 0;
}

const bytesOf = (files: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(
    Object.entries(files).map(([name, lines]) => [name, Buffer.from(`${lines.join('\n')}\n`, 'latin1')]),
  );

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  test('there are some with mutex events', () => {
    expect(withLocks.length).toBeGreaterThan(5);
  });

  test.each(named(withLocks))('%s: every query is answered, iteration queries: not held', async (_name, capture) => {
    const queries = await queriesOf(bytesOf(logsOf(capture)));
    expect(queries.length).toBeGreaterThan(2);
    expect(queries.filter((query) => heldAt(query) === undefined).map(({ at }) => at.place.text)).toEqual([]);
    expect(queries.filter((query) => query.final === false && heldAt(query) !== 0)).toEqual([]);
  });

  test.each(
    named(withLocks.filter(({ name }) => name.endsWith('-x'))),
  )('%s: the mutex events say what the probe says', async (_name, capture) => {
    const files = logsOf(capture);
    const mute = Object.fromEntries(
      Object.entries(files).map(([name, lines]) => [
        name,
        lines.filter((line) => eventOf(line) !== 'qemu_savevm_query_pending_bql'),
      ]),
    );
    const probed = await queriesOf(bytesOf(files));
    if (probed[0]?.probes.locked === undefined) return;
    const told = await queriesOf(bytesOf(mute));
    const hasLocks = told.some((query) => heldAt(query) !== undefined);
    if (hasLocks) expect(told.map(heldAt)).toEqual(probed.map(heldAt));
  });

  test.each(
    named(withLocks.filter(({ inputs }) => inputs.length > 2)),
  )('%s: merged into one log without thread ids it says the same', async (_name, capture) => {
    const files = logsOf(capture);
    const stamped = Object.values(files)
      .flat()
      .filter((line) => /^\d{4}-\d\d-\d\dT[\d:]+\.\d+Z /.test(line));
    // Stable: lines of one thread keep their order.
    const merged = stamped.toSorted((a, b) =>
      a.slice(0, 27) < b.slice(0, 27) ? -1 : Number(a.slice(0, 27) > b.slice(0, 27)),
    );
    const apart = await queriesOf(bytesOf(files));
    const together = await queriesOf(bytesOf({ 'src.log': merged }));
    expect(together.map(heldAt)).toEqual(apart.map(heldAt));
  });

  test('the same run with the thread ids of ftrace and without any', async () => {
    const capture = captures.find(({ name }) => name === 'patched/ftrace-clean-precopy');
    const ftrace = join(capture?.folder ?? '', 'src.ftrace.txt');
    if (capture === undefined || !existsSync(ftrace)) return;
    const lines = readLines(ftrace).flatMap((line) => {
      const { thread, time, text } =
        /-(?<thread>\d+) +\[\d+\] \S+ +(?<time>[\d.]+): tracing_mark_write: (?<text>.*)$/.exec(line)?.groups ?? {};
      return text === undefined ? [] : [`${thread}@${time}:${text}`];
    });
    const withIds = await queriesOf(bytesOf({ 'src.log': lines }));
    const without = await queriesOf(bytesOf(logsOf(capture)));
    expect(withIds.map(heldAt)).toEqual(without.map(heldAt));
  });

  test.each(named(withLocks.filter(({ name }) => !name.includes('no-bql'))))(
    '%s: two adjacent lines of the BQL lost around the final query accuse nobody',
    async (_name, capture) => {
      const files = logsOf(capture);
      for (const [name, lines] of Object.entries(files)) {
        const final = lines.findIndex((line) => line.includes('final=1, precopy='));
        const bql = /released mutex (0x\w+) \(\S*cpus\.c/.exec(
          lines.find((line) => / released mutex \w+ \(\S*cpus\.c/.test(line)) ?? '',
        );
        if (final < 0 || bql?.[1] === undefined) continue;
        const mine = lines.flatMap((line, index) => (line.includes(`mutex ${bql[1]} `) ? [index] : []));
        const near = mine.findIndex((index) => index > final);
        for (let first = near - 12; first < near + 5; first += 1) {
          const lost = new Set(mine.slice(first, first + 2));
          const rest = lines.filter((_line, index) => !lost.has(index));
          const violated = (await quickVerdicts(bytesOf({ ...files, [name]: rest })))
            .filter(({ rule, verdict }) => verdict === 'violated' && /bql/.test(rule))
            .map(({ rule }) => rule);
          expect(violated, `${name} without lines ${[...lost]}`).toEqual([]);
        }
      }
    },
    60_000,
  );
});
