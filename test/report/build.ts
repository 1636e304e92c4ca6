/** Small reports for the tests: every part has a plain default, a test names only what it is about. */
import type {
  FindingReport,
  InputReport,
  LineReport,
  MigrationReport,
  ProblemReport,
  Report,
  RoundReport,
  VerdictReport,
} from '../../src/report/report.ts';

export function buildReport(parts: Partial<Omit<Report, 'schema' | 'summary'>> = {}): Report {
  const verdicts = parts.verdicts ?? [];
  const count = (verdict: VerdictReport['verdict']): number => verdicts.filter((one) => one.verdict === verdict).length;
  const violated = verdicts.filter((one) => one.verdict === 'violated').map((one) => one.severity);
  const worst = (['error', 'warning', 'info'] as const).find((severity) => violated.includes(severity));
  return {
    schema: 'qtrace-report/1',
    qtrace: '0.1.0',
    ruleset: '0123456789abcdef',
    inputs: [buildInput()],
    samples: null,
    qemu: '11.1',
    migrations: [buildMigration()],
    untiedDestinations: [],
    ...parts,
    verdicts,
    summary: {
      pass: count('pass'),
      violated: count('violated'),
      undecidable: count('undecidable'),
      notApplicable: count('not-applicable'),
      worst: worst ?? 'none',
    },
  };
}

export function buildInput(parts: Partial<InputReport> = {}): InputReport {
  return {
    name: 'src.log',
    bytes: 12421,
    digest: { kind: 'sha256', hex: 'eafbbbd360d519dbf5cd30c8ebb5ff8857e1beba5e978b2e63e28da1d5045da1' },
    lines: 93,
    events: 93,
    format: 'qemu-log-iso',
    side: 'source',
    messages: 0,
    problems: [],
    ...parts,
  };
}

export function buildProblem(parts: Partial<ProblemReport> = {}): ProblemReport {
  return {
    code: 'torn-line',
    count: 12,
    firstLine: 40,
    text: 'lines broken off or overwritten in the middle',
    hint: 'give every QEMU process its own -D file',
    weakens: true,
    ...parts,
  };
}

export function buildMigration(parts: Partial<MigrationReport> = {}): MigrationReport {
  return {
    index: 0,
    kind: 'precopy',
    outcome: 'running',
    states: [],
    queries: { estimate: 9, exact: 3, final: 1, unspecified: 0 },
    syncs: 5,
    iterations: 3,
    downtimeNs: null,
    finalTotalBytes: null,
    phases: [],
    rounds: { rows: [], omitted: 0, omittedAfter: 0 },
    downtime: null,
    steps: { rows: [], omitted: 0, omittedAfter: 0 },
    measures: [],
    destination: null,
    messages: { lines: [], omitted: 0 },
    ...parts,
  };
}

export function buildRound(parts: Partial<RoundReport> = {}): RoundReport {
  return {
    kind: 'round',
    count: 1,
    file: 'src.log',
    line: 10,
    ns: 9_729_000,
    estimateBytes: 268967936,
    exactBytes: null,
    finalBytes: null,
    dirtyPages: null,
    syncs: 0,
    exactNs: null,
    thresholdBytes: null,
    ...parts,
  };
}

export function buildVerdict(parts: Partial<VerdictReport> = {}): VerdictReport {
  const findings = parts.findings ?? [];
  return {
    rule: 'final-missing',
    severity: 'error',
    migration: 0,
    verdict: 'pass',
    reason: '1 switchover with one final query',
    enable: [],
    findingCount: findings.length,
    ...parts,
    findings,
  };
}

export function buildFinding(parts: Partial<FindingReport> = {}): FindingReport {
  return {
    message: 'the total of the query is not the sum of its parts',
    expected: 'total 4096',
    actual: 'total 8192',
    evidence: [buildLine()],
    ...parts,
  };
}

export function buildLine(parts: Partial<LineReport> = {}): LineReport {
  return {
    file: 'src.log',
    line: 79,
    text: '2026-11-23T01:29:16.683737Z migrate_set_state new state device',
    ...parts,
  };
}
