/** A renderer turns the diff into one text. It sees the diff and nothing else. */
import type { RenderOptions } from '../../report/renderers/renderer.ts';
import type { Diff } from '../diff.ts';

export interface DiffRenderer {
  /** The value of --format. */
  readonly id: 'text' | 'json' | 'markdown' | 'html';
  readonly mediaType: string;
  /** The whole output, its last line ended. */
  render(diff: Diff, options: RenderOptions): string;
}
