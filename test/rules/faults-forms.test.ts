/** The faults in the other forms that a trace comes in: the same rules are violated. */
import { describe, expect, test } from 'vitest';
import { RULES } from '../../src/rules/registry.ts';
import { type Converter, parseLogLine, toFtrace, toLttng, toStap, toTraceCmd } from '../ingest/forms.ts';
import { PLAIN, pasteInto } from '../ingest/mails.ts';
import { simpleLogOf } from '../ingest/simple/from-log.ts';
import { CASES, expectedOf, faulty, INLINE } from './fault-cases.ts';
import { iso } from './runs.ts';
import { type Files, quickVerdicts } from './support.ts';

type Lines = readonly string[];

const ERRORS = new Set(RULES.filter(({ severity }) => severity === 'error').map(({ id }) => id));

/** Of one thread. */
const toTid: Converter = ({ seconds, micros, text }) => `7001@${seconds}.${micros}:${text}`;
const toText =
  (convert: Converter) =>
  (lines: Lines): Files => ({ 'src.log': iso(lines).map((line) => convert(parseLogLine(line))) });

const toSimple = (lines: Lines): Files => {
  const { bytes, table } = simpleLogOf(lines);
  return { 'src.trace': bytes, 'trace-events-all': table };
};

/** The main thread's own lines in a file of their own, as with -d tid. */
const toThreads = (lines: Lines): Files => {
  const isMain = (line: string): boolean =>
    / (?:qmp_\w+|migration_cleanup|migrate_set_state new state setup)/.test(line);
  const stamped = iso(lines);
  return { 'src-100.log': stamped.filter(isMain), 'src-101.log': stamped.filter((line) => !isMain(line)) };
};

const FORMS: Readonly<Record<string, (lines: Lines) => Files>> = {
  'time stamps': (lines) => ({ 'src.log': iso(lines) }),
  'thread ids': toText(toTid),
  'one log per thread': toThreads,
  ftrace: toText(toFtrace),
  'trace-cmd': toText(toTraceCmd),
  stap: toText(toStap()),
  lttng: toText(toLttng({ clock: 'date', process: 7000 })),
  simple: toSimple,
};

/** Another thread's lines would need another thread id. */
const ONE_THREAD = /thread|ftrace|trace-cmd/;

async function errorsIn(files: Files): Promise<Lines> {
  const verdicts = await quickVerdicts(files);
  const found = verdicts.filter(({ rule, verdict }) => verdict === 'violated' && ERRORS.has(rule));
  return [...new Set(found.map(({ rule }) => rule))].sort();
}

const BASES = INLINE.filter(({ name }) => /probes|mutex/.test(name));

describe.each(Object.entries(FORMS))('%s', (form, convert) => {
  test('correct runs', async () => {
    for (const { name, files } of INLINE) {
      // The vCPUs' lines are those of other threads.
      if (ONE_THREAD.test(form) && name.includes('mutex')) continue;
      expect(await errorsIn(convert(files['src.log'] ?? [])), name).toEqual([]);
    }
  });

  test('every fault', async () => {
    for (const base of BASES) {
      if (ONE_THREAD.test(form) && base.name.includes('mutex')) continue;
      for (const one of CASES) {
        const lines = faulty(base, one)?.['src.log'];
        if (lines === undefined) continue;
        const expected = Object.keys(expectedOf(base, one)).sort();
        expect(await errorsIn(convert(lines)), `${base.name}: ${one.name}`).toEqual(expected);
      }
    }
  });
});

test('pasted into a mail: what a line proves, and nothing else', async () => {
  const proofs = ['final-not-exact', 'total-not-sum'];
  for (const base of INLINE) {
    for (const one of CASES) {
      const lines = faulty(base, one)?.['src.log'];
      if (lines === undefined) continue;
      const expected = Object.keys(expectedOf(base, one)).filter((rule) => proofs.includes(rule));
      const found = await errorsIn({ 'mail.eml': pasteInto(lines, PLAIN) });
      expect(found, `${base.name}: ${one.name}`).toEqual(expected);
    }
  }
});
