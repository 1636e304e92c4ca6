/** What is said of a rule whose verdict changed, and whether CI lets it pass. */
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import type { Diff, DiffRun, MetricDiff } from '../../src/diff/diff.ts';
import { FAIL_ON, judge, parseThreshold } from '../../src/diff/gate.ts';
import { changeOf } from '../../src/diff/rules.ts';
import type { Severity, VerdictReport } from '../../src/report/report.ts';
import { buildFinding, buildMigration, buildReport, buildVerdict } from '../report/build.ts';
import { type Compared, compare } from './support.ts';

type Verdict = VerdictReport['verdict'];

describe('the change of a verdict', () => {
  const verdicts: readonly (Verdict | undefined)[] = ['pass', 'violated', 'undecidable', 'not-applicable', undefined];

  test.each([
    ['pass', ['unchanged', 'newly-violated', 'newly-undecidable', 'unchanged', 'unchanged']],
    ['violated', ['fixed', 'still-violated', 'newly-undecidable', 'unchanged', 'unchanged']],
    ['undecidable', ['newly-decidable', 'newly-violated', 'unchanged', 'unchanged', 'unchanged']],
    ['not-applicable', ['unchanged', 'newly-violated', 'newly-undecidable', 'unchanged', 'unchanged']],
    [undefined, ['unchanged', 'newly-violated', 'newly-undecidable', 'unchanged', 'unchanged']],
  ] as const)('from %s to each', (base, changes) => {
    expect(verdicts.map((head) => changeOf(base, head))).toEqual(changes);
  });
});

function runWith(verdict: Verdict, parts: Partial<VerdictReport> = {}): DiffRun {
  const findings = verdict === 'violated' ? [buildFinding()] : [];
  const report = buildReport({
    migrations: [buildMigration({ outcome: 'completed' })],
    verdicts: [buildVerdict({ verdict, findings, ...parts })],
  });
  return { name: 'x.log', source: 'trace', facts: report };
}

const runs = (...verdicts: readonly Verdict[]): readonly DiffRun[] => verdicts.map((verdict) => runWith(verdict));

describe('of several runs', () => {
  test('a side has its worst verdict, and counts them all', () => {
    const { rules } = compare(runs('pass', 'pass', 'pass'), runs('pass', 'violated', 'undecidable'));
    expect(rules).toMatchObject([
      {
        base: 'pass',
        head: 'violated',
        change: 'newly-violated',
        baseCounts: { pass: 3, violated: 0 },
        headCounts: { pass: 1, violated: 1, undecidable: 1 },
      },
    ]);
  });

  test('one that is not decided in all of head is not fixed', () => {
    expect(compare(runs('violated', 'pass'), runs('pass', 'undecidable')).rules[0]?.change).toBe('newly-undecidable');
    expect(compare(runs('violated', 'pass'), runs('pass', 'pass')).rules[0]?.change).toBe('fixed');
  });
});

test('whether a sample falls behind the final query is chance', () => {
  const seen = runWith('pass', { reason: '9 samples of query-migrate show the total of the last query' });
  const missed = runWith('undecidable', {
    reason: '6 samples of query-migrate agree, but none shows that the final query stored its total',
  });
  const without = runWith('undecidable', {
    reason: 'no probe event and no sample of query-migrate shows dirty_bytes_total',
  });
  expect(compare([seen], [missed]).rules[0]?.change).toBe('unchanged');
  expect(compare([missed], [seen]).rules[0]?.change).toBe('unchanged');
  expect(compare([seen], [without]).rules[0]?.change).toBe('newly-undecidable');
  expect(compare([missed], [runWith('violated')]).rules[0]?.change).toBe('newly-violated');
});

test('the order: newly violated first, errors first', () => {
  const named = (rule: string, severity: Severity, verdict: Verdict) => buildVerdict({ rule, severity, verdict });
  const side = (...verdicts: readonly VerdictReport[]): DiffRun => ({
    name: 'x.log',
    source: 'trace',
    facts: buildReport({ verdicts }),
  });
  const base = side(
    named('a', 'info', 'pass'),
    named('b', 'error', 'violated'),
    named('c', 'error', 'pass'),
    named('d', 'error', 'pass'),
  );
  const head = side(
    named('a', 'info', 'violated'),
    named('b', 'error', 'pass'),
    named('c', 'error', 'pass'),
    named('d', 'error', 'violated'),
  );
  expect(compare([base], [head]).rules.map(({ rule }) => rule)).toEqual(['d', 'a', 'b', 'c']);
});

describe('gate', () => {
  const failuresFor = (severity: Severity, verdict: Verdict, base: Verdict = 'pass'): readonly string[] => {
    const diff = compare([runWith(base)], [runWith(verdict, { severity })]);
    return FAIL_ON.filter((failOn) => judge(diff, failOn, []).failures.length > 0);
  };

  test('which severities make it fail', () => {
    expect(failuresFor('error', 'violated')).toEqual(['error', 'warning', 'newly-violated', 'newly-undecidable']);
    expect(failuresFor('warning', 'violated')).toEqual(['warning', 'newly-violated', 'newly-undecidable']);
    expect(failuresFor('info', 'violated')).toEqual(['newly-violated', 'newly-undecidable']);
    expect(failuresFor('error', 'undecidable')).toEqual(['newly-undecidable']);
    expect(failuresFor('error', 'violated', 'violated')).toEqual([]);
    expect(failuresFor('error', 'pass', 'violated')).toEqual([]);
  });

  const metric = (parts: Partial<MetricDiff>): Compared => {
    const side = { n: 1, median: 100, low: null, high: null };
    const [one] = compare([runWith('pass')], [runWith('pass')]).metrics;
    if (one === undefined) throw new Error('no metrics');
    const metrics = [
      { ...one, name: 'downtime', worse: 'higher' as const, base: side, head: side, delta: 0, ratio: 1, ...parts },
    ];
    return { ...compare([runWith('pass')], [runWith('pass')]), metrics };
  };
  const judged = (parts: Partial<MetricDiff>): Diff['gate'] =>
    judge(metric(parts), 'never', [{ metric: 'downtime', percent: 10 }]);

  test('a regression above the threshold, in the direction that is worse', () => {
    expect(judged({ ratio: 1.101 }).failures).toEqual(['downtime +10.1 %, 10 % allowed (one run a side: not tested)']);
    expect(judged({ ratio: 1.099 }).failures).toEqual([]);
    expect(judged({ ratio: 0.5 }).failures).toEqual([]);
    expect(judged({ ratio: 0.5, worse: 'lower' }).failures.length).toBe(1);
  });

  test('of several runs only what is no noise', () => {
    const head = { n: 10, median: 150, low: 140, high: 160 };
    const noise = judged({
      ratio: 1.5,
      head,
      base: { ...head, median: 100 },
      p: 0.2,
      adjustedP: 1,
      significant: false,
    });
    expect(noise.failures).toEqual([]);
    expect(noise.remarks).toEqual(['downtime +50.0 %, 10 % allowed, but it is within noise (n=10+10): not counted']);
    const few = { ...head, n: 4 };
    expect(judged({ ratio: 9, head: few, base: few, p: 0.03, adjustedP: 0.2, significant: false }).remarks).toEqual([
      "downtime +800.0 %, 10 % allowed, but so few runs (n=4+4) can't tell it from noise, 5 a side are needed: not counted",
    ]);
    expect(judged({ ratio: 1.5, head, p: 0.001, adjustedP: 0.01, significant: true }).failures.length).toBe(1);
  });

  test('what is not shown is not held', () => {
    expect(judged({ head: { n: 0, median: null, low: null, high: null }, ratio: null }).failures).toEqual([
      'downtime is not shown in head: no limit can be held to it',
    ]);
  });

  test.each([
    '',
    'downtime',
    'downtime=',
    'downtime=x%',
    'nothing=3%',
    'downtime=-5%',
  ])('%j is no threshold', (text) => {
    expect(() => parseThreshold(text)).toThrow(UserError);
  });

  test('thresholds', () => {
    expect(parseThreshold('downtime=10%')).toEqual({ metric: 'downtime', percent: 10 });
    expect(parseThreshold('exact-query=2.5')).toEqual({ metric: 'exact-query', percent: 2.5 });
  });
});
