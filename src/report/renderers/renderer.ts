/** A renderer turns the report into one text. It sees the report and nothing else: no file, no clock, no terminal. */
import type { Report } from '../report.ts';

export interface RenderOptions {
  /** Escape sequences for a terminal; without them the text says the same. */
  readonly color: boolean;
  /** Everything that was found, also what holds and what does not apply. */
  readonly verbose: boolean;
}

export interface Renderer {
  /** The value of --format. */
  readonly id: 'text' | 'json';
  readonly mediaType: string;
  /** The whole output, its last line ended. */
  render(report: Report, options: RenderOptions): string;
}
