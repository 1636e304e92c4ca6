/** What a replay tells of a log does not hang on whether its lines come in runs or one by one. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteSource } from '../../src/ingest/byte-source.ts';
import { Clock } from '../../src/ingest/clock.ts';
import type { Place } from '../../src/ingest/trace-item.ts';
import { TraceReader } from '../../src/ingest/trace-reader.ts';
import { StreamReplay } from '../../src/replay/replay.ts';
import type { Migration, Query } from '../../src/replay/run.ts';
import type { ReplaySink } from '../../src/replay/sink.ts';
import { fanOut } from '../../src/replay/sinks.ts';
import { bytesOf, fixtureLogs, inFolder } from '../ingest/support.ts';
import { CORRECT_RUNS } from '../rules/correct-runs.ts';
import { CASES, faulty, INLINE } from '../rules/fault-cases.ts';

/** The text of a place may be made when asked for. */
const isPlace = (value: unknown): value is Place => typeof value === 'object' && value !== null && 'text' in value;

const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) => {
    if (isPlace(member)) return `${member.input}:${member.line} ${member.text}`;
    return typeof member === 'bigint' ? `${member}n` : member;
  });

function queryOf(query: Query): unknown {
  const { index, kind, exact, final, totalBytes, precopyBytes, stopcopyBytes, postcopyBytes, maxBytes } = query;
  const { at, state, switchover, thresholdBytes, previous, follows, syncs, probes, hole, ackTotal } = query;
  const line = [index, kind, exact, final, totalBytes, precopyBytes, stopcopyBytes, postcopyBytes, maxBytes, ackTotal];
  return [line, at, state, switchover, thresholdBytes, previous, follows, syncs, probes, hole];
}

function migrationOf({ index, kind, outcome, first, last, counts, iterations, syncCount }: Migration): unknown {
  return [index, kind, outcome, first, last, counts, iterations, syncCount];
}

type Awaited = (event: string) => boolean;
const all: Awaited = () => true;

/**
 * Every call, as a text: most of what it is given may be filled anew. Without events of a round that are not awaited:
 * whether they are told is nobody's business.
 */
function recorder(awaited: Awaited): { readonly sink: Required<ReplaySink>; readonly told: string[] } {
  const told: string[] = [];
  const tell = (...values: readonly unknown[]) => told.push(values.map(jsonOf).join(' '));
  const sink = fanOut([
    {
      migrationBegins: (migration) => tell('begins', migrationOf(migration)),
      migrationEnds: (migration) => tell('ends', migrationOf(migration)),
      queryMade: (query) => tell('made', queryOf(query)),
      query: (query) =>
        tell(
          'query',
          queryOf(query),
          query.bql,
          query.bql.proof.map(({ text }) => text),
        ),
      syncEnds: (sync) => tell('sync ends', sync),
      sync: (sync) => tell('sync', sync),
      state: (change) => tell('state', change),
      switchover: ({ index, mode, endedBy, completed, stop }) =>
        tell('switchover', index, mode, endedBy, completed, stop),
      assertion: (failure) => tell('assertion', failure),
      event: ({ event, extra, place, thread }, migration, ns, inRound) => {
        if (inRound && !awaited(event.name)) return;
        tell('event', event, extra, place, thread, migration?.index, ns, inRound);
      },
      awaits: ({ name }) => awaited(name),
      message: ({ message, place }, migration, ns) => tell('message', message, place, migration?.index, ns),
      counted: (name, times, migration, state) => tell('counted', name, times, migration?.index, state),
      bqlHold: (hold) => tell('hold', hold),
    },
  ]);
  return { sink, told };
}

async function replay(path: string, runs: boolean, awaited: Awaited) {
  const source = await ByteSource.open(path, false);
  const reader = new TraceReader(source, { input: 0, clock: new Clock(), thread: undefined, scan: runs, runs });
  const { sink, told } = recorder(awaited);
  let migrations = 0;
  const stream = new StreamReplay(0, {
    sink,
    band: undefined,
    nextIndex: () => migrations++,
    note: (code, place) => told.push(`note ${code} ${place.line}`),
    samplesAfter: () => [],
    answersAfter: () => [],
    samplesShared: () => false,
    limits: () => [],
    readSample: () => undefined,
  });
  let inRuns = 0;
  try {
    for (;;) {
      const item = await reader.next();
      if (item === undefined) break;
      if (item.kind === 'line-run') inRuns += item.records.size;
      stream.process(item);
    }
    stream.close(false);
    stream.conclude();
  } finally {
    source.close();
  }
  return { told: withCountsAdded(told), inRuns };
}

/** Of a name in a state, how often it came is told in any number of calls. */
function withCountsAdded(told: readonly string[]): readonly string[] {
  const sums = new Map<string, number>();
  const others: string[] = [];
  for (const one of told) {
    const [, name = '', times, rest] = /^"counted" (\S+) (\d+) (.*)$/.exec(one) ?? [];
    if (times === undefined) others.push(one);
    else sums.set(`${name} ${rest}`, (sums.get(`${name} ${rest}`) ?? 0) + Number(times));
  }
  return [...others, ...[...sums].map(([name, times]) => `${name}: ${times}`)];
}

async function expectSame(content: Buffer, awaited = all): Promise<number> {
  return inFolder({ 'src.log': content }, async (path) => {
    const [inRuns, oneByOne] = [
      await replay(path('src.log'), true, awaited),
      await replay(path('src.log'), false, awaited),
    ];
    expect(inRuns.told).toEqual(oneByOne.told);
    expect(oneByOne.inRuns).toBe(0);
    return inRuns.inRuns;
  });
}

/** Only lines with a time stamp come in runs. */
function stamped(lines: readonly string[]): readonly string[] {
  return lines.map((line, at) => {
    const micros = `${at * 1000}`.padStart(8, '0');
    return `2026-11-23T01:10:${micros.slice(0, 2)}.${micros.slice(2)}Z ${line}`;
  });
}

test.each(fixtureLogs())('%s', async (_name, path) => {
  await expectSame(readFileSync(path));
});

test('correct and faulty runs, each of them twice in a log', async () => {
  const faultyRuns = INLINE.flatMap((base) =>
    CASES.flatMap((one) => Object.values(faulty(base, one) ?? {}).map((lines) => [...lines])),
  );
  const runs = [...CORRECT_RUNS.map(([, lines]) => lines), ...faultyRuns];
  expect(runs.length).toBeGreaterThan(50);
  let records = 0;
  for (const lines of runs) records += await expectSame(bytesOf(stamped([...lines, ...lines])));
  expect(records, 'lines of events came in runs, too').toBeGreaterThan(100);
});

test('events of a round that nobody awaits', async () => {
  const ends: Awaited = (event) => event === 'savevm_section_end';
  const round = [
    'savevm_state_iterate ',
    'savevm_section_start ram, section_id 2',
    'savevm_section_end ram, section_id 2 -> 0',
  ];
  const query = 'qemu_savevm_query_pending exact=0, final=0, precopy=4096, stopcopy=0, postcopy=0, total=4096';
  const sync = ['migration_bitmap_sync_start ', 'migration_bitmap_sync_end dirty_pages 1'];
  const state = (name: string) => `migrate_set_state new state ${name}`;
  const many = Array.from({ length: 60 }, (_, at) => [
    query,
    ...(at % 7 === 0 ? sync : []),
    ...round.slice(at % 3),
    ...(at % 5 === 0 ? sync : []),
  ]).flat();
  const logs = [...CORRECT_RUNS.map(([, lines]) => [...lines, ...lines]), [state('setup'), state('active'), ...many]];
  let records = 0;
  for (const lines of logs) {
    for (const awaited of [ends, () => false]) {
      // It may end among them.
      for (let cut = 0; cut < 4; cut += 1)
        records += await expectSame(bytesOf(stamped(lines.slice(0, lines.length - cut))), awaited);
    }
  }
  expect(records).toBeGreaterThan(1000);
});

test('behind the end of a migration, events decide for the next one', async () => {
  const query = (total: number) =>
    `qemu_savevm_query_pending exact=0, final=0, precopy=${total}, stopcopy=0, postcopy=0, total=${total}`;
  const queries = Array.from({ length: 40 }, (_, at) => query(at));
  const state = (name: string) => `migrate_set_state new state ${name}`;
  const one = [state('setup'), ...queries, state('completed')];
  expect(await expectSame(bytesOf(stamped([...one, ...one, ...queries])))).toBeGreaterThan(40);
});

test('property: parts of different runs behind each other, with and without lines in between', async () => {
  const logs = CORRECT_RUNS.map(([, lines]) => lines);
  const part = fc
    .constantFrom(...logs)
    .chain((lines) =>
      fc
        .tuple(fc.nat(lines.length), fc.nat(lines.length), fc.integer({ min: 2, max: 40 }))
        .map(([from, to, drop]) => lines.slice(from, to > from ? to : undefined).filter((_, at) => at % drop !== 1)),
    );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
      await expectSame(bytesOf(stamped(parts.flat())));
    }),
    { numRuns: 300 },
  );
});
