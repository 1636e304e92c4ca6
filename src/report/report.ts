/**
 * The report: the one thing every renderer reads, and, as it stands, the JSON
 * of `analyze` (schema `qtrace-report/1`). Byte counts and times are numbers up
 * to 2^53-1 and decimal strings above; what the input does not show is null.
 * No clock, host name, absolute path or random value: the same input gives the
 * same report.
 */
export type JsonNumber = number | string;
export type Severity = 'error' | 'warning' | 'info';

export interface Report {
  readonly schema: 'qtrace-report/1';
  /** Version of qtrace. */
  readonly qtrace: string;
  /** Digest over the ids and texts of the rules that were run. */
  readonly ruleset: string;
  readonly inputs: readonly InputReport[];
  /** What --qmp gave; null without it. */
  readonly samples: SamplesReport | null;
  readonly qemu: '7.2' | '10.0' | '11.1' | 'thread' | null;
  readonly migrations: readonly MigrationReport[];
  /** Incoming migrations that are not tied to any of the migrations. */
  readonly untiedDestinations: readonly UntiedDestination[];
  readonly verdicts: readonly VerdictReport[];
  readonly summary: Summary;
}

export interface InputReport {
  readonly name: string;
  readonly bytes: JsonNumber;
  readonly digest: { readonly kind: 'sha256' | 'sha256-ends'; readonly hex: string };
  readonly lines: number;
  readonly events: number;
  /** `qemu-log-iso`, `qemu-log-tid`, `qemu-log-bare`, `stderr`, ..., `+gzip` or `+zstd` appended. */
  readonly format: string;
  readonly side: 'source' | 'destination' | 'unknown';
  /** Text that QEMU printed between the events. */
  readonly messages: number;
  readonly problems: readonly ProblemReport[];
}

/** A file of query-migrate samples. */
export interface SamplesReport {
  readonly name: string;
  readonly lines: number;
  /** Answers that show dirty_bytes_total. */
  readonly samples: number;
  /** Lines that are no JSON object. */
  readonly notUnderstood: number;
}

export interface ProblemReport {
  readonly code: string;
  readonly count: number;
  readonly firstLine: number;
  readonly text: string;
  readonly hint: string;
  /** Verdicts that rest on what the log does not show are withdrawn around it. */
  readonly weakens: boolean;
}

export interface LineReport {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface MigrationReport {
  readonly index: number;
  readonly kind: 'precopy' | 'postcopy' | 'snapshot' | 'background-snapshot' | 'colo' | 'unknown';
  readonly outcome: 'completed' | 'cancelled' | 'failed' | 'aborted' | 'running';
  readonly states: readonly {
    readonly state: string;
    readonly file: string;
    readonly line: number;
    readonly ns: JsonNumber | null;
  }[];
  readonly queries: {
    readonly estimate: number;
    readonly exact: number;
    readonly final: number;
    readonly unspecified: number;
  };
  readonly syncs: number;
  readonly iterations: number;
  readonly downtimeNs: JsonNumber | null;
  readonly finalTotalBytes: JsonNumber | null;
  readonly phases: readonly PhaseReport[];
  /** A row per iteration, the first and the last ones; `omitted` rows are left out behind the first `omittedAfter`. */
  readonly rounds: { readonly rows: readonly RoundReport[]; readonly omitted: number; readonly omittedAfter: number };
  readonly downtime: DowntimeReport | null;
  /** The protocol's steps in their order, equal ones folded; of more than 200 the middle is left out. */
  readonly steps: { readonly rows: readonly StepReport[]; readonly omitted: number; readonly omittedAfter: number };
  /** Figures of the run, in the order of the list in measures.ts. */
  readonly measures: readonly MeasureReport[];
  /** Null without the destination's log, or where nothing ties it to this migration. */
  readonly destination: DestinationReport | null;
  /** What QEMU itself printed, the first 20 lines. */
  readonly messages: { readonly lines: readonly LineReport[]; readonly omitted: number };
}

export interface PhaseReport {
  readonly name: string;
  readonly startNs: JsonNumber | null;
  readonly endNs: JsonNumber | null;
  readonly lines: readonly [number, number];
}

/** An iteration: a run of polls up to and with the exact query that ended it; or the final query. */
export interface RoundReport {
  readonly kind: 'round' | 'final';
  /** How many polls this row stands for. */
  readonly count: number;
  readonly file: string;
  readonly line: number;
  readonly ns: JsonNumber | null;
  /** Total of the last estimate (7.2: of the one kind of query), null when the round has none. */
  readonly estimateBytes: JsonNumber | null;
  readonly exactBytes: JsonNumber | null;
  readonly finalBytes: JsonNumber | null;
  readonly dirtyPages: JsonNumber | null;
  readonly syncs: number;
  /** From the start of the sync to the line of the exact or final query, in the row's first round. */
  readonly exactNs: JsonNumber | null;
  readonly thresholdBytes: JsonNumber | null;
}

export type StepSection = 'setup' | 'iterate' | 'switchover' | 'checkpoint' | 'postcopy' | 'end';

/** A step of the protocol, named alike for every version of QEMU. */
export interface StepReport {
  readonly section: StepSection;
  /** `final query`, `sync`, `state device`, `guest stops`, ... */
  readonly name: string;
  /** The event that shows it, as this version calls it. */
  readonly event: string;
  /** So many in a row were folded: rounds of the iteration, checkpoints, queries of postcopy. */
  readonly count: number;
  readonly file: string;
  /** The first and the last line that belong to it. */
  readonly lines: readonly [number, number];
  /** Of its last line, since the migration's first event. */
  readonly ns: JsonNumber | null;
  /** How the step was done, as far as the log shows it: `{ sync: 'of its own', BQL: 'held' }`. */
  readonly facts: Readonly<Record<string, string>>;
  /** Total of its last query, or what it says is pending. */
  readonly totalBytes: JsonNumber | null;
  readonly queries: { readonly estimate: number; readonly exact: number; readonly unspecified: number } | null;
}

/** A value that the log does not show is null. */
export interface MeasureReport {
  readonly name: string;
  readonly unit: 'ns' | 'bytes' | 'bytes/s' | 'count' | '%';
  readonly value: JsonNumber | null;
}

/** The three blocks that migration developers know, largest first. */
export interface DowntimeReport {
  readonly durationNs: JsonNumber;
  readonly start: LineReport;
  readonly end: LineReport;
  readonly checkpoints: readonly { readonly from: string; readonly to: string; readonly durationNs: JsonNumber }[];
  readonly iterable: DeviceBlock;
  readonly nonIterable: DeviceBlock;
}

export interface DeviceBlock {
  readonly totalNs: JsonNumber;
  readonly devices: readonly { readonly idstr: string; readonly instance: number; readonly durationNs: JsonNumber }[];
  readonly omitted: number;
}

/** What one incoming migration shows by itself, on its own clock. */
export interface DestinationBlocks {
  readonly file: string;
  readonly outcome: MigrationReport['outcome'];
  readonly states: MigrationReport['states'];
  readonly checkpoints: readonly {
    readonly from: string;
    readonly to: string;
    readonly durationNs: JsonNumber | null;
  }[];
  readonly iterable: DeviceBlock;
  readonly nonIterable: DeviceBlock;
}

export interface DestinationReport extends DestinationBlocks {
  /** The destination's clock less the source's, at the switchover; null without time stamps. */
  readonly clock: {
    readonly lowNs: JsonNumber | null;
    readonly highNs: JsonNumber | null;
    /** Lines of the one side that have their counterpart on the other. */
    readonly pairs: number;
  } | null;
  /** The pairs that set the two bounds. */
  readonly ties: readonly TieReport[];
  readonly blackout: BlackoutReport | null;
  /** Why there is no blackout. */
  readonly noBlackout: string | null;
}

/** Two lines of which the one causes the other. */
export interface TieReport {
  readonly bound: 'low' | 'high';
  readonly first: 'source' | 'destination';
  readonly source: LineReport;
  readonly destination: LineReport;
}

/** From the stop of the guest on the source to its run on the destination; null is no bound. */
export interface BlackoutReport {
  readonly lowNs: JsonNumber | null;
  readonly highNs: JsonNumber | null;
  readonly from: LineReport;
  readonly to: LineReport;
  readonly steps: readonly {
    readonly from: string;
    readonly to: string;
    readonly lowNs: JsonNumber | null;
    readonly highNs: JsonNumber | null;
  }[];
}

export interface UntiedDestination extends DestinationBlocks {
  readonly reason: string;
  /** The lines that show it. */
  readonly lines: readonly LineReport[];
}

export interface VerdictReport {
  readonly rule: string;
  readonly severity: Severity;
  readonly migration: number;
  readonly verdict: 'pass' | 'violated' | 'undecidable' | 'not-applicable';
  readonly reason: string;
  readonly enable: readonly string[];
  readonly findingCount: number;
  readonly findings: readonly FindingReport[];
}

/** The rule itself failed: it judged nothing, and qtrace has a bug. */
export const isInternalFault = ({ reason }: Pick<VerdictReport, 'reason'>): boolean =>
  reason.startsWith('internal fault');

export interface FindingReport {
  readonly message: string;
  readonly expected: string;
  readonly actual: string;
  readonly evidence: readonly LineReport[];
}

export interface Summary {
  readonly pass: number;
  readonly violated: number;
  readonly undecidable: number;
  readonly notApplicable: number;
  readonly worst: 'error' | 'warning' | 'info' | 'none';
}
