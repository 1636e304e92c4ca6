/** Whatever is done to the lines of a correct run: an answer in the fixed words, the same each time, and no crash. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import type { Report } from '../../src/report/report.ts';
import { linesOf, realCaptures, SKIPPED, TRACES_MISSING } from './captures.ts';
import { checkpoint, coloRun, oldPostcopyRun, postcopyRun, precopyRun } from './runs.ts';
import { expectTrueEvidence, reportOn } from './support.ts';

/** Fixed, so that a run can be repeated; fast-check prints the smallest failing case. */
const SEED = 20261123;
const VERDICTS = ['pass', 'violated', 'undecidable', 'not-applicable'];
const OUTCOMES = ['completed', 'cancelled', 'failed', 'aborted', 'running'];
const KINDS = ['precopy', 'postcopy', 'snapshot', 'background-snapshot', 'colo', 'unknown'];

type Edit =
  | { readonly what: 'swap' | 'move'; readonly at: number; readonly to: number }
  | { readonly what: 'duplicate' | 'delete' | 'cut'; readonly at: number }
  | { readonly what: 'digits'; readonly at: number; readonly digits: string }
  | { readonly what: 'tear'; readonly at: number; readonly length: number }
  | { readonly what: 'insert'; readonly at: number; readonly text: string };

const place = fc.nat({ max: 1_000_000 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ what: fc.constantFrom('swap' as const, 'move' as const), at: place, to: place }),
  fc.record({ what: fc.constantFrom('duplicate' as const, 'delete' as const, 'cut' as const), at: place }),
  fc.record({
    what: fc.constant('digits' as const),
    at: place,
    digits: fc.constantFrom(
      '0',
      '1',
      '7',
      '18446744073709551615',
      '18446744073709551616',
      '-1',
      '9007199254740993',
      '',
    ),
  }),
  fc.record({ what: fc.constant('tear' as const), at: place, length: fc.nat({ max: 60 }) }),
  fc.record({
    what: fc.constant('insert' as const),
    at: place,
    text: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }).map((text) => text.replaceAll('\n', ' ')),
      fc.constantFrom(
        'migrate_set_state new state setup',
        'migrate_set_state new state completed',
        'loadvm_state_setup ',
        'runstate_set current_run_state 15 (colo) new_state 9 (running)',
        'qemu_savevm_query_pending_bql locked=0',
        'mig_dirty_bytes_total_update old=1, new=2',
        '{"return": {"status": "active", "remaining": 0}}',
        'ERROR:../migration/savevm.c:1:qemu_savevm_query_pending_final: assertion failed: (bql_locked())',
      ),
    ),
  }),
);

function apply(lines: readonly string[], change: Edit): readonly string[] {
  if (lines.length === 0) return lines;
  const at = change.at % lines.length;
  const line = lines[at] ?? '';
  switch (change.what) {
    case 'swap': {
      const to = change.to % lines.length;
      return lines.with(at, lines[to] ?? '').with(to, line);
    }
    case 'move':
      return lines.toSpliced(at, 1).toSpliced(change.to % lines.length, 0, line);
    case 'duplicate':
      return lines.toSpliced(at, 0, line);
    case 'delete':
      return lines.toSpliced(at, 1);
    case 'cut':
      return change.at % 2 === 0 ? lines.slice(at) : lines.slice(0, at + 1);
    case 'digits': {
      const numbers = [...line.matchAll(/\d+/g)];
      const chosen = numbers[change.at % Math.max(1, numbers.length)];
      if (chosen === undefined) return lines;
      return lines.with(at, line.slice(0, chosen.index) + change.digits + line.slice(chosen.index + chosen[0].length));
    }
    case 'tear':
      return lines.with(at, line.slice(0, change.length));
    case 'insert':
      return lines.toSpliced(at, 0, change.text);
  }
}

/** The report, or the refusal of an input that shows no migration. */
async function answer(lines: readonly string[]): Promise<Report | string> {
  try {
    return await reportOn({ 'src.log': lines });
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown.message;
    throw thrown;
  }
}

function expectInOrder(report: Report, lines: readonly string[]): void {
  const ids = new Set(report.verdicts.map(({ rule }) => rule));
  expect(report.verdicts.length).toBe(ids.size * report.migrations.length);
  for (const { verdict, reason, enable, findings, findingCount } of report.verdicts) {
    expect(VERDICTS).toContain(verdict);
    expect(reason).not.toMatch(/^internal fault/);
    expect(reason).not.toBe('');
    expect(enable.length > 0).toBe(verdict === 'undecidable');
    expect(findings.length > 0).toBe(verdict === 'violated');
    expect(findingCount).toBeGreaterThanOrEqual(findings.length);
    expect(findings.length).toBeLessThanOrEqual(20);
  }
  for (const { kind, outcome } of report.migrations) {
    expect(KINDS).toContain(kind);
    expect(OUTCOMES).toContain(outcome);
  }
  const { pass, violated, undecidable, notApplicable } = report.summary;
  expect(pass + violated + undecidable + notApplicable).toBe(report.verdicts.length);
  expectTrueEvidence(report, { 'src.log': lines });
}

async function checkEdits(lines: readonly string[], edits: readonly Edit[]): Promise<void> {
  const changed = edits.reduce(apply, lines);
  const report = await answer(changed);
  expect(JSON.stringify(await answer(changed))).toBe(JSON.stringify(report));
  // Evidence is quoted as text: only where all of it survives the way through UTF-8 can it be compared.
  if (typeof report !== 'string')
    expectInOrder(
      report,
      changed.map((line) => Buffer.from(line).toString()),
    );
}

const property = (lines: readonly string[]) =>
  fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => checkEdits(lines, edits));

describe('inline runs', () => {
  test.each([
    ['precopy', precopyRun()],
    ['postcopy', postcopyRun()],
    ['COLO', coloRun(checkpoint(), checkpoint())],
    ['postcopy of 10.0', oldPostcopyRun()],
  ])('%s', async (_name, lines) => {
    await fc.assert(property(lines), { seed: SEED, numRuns: 150 });
  });
});

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  const small = realCaptures().flatMap((capture) => {
    const [lines, ...others] = Object.values(linesOf(capture));
    return lines === undefined || others.length > 0 || lines.length > 700 ? [] : [[capture.name, lines] as const];
  });

  test.each(small)('%s', async (_name, lines) => {
    await fc.assert(property(lines), { seed: SEED, numRuns: 25 });
  });
});

test('the same input gives the same bytes, samples included', async () => {
  const qmp = ['{"t0": 1795395600.0001, "t1": 1795395600.0002, "r": {"status": "active", "remaining": 1}}'];
  const once = () => reportOn({ 'src.log': precopyRun() }, { qmp });
  expect(JSON.stringify(await once())).toBe(JSON.stringify(await once()));
});
