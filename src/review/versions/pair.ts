/** Finds for each item of an older version the one that it became. */

export interface Pairing {
  /** Index of the partner among the newer ones; undefined: dropped. */
  readonly newer: readonly (number | undefined)[];
  /** Newer ones without a partner. */
  readonly added: readonly number[];
}

/** Pairs whose score is highest first; each is taken once. A score of 0 is no pair. */
export function pairUp(
  olderCount: number,
  newerCount: number,
  candidates: Iterable<{ readonly older: number; readonly newer: number; readonly score: number }>,
): Pairing {
  const newer = new Array<number | undefined>(olderCount).fill(undefined);
  const taken = new Set<number>();
  const ranked = [...candidates]
    .filter(({ score }) => score > 0)
    // Among equals the nearest in order: hunks keep theirs.
    .sort((a, b) => b.score - a.score || Math.abs(a.older - a.newer) - Math.abs(b.older - b.newer));
  for (const { older, newer: partner } of ranked) {
    if (newer[older] !== undefined || taken.has(partner)) continue;
    newer[older] = partner;
    taken.add(partner);
  }
  const added = Array.from({ length: newerCount }, (_, at) => at).filter((at) => !taken.has(at));
  return { newer, added };
}
