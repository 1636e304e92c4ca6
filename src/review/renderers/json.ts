/** The review as it stands; JSON escapes control characters and lone surrogates itself. */
import type { ReviewRenderer } from './renderer.ts';

export const jsonRenderer: ReviewRenderer = {
  id: 'json',
  render: (report) => `${JSON.stringify(report, null, 2)}\n`,
};
