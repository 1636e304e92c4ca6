/** Every log of the captured processes, counted again by other means. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SampleLog } from '../../src/ingest/samples.ts';
import { SKIPPED, TRACES, TRACES_MISSING } from '../rules/captures.ts';
import { captureFiles, logFiles } from './logs.ts';
import { labelOf, readPath } from './support.ts';

/** The problems of every log that has any. */
const PROBLEMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // Stamped before the log's lock: mutex events of several threads, and 10.0.
  'patched/clean-precopy-x/src.log': { 'time-jitter': 3 },
  'patched/no-bql-precopy-x/dst.log': { 'time-jitter': 6 },
  'patched/no-bql-precopy-x/src.log': { 'time-jitter': 1 },
  'real/10.0.13/postcopy@ts/dst.log': { 'time-jitter': 2 },
  // What qemu-io printed: `wrote 65536/65536 bytes at offset 943718400`.
  'real/11.1/dirty-bitmaps@ts/src.stderr': { 'unknown-line': 132 },
  // Line 240 is what is left of a query; behind it the other process's earlier lines go on.
  'real/11.1/precopy-iter@sharedlog/both.log': { 'torn-line': 1, 'time-backwards': 1 },
  'real/11.1/rotate@ts/src.log': { 'nul-bytes': 11_096 },
};

test.skipIf(TRACES_MISSING)(`the captures are there${SKIPPED}`, () => {
  expect(logFiles().length).toBeGreaterThan(100);
  expect(Object.keys(PROBLEMS).filter((name) => !logFiles().includes(name))).toEqual([]);
});

/** Events by name, by a plain search: at the beginning of a line, behind a prefix and NUL bytes. */
function countNames(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const event = /^\0*(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z |\d+@\d+\.\d+:)?([a-z][a-z0-9]*_[a-z0-9_]*)(?= |$)/;
  for (const line of text.split('\n')) {
    const name = event.exec(line)?.[1];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

describe.each(logFiles())('%s', (name) => {
  test('lines, digest, problems, and the events by name', async () => {
    const bytes = readFileSync(join(TRACES, name));
    const { items, facts, problems } = await readPath(join(TRACES, name));
    const text = bytes.toString('latin1');
    expect(facts.lines).toBe(text.split('\n').length - (text.endsWith('\n') || text === '' ? 1 : 0));
    expect(facts).toMatchObject({ bytes: bytes.length, digest: { kind: 'sha256' } });
    expect(facts.digest.hex).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(problems).toEqual(PROBLEMS[name] ?? {});
    const found = new Map<string, number>();
    for (const item of items) {
      if (item.kind !== 'event' && item.kind !== 'lock' && item.kind !== 'other-event') continue;
      found.set(labelOf(item), (found.get(labelOf(item)) ?? 0) + 1);
    }
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(countNames(text)));
    expect(facts.events).toBe([...found.values()].reduce((a, b) => a + b, 0));
  });
});

describe.each(captureFiles(/(?:samples|qmp)\.jsonl$/))('%s', (name) => {
  test('every line is understood, every answer of the source with the field is a sample', () => {
    const log = new SampleLog();
    let expected = 0;
    for (const [index, text] of readFileSync(join(TRACES, name), 'utf8').trimEnd().split('\n').entries()) {
      log.line(text, { input: 0, line: index + 1, text }, undefined);
      const line = JSON.parse(text);
      const isAnswer =
        line.r !== undefined || line.cmd?.execute === 'query-migrate' || line.msg?.return?.ram !== undefined;
      const answer = line.r ?? line.return ?? line.msg?.return;
      const shows = isAnswer && (answer?.remaining !== undefined || answer?.['dirty-bytes-total'] !== undefined);
      if (shows && line.who !== 'dst' && line.side !== 'dst') expected += 1;
    }
    expect([log.samples.length, log.notUnderstood]).toEqual([expected, 0]);
    for (const { from, to } of log.samples) expect(to ?? 0).toBeGreaterThan(from ?? Number.MAX_VALUE);
  });
});
