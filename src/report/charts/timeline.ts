/**
 * What the charts draw of a migration, as `TimelineCollector` has collected it
 * while the log was replayed: a few hundred points, however long the log is.
 */
import type { QueryKind } from '../../replay/run.ts';
import type { IterationBin } from './iterations.ts';
import type { SwitchoverView } from './switchover-recorder.ts';

/** What a migration did over its run. `x` is nanoseconds since its first event, or the number of a line. */
export interface Timeline {
  readonly migration: number;
  /** `line`: the log has no time stamps. */
  readonly axis: 'time' | 'line';
  readonly from: number;
  readonly to: number;
  /** Queries by their kind, thinned out; `counts` in the report has the true numbers. */
  readonly queries: Readonly<Record<QueryKind, readonly QueryPoint[]>>;
  /** The largest of each kind of pending bytes: what is 0 throughout needs no line. */
  readonly largest: Readonly<Record<Part, number>>;
  /** The threshold in force from here on. */
  readonly thresholds: readonly ThresholdPoint[];
  readonly syncs: readonly SyncPoint[];
  readonly iterations: readonly IterationBin[];
  readonly switchovers: readonly SwitchoverView[];
  /** The downtime-limit in ms where the last switchover began, as far as the log tells it. */
  readonly limitMs: number | undefined;
  /** Where a line of an input stands, if this migration has it. */
  readonly find: (file: string, line: number) => number | undefined;
  readonly nameOf: (input: number) => string;
}

export const PARTS = ['precopy', 'stopcopy', 'postcopy'] as const;
export type Part = (typeof PARTS)[number];

export interface QueryPoint {
  readonly x: number;
  /** The total, in bytes. */
  readonly y: number;
  readonly kind: QueryKind;
  readonly precopy: number;
  readonly stopcopy: number;
  readonly postcopy: number;
  readonly input: number;
  readonly line: number;
}

export interface ThresholdPoint {
  readonly x: number;
  /** In bytes. */
  readonly y: number;
}

export interface SyncPoint {
  readonly x: number;
  /** Dirty pages, 0 where the line does not show them. */
  readonly y: number;
}
