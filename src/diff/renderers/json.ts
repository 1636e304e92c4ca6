import type { DiffRenderer } from './renderer.ts';

/** The diff as it stands. */
export const jsonDiff: DiffRenderer = {
  id: 'json',
  render: (diff) => `${JSON.stringify(diff, null, 2)}\n`,
};
