/**
 * A series of any length in bounded memory: it keeps, per stretch of the axis,
 * the first, the last, the smallest and the largest point. When the stretches
 * become too many, each two become one.
 */

export interface SeriesPoint {
  readonly x: number;
  readonly y: number;
}

interface Bucket<P> {
  first: P;
  last: P;
  low: P;
  high: P;
}

export class ExtremeSeries<P extends SeriesPoint> {
  readonly #limit: number;
  #buckets = new Map<number, Bucket<P>>();
  #width: number;
  /** The bucket that the last point went into: mostly the next one goes there, too. */
  #open: Bucket<P> | undefined;
  #openAt = Number.NaN;

  /** At most `limit` stretches, so four times as many points; the first ones are `width` wide. */
  constructor(limit: number, width = 1) {
    this.#limit = limit;
    this.#width = width;
  }

  add(point: P): void {
    const at = Math.floor(point.x / this.#width);
    if (at === this.#openAt && this.#open !== undefined) widen(this.#open, point);
    else this.#place(point, at);
  }

  /** In the order of the axis. */
  points(): readonly P[] {
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    return buckets.flatMap(([, bucket]) => inOrder(bucket));
  }

  #place(point: P, at: number): void {
    let bucket = this.#buckets.get(at);
    if (bucket === undefined) {
      bucket = { first: point, last: point, low: point, high: point };
      this.#buckets.set(at, bucket);
    } else widen(bucket, point);
    this.#open = bucket;
    this.#openAt = at;
    while (this.#buckets.size > this.#limit) this.#halve();
  }

  #halve(): void {
    this.#width *= 2;
    const merged = new Map<number, Bucket<P>>();
    for (const [, bucket] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      const at = Math.floor(bucket.first.x / this.#width);
      const into = merged.get(at);
      if (into === undefined) merged.set(at, bucket);
      else for (const point of inOrder(bucket)) widen(into, point);
    }
    this.#buckets = merged;
    this.#openAt = Number.NaN;
  }
}

function widen<P extends SeriesPoint>(bucket: Bucket<P>, point: P): void {
  bucket.last = point;
  if (point.y < bucket.low.y) bucket.low = point;
  if (point.y > bucket.high.y) bucket.high = point;
}

/** A point may be several of the four. */
function inOrder<P extends SeriesPoint>({ first, last, low, high }: Bucket<P>): readonly P[] {
  const between = low.x <= high.x ? [low, high] : [high, low];
  return [...new Set([first, ...between, last])];
}

/** About `limit` points at most of a series in the order of its axis, the extremes among them. */
export function thinned<P extends SeriesPoint>(points: readonly P[], limit: number): readonly P[] {
  if (points.length <= limit) return points;
  const span = (points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0);
  const stretches = Math.max(2, Math.floor(limit / 3));
  const series = new ExtremeSeries<P>(stretches + 1, Math.max(span / stretches, Number.MIN_VALUE));
  for (const point of points) series.add(point);
  return series.points();
}
