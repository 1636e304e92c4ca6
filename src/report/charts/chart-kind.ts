/** What a kind of chart is: a file in `kinds`, registered in `registry.ts`. */
import type { ChartConfiguration } from 'chart.js';
import type { MigrationReport } from '../report.ts';
import type { ChartSize } from './canvas.ts';
import type { ChartTable } from './chart.ts';
import type { Timeline } from './timeline.ts';
import type { Violation } from './violations.ts';

/** `mail` is half as high, with fewer points and ticks. */
export type Medium = 'page' | 'mail';

export interface ChartSource {
  readonly migration: MigrationReport;
  readonly timeline: Timeline;
  readonly violations: readonly Violation[];
}

/** A chart before it is drawn. */
export interface Drawing {
  readonly title: string;
  readonly caption: string;
  readonly table: ChartTable;
  readonly size: ChartSize;
  readonly configuration: ChartConfiguration;
}

export interface ChartKind {
  /** The first part of the chart's id. */
  readonly id: 'pending' | 'switchover' | 'rounds' | 'downtime';
  /** undefined when there is nothing to show. */
  draw(source: ChartSource, medium: Medium): Drawing | undefined;
}
