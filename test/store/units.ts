/** Synthetic units of a replay, complete enough for the store. */
import type { Place } from '../../src/ingest/trace-item.ts';
import type { Migration, Moment, Query, Sync } from '../../src/replay/run.ts';
import type { MigrationReport, Report, VerdictReport } from '../../src/report/report.ts';

export function place(line: number, text = ''): Place {
  return { input: 0, line, text };
}

export function moment(line: number, ns?: number): Moment {
  return { place: place(line), ns, thread: 4711 };
}

export function migration(index: number): Pick<Migration, 'index'> {
  return { index };
}

export function query(index: number, given: Partial<Query> = {}): Query {
  return {
    index,
    kind: 'estimate',
    exact: false,
    final: false,
    precopyBytes: 0,
    stopcopyBytes: 0,
    postcopyBytes: 0,
    totalBytes: 0,
    maxBytes: undefined,
    ackCollected: 0,
    ackTotal: 0,
    at: moment(10 + index, index * 1_000_000),
    bql: { holder: 'not-shown', how: 'no mutex events', proof: [] },
    bqlAtSync: undefined,
    syncs: [],
    state: 'active',
    switchover: undefined,
    inPostcopy: false,
    vmStopped: false,
    timerSynced: false,
    thresholdBytes: undefined,
    follows: true,
    probes: { locked: undefined, pendingSync: undefined, stage: undefined, dirtyBytesUpdate: undefined },
    hole: false,
    previous: undefined,
    syncsShown: true,
    ...given,
  };
}

export function sync(line: number, given: Partial<Sync> = {}): Sync {
  return {
    start: moment(line, line * 1000),
    end: moment(line + 1, line * 1000 + 500),
    dirtyPages: 7710,
    stage: undefined,
    query: undefined,
    owner: 'setup',
    switchover: undefined,
    inPostcopy: false,
    iterated: false,
    hole: false,
    ...given,
  };
}

export function migrationReport(index: number): MigrationReport {
  return {
    index,
    kind: 'precopy',
    outcome: 'completed',
    states: [],
    queries: { estimate: 9, exact: 3, final: 1, unspecified: 0 },
    syncs: 5,
    iterations: 3,
    downtimeNs: 4_412_000,
    finalTotalBytes: '18446744073709551615',
    phases: [],
    rounds: { rows: [], omitted: 0, omittedAfter: 0 },
    downtime: null,
    steps: { rows: [], omitted: 0, omittedAfter: 0 },
    measures: [],
    destination: null,
    messages: { lines: [], omitted: 0 },
  };
}

export const VIOLATED: VerdictReport = {
  rule: 'final-without-bql',
  severity: 'error',
  migration: 0,
  verdict: 'violated',
  reason: 'the final query was made without the BQL',
  enable: [],
  findingCount: 1,
  findings: [
    {
      message: 'the final query was made while the main thread held the BQL',
      expected: 'held by the migration thread',
      actual: 'held by another',
      evidence: [
        { file: 'src.log', line: 40, text: 'qemu_savevm_query_pending exact=1, final=1' },
        { file: 'src.log', line: 38, text: 'released mutex 0x5' },
      ],
    },
  ],
};

export function report(given: Partial<Report> = {}): Report {
  return {
    samples: null,
    schema: 'qtrace-report/1',
    qtrace: '0.1.0',
    ruleset: 'abc',
    inputs: [
      {
        name: 'src.log',
        bytes: 123_456,
        digest: { kind: 'sha256', hex: '00ff' },
        lines: 1000,
        events: 990,
        format: 'qemu-log-iso',
        side: 'source',
        messages: 2,
        problems: [
          { code: 'torn-line', count: 2, firstLine: 7, text: 'lines broken off', hint: 'a file each', weakens: true },
        ],
      },
    ],
    qemu: '11.1',
    migrations: [migrationReport(0)],
    untiedDestinations: [],
    verdicts: [VIOLATED],
    summary: { pass: 0, violated: 1, undecidable: 0, notApplicable: 0, worst: 'error' },
    ...given,
  };
}
