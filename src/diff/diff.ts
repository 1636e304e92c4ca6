/**
 * Two runs, or two groups of runs, side by side: what every renderer of the
 * diff reads, and, as it stands, its JSON (schema `qtrace-diff/1`).
 */
import type { Timeline } from '../report/charts/timeline.ts';
import type {
  FindingReport,
  MeasureReport,
  MigrationReport,
  Report,
  Severity,
  StepReport,
  StepSection,
  VerdictReport,
} from '../report/report.ts';
import type { RunFacts } from '../report/run-facts.ts';

/** A run with where it was read from. */
export interface DiffRun {
  readonly name: string;
  readonly source: 'trace' | 'report' | 'database';
  readonly facts: RunFacts;
  /** What charts draw; undefined when none are asked for, and of a stored run. */
  readonly timelines?: readonly Timeline[];
}

export interface Diff {
  readonly schema: 'qtrace-diff/1';
  readonly qtrace: string;
  readonly base: SideReport;
  readonly head: SideReport;
  /** Migrations that are compared with each other. */
  readonly pairs: readonly PairReport[];
  /** Migrations that have no partner on the other side. */
  readonly unpaired: readonly UnpairedReport[];
  /** What the reader must know to trust the comparison. */
  readonly notes: readonly string[];
  readonly rules: readonly RuleDiff[];
  /** The differences of the protocol, in words. */
  readonly changes: readonly ProtocolChange[];
  readonly steps: readonly StepDiff[];
  readonly metrics: readonly MetricDiff[];
  readonly gate: GateReport;
}

export interface SideReport {
  readonly runs: readonly {
    readonly name: string;
    readonly source: DiffRun['source'];
    readonly qemu: Report['qemu'];
    readonly migrations: number;
    /** What is wrong with its logs so that absent lines prove nothing. */
    readonly weakened: readonly string[];
  }[];
}

export interface MigrationName extends Pick<MigrationReport, 'index' | 'kind' | 'outcome'> {
  readonly run: string;
  readonly qemu: Report['qemu'];
}

export interface RunCounts {
  readonly count: number;
  readonly alike: number;
  /** Runs that go through the steps that are shown of the other side. */
  readonly likeOther: number;
}

export interface PairReport {
  readonly pair: number;
  /** Of the runs whose steps are shown: the first that went as most did. */
  readonly base: MigrationName;
  readonly head: MigrationName;
  /** Runs that have this migration, and how many of them go through the steps that are shown. */
  readonly baseRuns: RunCounts;
  readonly headRuns: RunCounts;
}

export interface UnpairedReport extends Pick<MigrationReport, 'index' | 'kind' | 'outcome'> {
  readonly side: 'base' | 'head';
  readonly run: string;
}

export type RuleChange =
  | 'newly-violated'
  | 'fixed'
  | 'still-violated'
  | 'newly-undecidable'
  | 'newly-decidable'
  | 'unchanged';

export type VerdictCounts = Readonly<Record<VerdictReport['verdict'], number>>;

export interface RuleDiff {
  readonly rule: string;
  readonly severity: Severity;
  readonly pair: number;
  /** Of several runs the worst verdict; null where the rule was not run. */
  readonly base: VerdictReport['verdict'] | null;
  readonly head: VerdictReport['verdict'] | null;
  readonly change: RuleChange;
  readonly baseCounts: VerdictCounts;
  readonly headCounts: VerdictCounts;
  readonly baseReason: string;
  readonly headReason: string;
  /** What would decide it where head does not. */
  readonly enable: readonly string[];
  /** Of head, where it violates the rule; else of base. */
  readonly findings: readonly FindingReport[];
  /** The run that they are of: of several the one whose steps are shown, where it can be; null without findings. */
  readonly run: string | null;
  /** Index of the step at which head violates it, null where none is found, or its steps are not the ones shown. */
  readonly step: number | null;
}

export interface FactDiff {
  readonly fact: string;
  readonly base: string;
  readonly head: string;
}

export interface StepDiff {
  readonly pair: number;
  readonly section: StepSection;
  readonly change: 'same' | 'changed' | 'base-only' | 'head-only';
  readonly base: StepReport | null;
  readonly head: StepReport | null;
  readonly differs: readonly FactDiff[];
  /** The other side's log has no such line anywhere: not recorded, or not there in that version. No difference. */
  readonly notShown: boolean;
  /** Rules that head violates here. */
  readonly rules: readonly string[];
}

export interface ProtocolChange {
  readonly pair: number;
  readonly kind: 'appeared' | 'gone' | 'moved' | 'changed' | 'section';
  readonly text: string;
  /** Indices of its steps. */
  readonly steps: readonly number[];
}

export interface MetricSide {
  /** Runs that show it. */
  readonly n: number;
  readonly median: number | null;
  /** The 95 % interval of the median; null where the runs are too few. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface MetricDiff {
  readonly name: string;
  readonly title: string;
  readonly unit: MeasureReport['unit'];
  readonly worse: 'higher' | 'lower';
  readonly pair: number;
  readonly base: MetricSide;
  readonly head: MetricSide;
  /** Median of head less that of base. */
  readonly delta: number | null;
  readonly ratio: number | null;
  /** Of the Mann-Whitney U test; null where a side has fewer than two values. */
  readonly p: number | null;
  /** Corrected for the number of metrics; what `significant` rests on. */
  readonly adjustedP: number | null;
  readonly significant: boolean;
}

export interface GateReport {
  readonly failOn: string;
  /** Why the exit code is 1; empty when it is 0. */
  readonly failures: readonly string[];
  /** Thresholds that were passed by within noise. */
  readonly remarks: readonly string[];
}
