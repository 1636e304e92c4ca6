/**
 * However a log is pasted into a mail, its events come out again, all of them
 * and in order. Whatever the bytes of a mail, each line is accounted for. And no
 * log is ever taken for a mail.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mailFormOf } from '../../src/ingest/mail/recognise.ts';
import type { TraceItem } from '../../src/ingest/trace-item.ts';
import { SKIPPED, TRACES, TRACES_MISSING } from '../rules/captures.ts';
import { captureFiles } from './logs.ts';
import { type Pasting, pasteInto } from './mails.ts';
import { readItems } from './support.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/traces');
const LOGS = readdirSync(FIXTURES).map((name) => logOf(name));

function logOf(name: string): readonly string[] {
  return readFileSync(join(FIXTURES, name, 'src.log'), 'utf8')
    .trimEnd()
    .split('\n');
}

const pasting: fc.Arbitrary<Pasting> = fc.record({
  quote: fc.constantFrom('', '> ', '>> ', '> > ', '> > > ', '>', '| ', '  ', '> | '),
  width: fc.oneof(fc.constant(0), fc.integer({ min: 60, max: 100 })),
  flowed: fc.boolean(),
  encoding: fc.constantFrom('7bit', 'quoted-printable', 'base64'),
  crlf: fc.boolean(),
  proseEvery: fc.constantFrom(0, 1, 3, 10),
  multipart: fc.boolean(),
  bodyOnly: fc.boolean(),
});

const excerpt = fc
  .record({
    log: fc.constantFrom(...LOGS),
    from: fc.nat(300),
    length: fc.integer({ min: 1, max: 40 }),
    bare: fc.boolean(),
  })
  .map(({ log, from, length, bare }) => {
    const start = from % log.length;
    const lines = log.slice(start, start + length);
    const unstamped = lines.map((line) => line.replace(/^\d+@[\d.]+:|^[\dT:.-]+Z /, ''));
    return { lines: bare ? unstamped : lines, stamped: !bare };
  });

/** All that the replay sees of an event but where it stood. */
function eventsOf(items: readonly TraceItem[]) {
  return items.flatMap((item) => {
    if (item.kind !== 'event' && item.kind !== 'lock' && item.kind !== 'other-event') return [];
    const { place: _, ...rest } = item;
    return [rest];
  });
}

test('the events of a pasted log come out as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(excerpt, pasting, async ({ lines, stamped }, pasted) => {
      const how = stamped ? pasted : { ...pasted, proseEvery: 0 };
      // Events without arguments and without time stamps are a list of names, unless others stand with them.
      fc.pre(stamped || lines.some((line) => / .*\d/.test(line)));
      const original = await readItems(lines);
      const { items, facts, problems } = await readItems(pasteInto(lines, how));
      expect(eventsOf(items)).toEqual(eventsOf(original.items));
      expect(facts.format).toBe(`mail:${original.facts.format}`);
      expect(problems.excerpt).toBeGreaterThan(0);
    }),
    { numRuns: 150 },
  );
});

test('each line of a mail is accounted for, whatever its bytes', async () => {
  const heads = fc.constantFrom(
    'From: a\nSubject: b\n\n',
    'From a 2026\nTo: b\n\n',
    'Subject: a\nDate: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n',
  );
  const pieces = fc.constantFrom(
    '> ',
    '=',
    '\n',
    '\r\n',
    '--x\n',
    '--x--',
    ' ',
    ',',
    '@@ -1,2 +1 @@\n',
    '\n\n',
    'From a 2026\nTo: b\n\n',
    '\u00a0',
  );
  const logLines = fc.constantFrom(...LOGS.flatMap((log) => log.slice(20, 30)));
  const cut = fc.tuple(logLines, fc.nat(200)).map(([line, at]) => line.slice(0, at));
  const noise = fc
    .uint8Array({ maxLength: 20 })
    .map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll('\0', ''));
  const body = fc.array(fc.oneof(pieces, logLines, cut, noise), { maxLength: 60 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(heads, body, async (head, text) => {
      const bytes = Buffer.from(head + text, 'latin1');
      const { facts, problems } = await readItems(bytes);
      expect(facts.format).toMatch(/^mail/);
      const filled = bytes
        .toString('latin1')
        .replace(/\n$/, '')
        .split('\n')
        .filter((line) => line.replace(/\r$/, '') !== '');
      const damaged = (problems['torn-line'] ?? 0) + (problems['unknown-arguments'] ?? 0);
      const beside = (problems.prose ?? 0) + (problems['wrapped-lines'] ?? 0) + (problems['repeated-lines'] ?? 0);
      expect(facts.events + facts.messages + damaged + beside).toBe(filled.length);
    }),
    { numRuns: 200 },
  );
});

test.skipIf(TRACES_MISSING)(`no captured file is taken for a mail${SKIPPED}`, () => {
  const files = captureFiles(/\.[a-z]+(?:\.\d+)?$|trace-events-all$/);
  expect(files.length).toBeGreaterThan(200);
  const taken = files.filter((file) => mailFormOf(readFileSync(join(TRACES, file)).subarray(0, 1 << 16)) !== undefined);
  expect(taken).toEqual([]);
});

/** Where a capture may be cut: also in its middle, and behind other text. */
test.skipIf(TRACES_MISSING)(`nor is a piece of one${SKIPPED}`, () => {
  const taken = captureFiles(/src\.log$|stderr\.txt$/).flatMap((file) => {
    const bytes = readFileSync(join(TRACES, file)).subarray(0, 1 << 20);
    const starts = Array.from({ length: 20 }, (_, index) => Math.floor((bytes.length * index) / 20));
    return starts
      .filter((start) => mailFormOf(bytes.subarray(start, start + 20_000)) !== undefined)
      .map((start) => `${file} ${start}`);
  });
  expect(taken).toEqual([]);
});
