/** Every renderer of a review; the first is the default of --format. */
import { jsonRenderer } from './json.ts';
import type { ReviewRenderer } from './renderer.ts';
import { textRenderer } from './text.ts';

export const REVIEW_RENDERERS: readonly ReviewRenderer[] = [textRenderer, jsonRenderer];
