/**
 * A renderer turns the report into one text. It sees the report and what is
 * handed to it beside the report, and nothing else: no file, no clock, no
 * terminal.
 */
import type { Chart } from '../charts/chart.ts';
import { type ContextLines, NO_CONTEXT } from '../context-lines.ts';
import type { Report } from '../report.ts';
import type { RuleText } from '../rule-texts.ts';

export interface RenderOptions {
  /** Escape sequences for a terminal; without them the text says the same. */
  readonly color: boolean;
  /** Everything that was found, also what holds and what does not apply. */
  readonly verbose: boolean;
  /** The value of --mail: a page that a mailing list takes. */
  readonly mail?: boolean;
  /** Whether a warning counts as a failure where a format knows only that word. */
  readonly warningsFail?: boolean;
}

/** What a page shows besides the report. A format that has no use for it leaves it alone. */
export interface Beside {
  readonly charts: readonly Chart[];
  readonly context: ContextLines;
  /** The rules that were run, by id. */
  readonly rules: ReadonlyMap<string, RuleText>;
}

export const NOTHING_BESIDE: Beside = { charts: [], context: NO_CONTEXT, rules: new Map() };

export interface Renderer {
  /** The value of --format. */
  readonly id: 'text' | 'json' | 'html' | 'markdown' | 'sarif' | 'junit';
  /** The whole output, its last line ended. */
  render(report: Report, options: RenderOptions, beside?: Beside): string;
}
