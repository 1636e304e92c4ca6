/**
 * Every fault of the contract's last table, put into correct runs of every
 * kind: it shows under its own rules and no other of severity error, with few
 * lines as evidence, the decisive one first.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLines, SKIPPED, TRACES, TRACES_MISSING } from './captures.ts';
import { type Base, CAPTURES, CASES, type Case, expectedOf, faulty, INLINE } from './fault-cases.ts';
import { aborted, finalBeforeStop, skipDirtyBytes, spotsOf, textOf } from './faults.ts';
import { hostTime, iso, postcopyRun, precopyRun } from './runs.ts';
import { doubt, judge, verdictOf, violatedRules } from './support.ts';

const named = CASES.map((one) => [one.name, one] as const);

async function expectFound(base: Base, one: Case): Promise<boolean> {
  const files = faulty(base, one);
  if (files === undefined) return false;
  const { verdicts } = await judge(files);
  const found = verdicts.filter(({ verdict, severity }) => verdict === 'violated' && severity === 'error');
  const expected = expectedOf(base, one);
  const what = `${base.name}: ${one.name}`;
  expect([...new Set(found.map(({ rule }) => rule))].sort(), what).toEqual(Object.keys(expected).sort());
  for (const { rule, findings } of found) {
    for (const { message, evidence } of findings) {
      expect(textOf(evidence[0]?.text ?? ''), what).toMatch(expected[rule] ?? /^$/);
      expect(evidence.length, what).toBeLessThanOrEqual(3);
      expect(new Set(evidence.map(({ file, line }) => `${file}:${line}`)).size, what).toBe(evidence.length);
      expect(message, what).toMatch(/^[a-z].*[^.\n]$/);
    }
  }
  return true;
}

describe('each fault shows under its own rules', () => {
  test.each(named)('%s', async (_name, one) => {
    const shown: boolean[] = [];
    for (const base of INLINE) shown.push(await expectFound(base, one));
    expect(shown).toContain(true);
  });

  test.skipIf(TRACES_MISSING).each(named)(`captures: %s${SKIPPED}`, async (_name, one) => {
    for (const base of CAPTURES) {
      // The captures with mutex events are long: for the faults that these show.
      if (one.name.startsWith('no-bql') || !base.name.includes('mutex')) await expectFound(base, one);
    }
  });
});

describe('what no event shows is undecidable, and the events are named', () => {
  test.each([
    ['final-without-bql', ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock']],
    ['last-sync-not-marked', ['migration_bitmap_sync_stage']],
    ['dirty-bytes-not-updated', ['mig_dirty_bytes_total_update', '--qmp']],
  ])('%s', async (rule, enable) => {
    for (const lines of [precopyRun(), postcopyRun({}, 'thread')]) {
      const verdict = doubt(await judge(lines), rule);
      expect([verdict.verdict, verdict.enable]).toEqual(['undecidable', enable]);
    }
  });

  test('skip-dirty-bytes, by a sample behind the final query', async () => {
    const stale = (bytes: number): string =>
      JSON.stringify({ t0: hostTime(27, 1), t1: hostTime(27, 2), r: { status: 'device', remaining: bytes } });
    const report = await judge(iso(precopyRun()), { qmp: [stale(4198400)] });
    expect(violatedRules(report)).toEqual(['dirty-bytes-not-updated']);
    expect(violatedRules(await judge(iso(precopyRun()), { qmp: [stale(4239360)] }))).toEqual([]);
  });
});

describe.skipIf(TRACES_MISSING)(`skip-dirty-bytes, with what query-migrate answered${SKIPPED}`, () => {
  const folder = join(TRACES, 'patched/simple-clean-precopy');

  test('the field keeps the total of the deciding query', async () => {
    const log = readLines(join(folder, 'src.log')).filter((line) => !line.includes('mig_dirty_bytes_total_update'));
    const answers = readLines(join(folder, 'qmp.jsonl'));
    const stale = answers.map((line) => line.replace('"dirty-bytes-total": 1294336', '"dirty-bytes-total": 1220608'));
    expect(stale).not.toEqual(answers);
    expect(violatedRules(await judge(log, { qmp: answers }))).toEqual([]);
    const report = await judge(log, { qmp: stale });
    expect(violatedRules(report)).toEqual(['dirty-bytes-not-updated']);
    const [finding] = verdictOf(report, 'dirty-bytes-not-updated').findings;
    expect(finding?.evidence.map(({ file, text }) => `${file} ${textOf(text).slice(0, 60)}`)).toEqual([
      'src.log qemu_savevm_query_pending exact=1, final=1, precopy=1294336,',
      'src.log qemu_savevm_query_pending exact=1, final=0, precopy=1220608,',
      'qmp.jsonl {"t": 1795397389.219522, "side": "src", "dir": "recv", "msg"',
    ]);
  });
});

/** The guest runs again on the source, and migrates a second time. */
const CONT = 'runstate_set current_run_state 5 (postmigrate) new_state 9 (running)';
const RUNS = [
  ['precopy', precopyRun()],
  ['postcopy', postcopyRun()],
] as const;

describe('two runs in one log: the fault shows in its own', () => {
  test.each(named)('%s', async (_name, one) => {
    for (const [name, lines] of RUNS) {
      const base = { name, files: { 'src.log': lines }, log: 'src.log' };
      const bad = faulty(base, one)?.['src.log'];
      if (bad === undefined) continue;
      const expected = Object.keys(expectedOf(base, one)).sort();
      for (const [, other] of RUNS) {
        for (const [at, whole] of [
          [...bad, CONT, ...other],
          [...other, CONT, ...bad],
        ].entries()) {
          const { verdicts } = await judge(whole);
          const found = verdicts.filter(({ verdict, severity }) => verdict === 'violated' && severity === 'error');
          expect(found.map(({ rule }) => rule).sort()).toEqual(expected);
          expect(found.map(({ migration }) => migration)).toEqual(found.map(() => at));
        }
      }
    }
  });
});

const NO_BQL = 'qemu_savevm_query_pending_final: assertion failed: (bql_locked())';
const NESTED = 'bql_lock_impl: assertion failed: (!bql_locked())';
const printed = (assertion: string): readonly string[] => [
  '== src',
  "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID[eax=01h].ECX.pni [bit 0]",
  '**',
  `ERROR:../src/migration/savevm.c:1794:${assertion}`,
  '== dst',
  'qemu-system-x86_64: load of migration failed: Invalid argument',
];

async function expectAborted(base: Base): Promise<void> {
  for (const [where, assertion, rule] of [
    ['begin', NO_BQL, 'final-without-bql'],
    ['handlers', NESTED, 'handler-takes-bql'],
  ] as const) {
    const lines = aborted(where)(base.files[base.log] ?? []);
    if (lines === undefined) continue;
    const files = { ...base.files, [base.log]: lines };
    const report = await judge({ ...files, 'stderr.txt': printed(assertion) });
    expect(violatedRules(report), base.name).toEqual([rule]);
    const last = report.migrations.length - 1;
    expect(verdictOf(report, rule, last).findings[0]?.evidence.map(({ text }) => text)).toEqual([
      printed(assertion)[3],
    ]);
    expect(violatedRules(await judge(files)), base.name).toEqual([]);
    const merged = [...lines, ...printed(assertion).slice(2, 4)];
    expect(violatedRules(await judge({ ...base.files, [base.log]: merged })), base.name).toEqual([rule]);
    expect(doubt(await judge(files), rule, last), base.name).toMatchObject({ verdict: 'undecidable' });
  }
}

describe('QEMU aborts in the final query', () => {
  test('inline runs', async () => {
    for (const base of INLINE) await expectAborted(base);
  });

  // With one log per thread the others go on a little; cut as it is that log would be another run's.
  const whole = CAPTURES.filter(({ files }) => Object.keys(files).length === 1);

  test.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, async () => {
    for (const base of whole) await expectAborted(base);
  });
});

test('the faults change what they say', () => {
  const run = precopyRun();
  expect(spotsOf(run)).toMatchObject([{ begin: 15, stop: 16, own: [22, 23], final: 24, end: 34, checkpoint: false }]);
  expect(finalBeforeStop(run)?.slice(14, 19)).toEqual([run[14], run[22], run[23], run[24], run[15]]);
  expect(skipDirtyBytes(run)).toBeUndefined();
});
