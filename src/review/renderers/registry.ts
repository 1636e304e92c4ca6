/** Every renderer of a review. */
import { htmlRenderer } from './html.ts';
import { jsonRenderer } from './json.ts';
import type { ReviewRenderer } from './renderer.ts';
import { replyRenderer } from './reply.ts';
import { terseRenderer } from './terse.ts';
import { textRenderer } from './text.ts';

export const REVIEW_RENDERERS: readonly ReviewRenderer[] = [
  textRenderer,
  jsonRenderer,
  htmlRenderer,
  replyRenderer,
  terseRenderer,
];
