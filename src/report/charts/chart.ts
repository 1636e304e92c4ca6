/**
 * A chart as it is drawn, ready for a page: the picture, what it says in one
 * sentence, and the same numbers as a table for whoever can't see it.
 */
export interface Chart {
  /** Unique within a report, and the name of its file: `pending-0`, `switchover-0`, `rounds-0`, `downtime-0`. */
  readonly id: string;
  /** Index of the migration that it shows. */
  readonly migration: number;
  readonly title: string;
  /** What it shows of this run, with its numbers; stands below it and serves as its text alternative. */
  readonly caption: string;
  /**
   * An `<svg>` element to be put into a page as it stands: no script, no outer
   * reference, ids that no other chart has, every text of a trace escaped, and
   * colours as CSS custom properties with their light values as fallback.
   */
  readonly svg: string;
  readonly table: ChartTable;
}

export interface ChartTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows left out; what remains keeps the extremes and every finding. */
  readonly omitted: number;
}
