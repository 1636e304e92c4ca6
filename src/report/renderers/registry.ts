/** Every renderer of the report. */
import { htmlRenderer } from './html.ts';
import { jsonRenderer } from './json.ts';
import { junitRenderer } from './junit.ts';
import { markdownRenderer } from './markdown.ts';
import type { Renderer } from './renderer.ts';
import { sarifRenderer } from './sarif.ts';
import { textRenderer } from './text.ts';

export const RENDERERS: readonly Renderer[] = [
  textRenderer,
  jsonRenderer,
  htmlRenderer,
  markdownRenderer,
  sarifRenderer,
  junitRenderer,
];
