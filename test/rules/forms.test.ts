/**
 * The same migrations as other back ends and their tools show them: each log is
 * rewritten line by line into every other form, and must be judged the same.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/report.ts';
import { type Converter, parseLogLine, toFtrace, toLttng, toStap, toTraceCmd } from '../ingest/forms.ts';
import { patchedCaptures, readLines, realCaptures, SKIPPED, TRACES_MISSING } from './captures.ts';
import { reportOn } from './support.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/traces', import.meta.url));
const SMALL = 400_000;

const fixtures = readdirSync(FIXTURES).map((name) => ({ name, path: join(FIXTURES, name, 'src.log') }));
const captures = [...realCaptures(), ...patchedCaptures()].flatMap(({ name, inputs }) =>
  inputs
    .filter((path) => /\/src\.log(?:\.\d+)?$/.test(path) && statSync(path).size < SMALL)
    .map((path) => ({ name: path.slice(path.indexOf(name)), path })),
);
/** A log that was truncated is no recording of another back end. Where the log has its threads, or no mutex event, a thread id on every line changes nothing. */
const logs = [...fixtures, ...captures].map((log) => {
  const lines = readLines(log.path);
  const stamped = lines.filter((line) => parseLogLine(line).seconds !== undefined).length;
  const threads = lines.some((line) => parseLogLine(line).thread !== undefined);
  const locks = lines.some((line) => line.includes('qemu_mutex_'));
  const whole = lines.every((line) => !line.includes('\0'));
  return { ...log, lines, stamped: whole && stamped * 2 > lines.length, threads: threads || !locks };
});

const TO: Readonly<Record<string, Converter>> = {
  ftrace: toFtrace,
  'trace-cmd': toTraceCmd,
  stap: toStap(),
  'lttng, time of the day': toLttng({ clock: 'time' }),
  'lttng, date': toLttng({ clock: 'date', process: 7000 }),
  'lttng, seconds': toLttng({ clock: 'seconds', process: 7000 }),
};
const FORMATS: Readonly<Record<string, string>> = { ftrace: 'ftrace', 'trace-cmd': 'ftrace', stap: 'stap' };

function essence({ migrations, verdicts }: Report) {
  return {
    migrations: migrations.map(({ kind, outcome, queries, syncs, iterations, downtimeNs, finalTotalBytes, states }) => {
      return { kind, outcome, queries, syncs, iterations, downtimeNs, finalTotalBytes, states };
    }),
    verdicts: verdicts.map(({ rule, verdict, reason, findings }) => ({
      rule,
      verdict,
      reason,
      findings: findings.map(({ message, evidence }) => [message, ...evidence.map(({ line }) => line)]),
    })),
  };
}

async function judged(lines: readonly string[]): Promise<Report | undefined> {
  try {
    return await reportOn({ 'src.log': Buffer.from(`${lines.join('\n')}\n`, 'latin1') });
  } catch {
    return undefined;
  }
}

test.skipIf(TRACES_MISSING)(`there are captures to rewrite${SKIPPED}`, () => {
  expect(logs.filter(({ stamped }) => stamped).length).toBeGreaterThan(40);
});

describe.each(logs.filter(({ stamped }) => stamped))('$name', ({ lines, threads }) => {
  test('is judged the same in every form', async () => {
    const original = await judged(lines);
    for (const [name, convert] of Object.entries(TO)) {
      if (!threads && (FORMATS[name] ?? '') === 'ftrace') continue;
      // stap shows no threads: compare with the log that does not either.
      const shown = name === 'stap' ? await judged(lines.map(withoutThread)) : original;
      const report = await judged(lines.map((line) => convert(parseLogLine(line))));
      expect(report === undefined, name).toBe(shown === undefined);
      if (report === undefined || shown === undefined) continue;
      expect(report.inputs[0]?.format, name).toBe(FORMATS[name] ?? 'lttng-text');
      expect(
        report.inputs[0]?.problems.map(({ code, count }) => [code, count]),
        name,
      ).toEqual(shown.inputs[0]?.problems.map(({ code, count }) => [code, count]));
      expect(essence(report), name).toEqual(essence(shown));
    }
  });
});

function withoutThread(line: string): string {
  const { seconds, micros, text } = parseLogLine(line);
  if (seconds === undefined) return line;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${micros}Z ${text}`;
}
