/** Recordings of the whole host: threads, several processes in one, clocks, and what the recorder lost. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  type Converter,
  type LogLine,
  parseLogLine,
  toFtrace,
  toFtraceWithProcess,
  toLttng,
  toStap,
} from '../ingest/forms.ts';
import { readLines, SKIPPED, TRACES, TRACES_MISSING } from './captures.ts';
import { hostTime, iso, precopyRun } from './runs.ts';
import { reportOn, verdictOf, violatedRules } from './support.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/traces', import.meta.url));
const CLEAN = readLines(join(FIXTURES, '11.1-precopy/src.log'));

interface Part {
  readonly lines: readonly string[];
  /** Of all its lines, unless they show their own. */
  readonly thread?: number | undefined;
  readonly convert: Converter;
  readonly laterBy?: number;
}

/** The lines of all parts by their time, as one recorder would have written them. */
function record(parts: readonly Part[]): readonly string[] {
  const lines = parts.flatMap(({ lines: own, thread, convert, laterBy = 0 }) =>
    own.map((text) => {
      const { thread: shown, seconds = 0, ...line } = parseLogLine(text);
      const moved: LogLine = { ...line, seconds: seconds + laterBy, thread: shown ?? thread };
      return { at: (seconds + laterBy) * 1e6 + Number(line.micros), text: convert(moved) };
    }),
  );
  return lines.sort((a, b) => a.at - b.at).map(({ text }) => text);
}

function threadsOf(folder: string, pattern: RegExp) {
  return readdirSync(folder).flatMap((file) => {
    const thread = pattern.exec(file)?.[1];
    return thread === undefined ? [] : [{ lines: readLines(join(folder, file)), thread: Number(thread) }];
  });
}

const verdicts = (report: Awaited<ReturnType<typeof reportOn>>) =>
  report.verdicts.map(({ rule, verdict, migration }) => [migration, rule, verdict]);

describe.skipIf(TRACES_MISSING)(`logs of threads, recorded as one${SKIPPED}`, () => {
  test.each([
    ['real/11.1/precopy-iter@mutextid', /^src\.log\.(\d+)$/, [], 'pass'],
    ['patched/no-bql-postcopy-tid', /^src-(\d+)\.log$/, ['final-without-bql'], 'violated'],
  ])('%s: the BQL is decided by the threads', async (name, pattern, rules, bql) => {
    const threads = threadsOf(join(TRACES, name), pattern);
    for (const convert of [toFtrace, toLttng({ clock: 'time' }), toLttng({ clock: 'seconds', process: 9 })]) {
      const report = await reportOn({ 'src.txt': record(threads.map((part) => ({ ...part, convert }))) });
      expect(violatedRules(report)).toEqual(rules);
      expect(verdictOf(report, 'final-without-bql').verdict).toBe(bql);
    }
  });
});

describe.skipIf(TRACES_MISSING)(`source and destination in one recording${SKIPPED}`, () => {
  const folder = join(TRACES, 'patched/no-bql-postcopy-tid');
  const source = TRACES_MISSING ? [] : threadsOf(folder, /^src-(\d+)\.log$/);
  const both = TRACES_MISSING ? [] : threadsOf(folder, /^dst-(\d+)\.log$/);

  test.each([
    ['ftrace', (process: number) => toFtraceWithProcess(process)],
    ['stap', toStap],
    ['lttng', (process: number) => toLttng({ clock: 'seconds', process })],
  ])('%s shows whose a line is: the source is judged as if alone', async (_name, convert) => {
    const own = source.map((part) => ({ ...part, convert: convert(9600) }));
    const other = both.map((part) => ({ ...part, convert: convert(9601) }));
    const alone = await reportOn({ 'src.txt': record(own) });
    const together = await reportOn({ 'src.txt': record([...other, ...own]) });
    expect(verdicts(together)).toEqual(verdicts(alone));
    expect(violatedRules(together)).toEqual(['final-without-bql']);
    expect(together.inputs[0]).toMatchObject({ side: 'source', problems: [] });
  });

  test('without process ids nothing is concluded, and the mixture is named', async () => {
    const parts = [...source, ...both].map((part) => ({ ...part, convert: toFtrace }));
    const report = await reportOn({ 'src.txt': record(parts) });
    expect(violatedRules(report)).toEqual([]);
    expect(report.inputs[0]?.problems.map(({ code }) => code)).toEqual(['two-processes']);
    expect(verdictOf(report, 'final-repeated').verdict).toBe('undecidable');
  });
});

describe('two sources in one recording', () => {
  const overlapping = (convert: (process: number, thread: number) => Converter) =>
    record([
      { lines: CLEAN, thread: 11, convert: convert(1, 11) },
      { lines: CLEAN, thread: 22, convert: convert(2, 22), laterBy: 1 },
    ]);

  test.each([
    ['ftrace', toFtraceWithProcess],
    ['stap', (process: number) => toStap(process)],
    ['lttng', (process: number) => toLttng({ clock: 'time', process })],
  ])('%s: each is judged as if alone', async (_name, convert) => {
    const alone = await reportOn({ 'src.txt': record([{ lines: CLEAN, thread: 11, convert: convert(1, 11) }]) });
    const report = await reportOn({ 'src.txt': overlapping(convert) });
    const own = verdicts(alone);
    expect(verdicts(report)).toEqual([...own, ...own.map(([, rule, verdict]) => [1, rule, verdict])]);
  });

  test('with threads alone, nobody is accused, and the mixture is named', async () => {
    for (const laterBy of [0, 1, 2]) {
      const lines = record([
        { lines: CLEAN, thread: 11, convert: toFtrace },
        { lines: CLEAN, thread: 22, convert: toFtrace, laterBy },
      ]);
      const report = await reportOn({ 'src.txt': lines });
      expect(violatedRules(report)).toEqual([]);
      expect(report.inputs[0]?.problems.map(({ code }) => code)).toContain('two-processes');
    }
  });

  test('one after the other they are two migrations', async () => {
    const lines = record([
      { lines: CLEAN, thread: 11, convert: toFtrace },
      { lines: CLEAN, thread: 22, convert: toFtrace, laterBy: 600 },
    ]);
    const report = await reportOn({ 'src.txt': lines });
    expect(report.inputs[0]?.problems).toEqual([]);
    expect(report.migrations.map(({ outcome }) => outcome)).toEqual(['completed', 'completed']);
    expect(violatedRules(report)).toEqual([]);
  });

  test('an event whose process is not shown is nobody’s', async () => {
    const lines = overlapping(toFtraceWithProcess).map((line, index) =>
      index % 40 === 39 ? line.replace(/\( +\d+\)/, '(-------)') : line,
    );
    const report = await reportOn({ 'src.txt': lines });
    expect(violatedRules(report)).toEqual([]);
    expect(report.inputs[0]?.problems.map(({ code }) => code)).toEqual(['two-processes']);
    for (const migration of [0, 1]) expect(verdictOf(report, 'final-missing', migration).verdict).toBe('undecidable');
  });
});

describe('samples of query-migrate', () => {
  const log = iso(precopyRun());
  /** After the final query: the total of the one before it. */
  const answer = { t0: hostTime(27, 3), t1: hostTime(27, 5), r: { status: 'device', remaining: 4198400 } };
  const judged = async (convert: Converter) => {
    const report = await reportOn({ 'src.txt': record([{ lines: log, convert }]) }, { qmp: [JSON.stringify(answer)] });
    return verdictOf(report, 'dirty-bytes-not-updated');
  };

  test('are tied to a clock that counts from 1970', async () => {
    for (const convert of [toStap(), toLttng({ clock: 'seconds' })]) {
      expect(await judged(convert)).toMatchObject({ verdict: 'violated' });
    }
  });

  test('are not judged by any other clock', async () => {
    const sinceBoot: Converter = (line) => toStap()(line).replace(/@17953/, '@3');
    for (const convert of [toFtrace, toLttng({ clock: 'time' }), toLttng({ clock: 'date' }), sinceBoot]) {
      expect(await judged(convert)).toMatchObject({ verdict: 'undecidable' });
    }
  });
});

describe('what the recorder lost', () => {
  const lines = record([{ lines: CLEAN, thread: 11, convert: toFtrace }]);
  const at = lines.findIndex((line) => line.includes('final=1'));

  test('before the migration: nothing changes', async () => {
    const whole = await reportOn({ 'src.txt': lines });
    const oneRing = lines.map((line) => line.replace(/\[00\d\]/, '[000]'));
    const report = await reportOn({ 'src.txt': ['# entries-in-buffer/entries-written: 10/20   #P:1', ...oneRing] });
    expect(verdicts(report)).toEqual(verdicts(whole));
    expect(report.inputs[0]?.problems).toMatchObject([{ code: 'lost-events', count: 10, firstLine: 1 }]);
  });

  test.each(['CPU:1 [LOST 3 EVENTS]', '##### CPU 1 buffer started ####'])('within it: %s', async (lost) => {
    const report = await reportOn({ 'src.txt': [...lines.slice(0, at), lost, ...lines.slice(at)] });
    expect(violatedRules(report)).toEqual([]);
    for (const rule of ['final-missing', 'sync-after-final', 'estimate-with-sync']) {
      expect(verdictOf(report, rule).verdict).toBe('undecidable');
    }
  });

  test('each line lost and named: nobody is accused', async () => {
    for (let index = 0; index < lines.length; index += 3) {
      const report = await reportOn({ 'src.txt': lines.with(index, 'CPU:0 [LOST 1 EVENTS]') });
      expect(violatedRules(report), lines[index]).toEqual([]);
    }
  });

  test('a ring buffer that begins anywhere, marked or not: nobody is accused', async () => {
    const heading = '# entries-in-buffer/entries-written: 10/20   #P:2';
    for (let from = 0; from < lines.length; from += 1) {
      // Every other line was on the second CPU, whose ring buffer begins there.
      const rest = lines.flatMap((line, index) => {
        if (index % 2 === 0) return [line.replace(/\[00\d\]/, '[000]')];
        return index < from ? [] : [line.replace(/\[00\d\]/, '[001]')];
      });
      const report = await reportOn({ 'src.txt': [heading, ...rest] });
      expect(violatedRules(report), lines[from]).toEqual([]);
    }
  });

  test.skipIf(TRACES_MISSING)(`of the mutex events${SKIPPED}`, async () => {
    const trace = readLines(join(TRACES, 'patched/ftrace-clean-precopy/src.ftrace.txt'));
    const final = trace.findIndex((line) => line.includes('final=1'));
    const taken = trace.findLastIndex((line, index) => index < final && /13286.*qemu_mutex_locked taken/.test(line));
    for (let from = taken - 40; from <= taken; from += 4) {
      const rest = [...trace.slice(0, from), 'CPU:0 [LOST 99 EVENTS]', ...trace.slice(taken + 1)];
      const report = await reportOn({ 'src.txt': rest });
      expect(violatedRules(report)).toEqual([]);
      expect(verdictOf(report, 'final-without-bql').verdict).not.toBe('violated');
    }
  });
});
