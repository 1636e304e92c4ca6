/** Every renderer of the diff. */
import { htmlDiff } from './html.ts';
import { jsonDiff } from './json.ts';
import { markdownDiff } from './markdown.ts';
import type { DiffRenderer } from './renderer.ts';
import { textDiff } from './text.ts';

export const DIFF_RENDERERS: readonly DiffRenderer[] = [textDiff, jsonDiff, htmlDiff, markdownDiff];
