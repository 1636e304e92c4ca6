import type { Query } from '../replay/run.ts';

/** Exact, or in 7.2, which has one kind of query, one that synced. Also the final one, as far as it was made as an exact one. */
export function isExact(query: Query): boolean {
  return query.exact ?? query.syncs.length > 0;
}
