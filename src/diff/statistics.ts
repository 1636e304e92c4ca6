/**
 * What a few runs can say: medians with intervals by order statistics, an exact
 * rank test, and the correction for testing several metrics at once. No
 * distribution is assumed.
 */

/** From this many values on the normal approximation replaces the count of all arrangements. */
const EXACT_UP_TO = 40;
export const CONFIDENCE = 0.95;
export const ALPHA = 0.05;

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  return high === undefined || low === undefined ? undefined : (low + high) / 2;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The narrowest pair of order statistics that holds the median with 95 %
 * confidence; undefined below 6 values, where no pair does.
 */
export function medianInterval(values: readonly number[]): Interval | undefined {
  const n = values.length;
  const sorted = [...values].sort((a, b) => a - b);
  // P(fewer than k + 1 of n values lie below the median)
  let below = 0;
  let found: Interval | undefined;
  let term = 0.5 ** n;
  for (let k = 0; k < Math.floor(n / 2); k += 1) {
    below += term;
    if (1 - 2 * below < CONFIDENCE) break;
    const [low, high] = [sorted[k], sorted[n - 1 - k]];
    if (low !== undefined && high !== undefined) found = { low, high };
    term = (term * (n - k)) / (k + 1);
  }
  return found;
}

/** Two-sided p of the Mann-Whitney U test: exact, given the ties, up to 40 values. */
export function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const n = a.length + b.length;
  if (a.length === 0 || b.length === 0) return 1;
  const ranks = doubledRanks([...a, ...b]);
  const sum = ranks.slice(0, a.length).reduce((total, rank) => total + rank, 0);
  const mean = a.length * (n + 1);
  const distance = Math.abs(sum - mean);
  return n <= EXACT_UP_TO
    ? exactTail(ranks, a.length, mean, distance)
    : normalTail(ranks, a.length, b.length, distance);
}

/** Twice the mid-ranks: whole numbers also with ties. */
function doubledRanks(values: readonly number[]): readonly number[] {
  const order = values.map((value, index) => ({ value, index })).sort((x, y) => x.value - y.value);
  const ranks = new Array<number>(values.length).fill(0);
  let start = 0;
  while (start < order.length) {
    let end = start;
    while (order[end + 1] !== undefined && order[end + 1]?.value === order[start]?.value) end += 1;
    for (const { index } of order.slice(start, end + 1)) ranks[index] = start + end + 2;
    start = end + 1;
  }
  return ranks;
}

/** The share of all choices of `size` ranks whose sum is at least as far from the mean. */
function exactTail(ranks: readonly number[], size: number, mean: number, distance: number): number {
  const most = ranks.reduce((total, rank) => total + rank, 0);
  // ways[k][s]: choices of k ranks with the sum s
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(most + 1));
  const [none] = ways;
  if (none !== undefined) none[0] = 1;
  for (const rank of ranks) {
    for (let k = size; k >= 1; k -= 1) addShifted(ways[k], ways[k - 1], rank);
  }
  let all = 0;
  let far = 0;
  for (const [sum, count] of (ways[size] ?? []).entries()) {
    all += count;
    if (Math.abs(sum - mean) >= distance) far += count;
  }
  return Math.min(1, far / all);
}

function addShifted(target: Float64Array | undefined, source: Float64Array | undefined, by: number): void {
  if (target === undefined || source === undefined) return;
  for (let sum = target.length - 1; sum >= by; sum -= 1) {
    target[sum] = (target[sum] ?? 0) + (source[sum - by] ?? 0);
  }
}

/** With the correction for ties and for continuity. */
function normalTail(ranks: readonly number[], m: number, k: number, distance: number): number {
  const n = m + k;
  const counts = new Map<number, number>();
  for (const rank of ranks) counts.set(rank, (counts.get(rank) ?? 0) + 1);
  const ties = [...counts.values()].reduce((total, t) => total + t ** 3 - t, 0);
  const variance = ((m * k) / 12) * (n + 1 - ties / (n * (n - 1)));
  if (variance <= 0) return 1;
  // `distance` counts half ranks.
  const z = Math.max(0, distance / 2 - 0.5) / Math.sqrt(variance);
  return Math.min(1, 2 * (1 - normalBelow(z)));
}

/** Abramowitz and Stegun 26.2.17, error below 7.5e-8. */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
}

/** Holm's adjusted p values, in the order given. */
export function holm(ps: readonly number[]): readonly number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((x, y) => x.p - y.p);
  const adjusted = new Array<number>(ps.length).fill(1);
  let highest = 0;
  for (const [at, { p, index }] of order.entries()) {
    highest = Math.max(highest, Math.min(1, p * (ps.length - at)));
    adjusted[index] = highest;
  }
  return adjusted;
}
