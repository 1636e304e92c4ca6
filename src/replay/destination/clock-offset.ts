/**
 * What the pairs of lines say of the offset between the two clocks. The clocks
 * themselves are never compared: a line of the source that causes a line of the
 * destination bounds the offset from above, one of the destination that causes
 * a line of the source from below.
 */
import type { Side } from '../../catalog/vocabulary.ts';
import type { Incoming } from './incoming.ts';
import type { KeptMoments, TieMoment } from './moment-log.ts';
import type { SourceMoments } from './source-recorder.ts';

/** QEMU cuts its stamps off at the microsecond. */
const RESOLUTION_NS = 1000;
/** Two clocks drift apart, each by 50 millionths at most: a pair far from the switchover binds less there. */
const DRIFT = 100e-6;

export interface Tie {
  readonly first: Side;
  readonly source: TieMoment;
  readonly destination: TieMoment;
}

export interface Bound {
  readonly ns: number;
  readonly tie: Tie;
}

/** The destination's clock less the source's, at the switchover: no less than `low`, no more than `high`. */
export interface ClockOffset {
  readonly low: Bound | undefined;
  readonly high: Bound | undefined;
}

export interface Ties {
  /** Pairs of lines, with times or without. */
  readonly pairs: number;
  /** Those of lines that came more than once, in the same number on both sides. */
  readonly countedPairs: number;
  /** undefined when no pair has both times. */
  readonly offset: ClockOffset | undefined;
  /** The two bounds exclude each other. */
  readonly contradiction: boolean;
  /** How many times the bounds' distance fits into the time between the lines that set them. */
  readonly sharpness: number;
}

/** What may be counted: `whole` logs show their side from the beginning and without a hole; `through`: all that was sent arrived. */
export interface Completeness {
  readonly whole: boolean;
  readonly through: boolean;
}

export function tieTogether(source: SourceMoments, incoming: Incoming, how: Completeness): Ties {
  const aroundNs = source.stop?.ns ?? 0;
  let pairs = 0;
  let countedPairs = 0;
  const bounds: Bound[] = [];
  for (const key of source.moments.keys) {
    const own = source.moments.get(key);
    const other = incoming.moments.get(key);
    const shift = own === undefined || other === undefined ? undefined : shiftOf(own, other, how);
    if (own === undefined || other === undefined || shift === undefined) continue;
    const first = key.startsWith('>') ? 'source' : 'destination';
    const shown = Math.min(own.moments.length, other.moments.length - shift);
    pairs += Math.max(0, shown);
    if (other.counted && other.count > 1) countedPairs += Math.max(0, shown);
    for (let index = 0; index < shown; index += 1) {
      const bound = boundOf(first, own.moments[index], other.moments[index + shift], aroundNs);
      if (bound !== undefined) bounds.push(bound);
    }
  }
  const low = tightest(bounds, 'destination', (bound, best) => bound.ns > best.ns);
  const high = tightest(bounds, 'source', (bound, best) => bound.ns < best.ns);
  return {
    pairs,
    countedPairs,
    offset: low === undefined && high === undefined ? undefined : { low, high },
    contradiction: low !== undefined && high !== undefined && low.ns > high.ns,
    sharpness: sharpnessOf(bounds, low, high),
  };
}

/**
 * The n-th lines belong together only if neither log lost one, and equal counts
 * show that. Where the stream broke off, they cannot; one line lost on the
 * source's side then does no harm if its n-th goes with the destination's next.
 */
function shiftOf(own: KeptMoments, other: KeptMoments, { whole, through }: Completeness): number | undefined {
  const counted = own.counted || other.counted || own.count > 1;
  if (counted && !whole) return undefined;
  if (own.count === other.count) return 0;
  return other.counted && !through && other.count < own.count ? 1 : undefined;
}

function tightest(
  bounds: readonly Bound[],
  first: Tie['first'],
  better: (bound: Bound, best: Bound) => boolean,
): Bound | undefined {
  let best: Bound | undefined;
  for (const bound of bounds) {
    if (bound.tie.first === first && (best === undefined || better(bound, best))) best = bound;
  }
  return best;
}

/**
 * Two runs of one guest go alike, and bounds that lie far apart fit any two of
 * them. What tells them apart is that the time from one pair to another, seconds,
 * is the same on both sides up to the bounds' distance, a millisecond.
 */
function sharpnessOf(bounds: readonly Bound[], low: Bound | undefined, high: Bound | undefined): number {
  let most = 0;
  for (const bound of bounds) {
    const other = bound.tie.first === 'source' ? low : high;
    if (other === undefined) continue;
    const apart = Math.abs((bound.tie.source.ns ?? 0) - (other.tie.source.ns ?? 0));
    most = Math.max(most, apart / Math.max(RESOLUTION_NS, Math.abs(bound.ns - other.ns)));
  }
  return most;
}

function boundOf(
  first: Tie['first'],
  source: TieMoment | undefined,
  destination: TieMoment | undefined,
  aroundNs: number,
): Bound | undefined {
  if (source?.ns === undefined || destination?.ns === undefined) return undefined;
  const slack = RESOLUTION_NS + Math.ceil(Math.abs(source.ns - aroundNs) * DRIFT);
  const apart = destination.ns - source.ns;
  const ns = first === 'source' ? Math.ceil(apart) + slack : Math.floor(apart) - slack;
  return { ns, tie: { first, source, destination } };
}
