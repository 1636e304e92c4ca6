/**
 * A mail is an excerpt: what stands in a line is judged, what is missing never.
 * Not one correct run is accused, however it is pasted and shortened.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RULES } from '../../src/rules/registry.ts';
import { PLAIN, pasteInto } from '../ingest/mails.ts';
import {
  linesOf,
  metaOf,
  patchedCaptures,
  readLines,
  realCaptures,
  SKIPPED,
  TRACES,
  TRACES_MISSING,
} from './captures.ts';
import { final, postcopyRun, precopyRun, query, sync } from './runs.ts';
import { accusation, accused, judge, quickVerdicts, reportOn, verdictOf, violatedRules } from './support.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/traces');
const HEAD = ['From: A <a@example.org>', 'Subject: Re: [PATCH] migration: final query', ''];
const ERRORS = new Set(RULES.filter(({ severity }) => severity === 'error').map(({ id }) => id));
const quoted = (lines: readonly string[]): readonly string[] => lines.map((line) => `> ${line}`);
const log = (name: string): readonly string[] => readLines(join(FIXTURES, name, 'src.log'));
const judgeMail = (lines: readonly string[]) => judge({ 'mail.eml': [...HEAD, ...lines] });

describe('what one line proves stands', () => {
  test('final-not-exact', async () => {
    const report = await judgeMail(quoted(precopyRun({ final: [query(0, 1, {})] })));
    expect(accusation(report, 'final-not-exact')).toEqual(
      accused(
        'the final query was made with exact=0',
        'mail.eml:26 > qemu_savevm_query_pending exact=0, final=1, total=0',
      ),
    );
    // Nothing synced, as far as the mail shows.
    expect(violatedRules(report)).toEqual(['final-not-exact']);
    expect(verdictOf(report, 'final-without-sync').verdict).toBe('undecidable');
  });

  test('total-not-sum', async () => {
    const report = await judgeMail(quoted([...sync(1), final({ precopy: 4096, total: 8192 })]));
    expect(violatedRules(report)).toEqual(['total-not-sum']);
  });

  test('but not where the mail cuts the line off in its total', async () => {
    const cut = 'qemu_savevm_query_pending exact=1, final=1, precopy=4239360, stopcopy=0, postcopy=0, total=4239';
    const report = await judgeMail(['Look:', cut, 'Thanks']);
    expect(verdictOf(report, 'total-not-sum')).toMatchObject({
      verdict: 'undecidable',
      reason: 'line 5 may break off within its total, 4239',
    });
  });

  test('the assertion that ended QEMU, in what it printed', async () => {
    const name = 'thread-no-bql-assert';
    const stderr = readLines(join(FIXTURES, name, 'stderr.txt'));
    const broken = stderr.flatMap((line) => line.replace('assertion failed', 'assertion\nfailed').split('\n'));
    for (const printed of [stderr, broken]) {
      const lines = [...HEAD, ...quoted(log(name)), '', 'And on stderr:', ...quoted(printed), ''];
      const report = await reportOn({ 'mail.eml': lines.join('\n') });
      expect(violatedRules(report)).toEqual(['final-without-bql']);
      expect(report.migrations.map(({ outcome }) => outcome)).toEqual(['aborted']);
    }
  });
});

describe('what is missing proves nothing', () => {
  test.each([
    ['thread-no-final', 'final-missing'],
    ['thread-skip-dirty-bytes', 'dirty-bytes-not-updated'],
  ])('%s', async (name, rule) => {
    const report = await judgeMail(quoted(log(name)));
    expect(violatedRules(report)).toEqual([]);
    expect(verdictOf(report, rule).verdict).not.toBe('pass');
    expect(report.inputs[0]?.problems.map(({ code }) => code)).toContain('excerpt');
  });

  test('a run of 10.0 and a run of 11.1 in one mail', async () => {
    const lines = ['Before:', ...quoted(log('10.0-postcopy')), 'After:', ...quoted(log('11.1-precopy'))];
    expect(violatedRules(await judgeMail(lines))).toEqual([]);
  });

  test('a source and its destination', async () => {
    const destination = [
      'migrate_set_state new state setup',
      'loadvm_state_setup ',
      'migrate_set_state new state active',
      'migrate_set_state new state completed',
    ];
    for (const lines of [
      [...precopyRun(), 'dst:', ...destination],
      [...destination, 'src:', ...precopyRun()],
      [...precopyRun().slice(0, 12), 'dst:', ...destination, 'src:', ...precopyRun().slice(12)],
    ]) {
      expect(violatedRules(await judgeMail(lines))).toEqual([]);
    }
  });

  test('a log that was shortened by hand', async () => {
    const run = postcopyRun();
    const shortened = [...run.slice(0, 5), '[...]', ...run.slice(-6)];
    const report = await judge(shortened);
    expect(violatedRules(report)).toEqual([]);
    expect(report.verdicts.filter(({ verdict }) => verdict === 'pass')).toEqual([]);
  });
});

test('clean runs, pasted and shortened at will: nobody is accused', async () => {
  const runs = readdirSync(FIXTURES)
    .filter((name) => name !== 'thread-no-bql-assert')
    .map(log);
  const piece = fc.record({
    run: fc.constantFrom(...runs),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 120 }),
    /** Lines that the author left out of it. */
    without: fc.array(fc.nat(120), { maxLength: 20 }),
  });
  const how = fc.record({
    quote: fc.constantFrom('> ', '> > ', ''),
    width: fc.constantFrom(0, 72, 78, 100),
    encoding: fc.constantFrom('7bit', 'quoted-printable', 'base64'),
    proseEvery: fc.constantFrom(0, 0, 7, 30),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 3 }), how, async (pieces, given) => {
      const lines = pieces.flatMap(({ run, from, length, without }) => {
        const start = Math.floor(from * run.length);
        return run.slice(start, start + length).filter((_, index) => !without.includes(index));
      });
      const verdicts = await quickVerdicts({ 'mail.eml': pasteInto(lines, { ...PLAIN, ...given }) });
      const accusing = verdicts.filter(({ verdict, rule }) => verdict === 'violated' && ERRORS.has(rule));
      expect(accusing).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test.skipIf(TRACES_MISSING)(
  `captures pasted as they are: only what a line proves is left${SKIPPED}`,
  async () => {
    const proofs = new Set(['final-not-exact', 'total-not-sum', 'final-without-bql', 'handler-takes-bql']);
    for (const capture of [...realCaptures(), ...patchedCaptures()]) {
      const meant = capture.name.startsWith('patched/') ? metaOf(capture).rules : [];
      for (const [name, lines] of Object.entries(linesOf(capture))) {
        const some = lines.length > 3000 ? [...lines.slice(0, 1500), ...lines.slice(-1500)] : lines;
        const mail = [...HEAD, ...quoted(some), ''].join('\n');
        const verdicts = await quickVerdicts({ [`${name}.eml`]: Buffer.from(mail, 'latin1') });
        const accusing = verdicts.filter(({ verdict, rule }) => verdict === 'violated' && ERRORS.has(rule));
        const wrong = accusing.filter(({ rule }) => !meant.includes(rule) || !proofs.has(rule));
        expect(wrong, capture.name).toEqual([]);
      }
    }
  },
  120_000,
);

const THREAD = join(TRACES, '../patches/review-thread.txt');

test.skipIf(!existsSync(THREAD))('a thread with code and no trace is refused in one sentence', async () => {
  await expect(reportOn({ 'thread.txt': readFileSync(THREAD) })).rejects.toThrow(
    /^thread\.txt has no trace event of QEMU in its \d+ lines; record one with /,
  );
});

test('an empty mail, and one without a trace', async () => {
  await expect(reportOn({ 'a.eml': [...HEAD, 'Hello,', 'migrate_set_state is traced, too.'] })).rejects.toThrow(
    'a.eml has no trace event of QEMU in its 5 lines',
  );
});
