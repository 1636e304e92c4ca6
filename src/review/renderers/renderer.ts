/** A renderer turns a review into one text. It sees the review, and what a page shows beside the report of a run, and nothing else. */
import type { Beside } from '../../report/renderers/renderer.ts';
import type { ReviewReport } from '../report.ts';

export interface ReviewRenderOptions {
  /** Escape sequences for a terminal; without them the text says the same. */
  readonly color: boolean;
  /** Also what is as it should be: clean hunks, unchanged ones, whole comments. */
  readonly verbose: boolean;
}

export interface ReviewRenderer {
  /** The value of --format. */
  readonly id: string;
  /** The whole output, its last line ended. */
  render(report: ReviewReport, options: ReviewRenderOptions, beside?: Beside): string;
}
