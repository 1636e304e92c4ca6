import { describe, expect, test } from 'vitest';
import type { Report, VerdictReport } from '../../src/report/report.ts';
import type { Series } from '../../src/review/series.ts';
import { NO_RUNS, tieToTraces } from '../../src/review/tie.ts';
import { MIGRATION, review, SAVEVM } from './checks/patches.ts';

function verdict(rule: string, kind: VerdictReport['verdict']): VerdictReport {
  const finding = {
    message: `${rule} is broken`,
    expected: '',
    actual: '',
    evidence: [{ file: 'src.log', line: 7, text: 'raw' }],
  };
  const findings = kind === 'violated' ? [finding] : [];
  return {
    rule,
    severity: 'error',
    migration: 0,
    verdict: kind,
    reason: 'so it is',
    enable: ['an_event'],
    findingCount: findings.length,
    findings,
  };
}

const report = (...verdicts: readonly VerdictReport[]): Report => ({
  ...{ schema: 'qtrace-report/1', qtrace: '0', ruleset: '', inputs: [], samples: null, qemu: null, migrations: [] },
  ...{ untiedDestinations: [], verdicts },
  summary: { pass: 0, violated: 0, undecidable: 0, notApplicable: 0, worst: 'none' },
});

const functionOf = new Map([
  ['total-not-sum', 'qemu_savevm_query_pending'],
  ['final-missing', 'migration_switchover_start'],
  ['sync-in-postcopy', 'ram_state_pending'],
]);

async function tied(head: Report, base?: Report) {
  const { series, remarks } = await review([
    [
      MIGRATION,
      '    qemu_savevm_query_pending_final(&pending);\n\n',
      '    bql_unlock();\n    qemu_savevm_query_pending_final(&pending);\n    bql_lock();\n\n',
    ],
    [SAVEVM, '    g_assert(bql_locked());\n\n', ''],
  ]);
  expect(remarks.map(({ rule }) => rule)).toEqual(['final-without-bql', 'assertion-removed']);
  return tieToTraces(series, remarks, { ...NO_RUNS, head, base, functionOf });
}

describe('a finding', () => {
  test('goes to the remark on the same duty, which it confirms', async () => {
    const { findings, traceFindings } = await tied(report(verdict('final-without-bql', 'violated')));
    expect(findings).toMatchObject([{ near: 'hunk', remark: 0, path: MIGRATION, hunk: 0, change: null }]);
    expect(traceFindings[0]).toMatchObject([{ says: 'confirms', evidence: [{ line: 7 }] }]);
    // What brought it about.
    expect(traceFindings[1]).toMatchObject([{ says: 'confirms', rule: 'final-without-bql' }]);
  });

  test('goes to the function that has the duty, else to the file, else it is told all the same', async () => {
    const { findings } = await tied(
      report(
        verdict('final-missing', 'violated'),
        verdict('total-not-sum', 'violated'),
        verdict('sync-in-postcopy', 'violated'),
      ),
    );
    expect(findings.map(({ near, path }) => [near, path])).toEqual([
      ['function', MIGRATION],
      ['file', SAVEVM],
      ['elsewhere', null],
    ]);
  });

  test('is new, or was there without the patch, or is gone with it', async () => {
    const head = report(
      verdict('final-without-bql', 'violated'),
      verdict('final-missing', 'violated'),
      verdict('total-not-sum', 'pass'),
    );
    const base = report(
      verdict('final-without-bql', 'pass'),
      verdict('final-missing', 'violated'),
      verdict('total-not-sum', 'violated'),
    );
    const { findings } = await tied(head, base);
    expect(findings.map(({ rule, change }) => [rule, change])).toEqual([
      ['final-without-bql', 'newly-violated'],
      ['final-missing', 'still-violated'],
      ['total-not-sum', 'fixed'],
    ]);
  });
});

describe('a remark', () => {
  test('is refuted by a trace in which the duty is kept', async () => {
    const { traceFindings } = await tied(report(verdict('final-without-bql', 'pass')));
    expect(traceFindings).toMatchObject([[{ says: 'refutes' }], []]);
  });

  test('is neither where the trace does not decide it', async () => {
    const { traceFindings } = await tied(report(verdict('final-without-bql', 'undecidable')));
    expect(traceFindings).toMatchObject([[{ says: 'undecided', enable: ['an_event'] }], []]);
  });

  test('is left alone without a trace', () => {
    const none: Series = {
      patches: [],
      cover: undefined,
      comments: [],
      problems: [],
      lineCounts: { patch: 0, message: 0, comment: 0, header: 0 },
    };
    expect(tieToTraces(none, [], NO_RUNS)).toEqual({ traceFindings: [], findings: [] });
  });
});
