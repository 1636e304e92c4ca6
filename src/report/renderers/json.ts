/**
 * The report as it stands. JSON escapes control characters and lone surrogates
 * itself, so that hostile trace text stays exact and still well-formed.
 */
import type { Renderer } from './renderer.ts';

export const jsonRenderer: Renderer = {
  id: 'json',
  render: (report) => `${JSON.stringify(report, null, 2)}\n`,
};
