/** A renderer turns the diff into one text. It sees the diff and its charts, and nothing else. */
import type { Chart } from '../../report/charts/chart.ts';
import type { RenderOptions } from '../../report/renderers/renderer.ts';
import type { Diff } from '../diff.ts';

export interface DiffRenderer {
  /** The value of --format. */
  readonly id: 'text' | 'json' | 'markdown' | 'html';
  /** The whole output, its last line ended. */
  render(diff: Diff, options: RenderOptions, charts?: readonly Chart[]): string;
}
