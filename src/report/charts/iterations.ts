/**
 * What each iteration of a migration found dirty and sent, in bounded memory.
 * An iteration ends with a sync of the dirty bitmap. When they become too many,
 * each two neighbours become one row, with the extremes of both.
 */

/** One iteration, or several neighbours. */
export interface IterationBin {
  /** Number of its sync, counted from 1; `last` is the same for a single iteration. */
  readonly first: number;
  readonly last: number;
  /** As migration_bitmap_sync_end prints them, cumulative over about a second; undefined where no line shows them. */
  readonly dirtyPages: Range | undefined;
  /** Bytes per second while it went on; undefined where no migrate_transferred came in it. */
  readonly bandwidth: Range | undefined;
  /** Its sync is one of a switchover. */
  readonly switchover: boolean;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

const MAX_BINS = 192;

export class IterationSeries {
  #bins: IterationBin[] = [];
  /** So many iterations go into a bin. */
  #perBin = 1;
  #bytes = 0;
  #ms = 0;
  count = 0;

  /** A window of migrate_transferred. */
  sent(bytes: number, ms: number): void {
    this.#bytes += bytes;
    this.#ms += ms;
  }

  sync(dirtyPages: number | undefined, switchover: boolean): void {
    this.count += 1;
    const bin: IterationBin = {
      first: this.count,
      last: this.count,
      dirtyPages: dirtyPages === undefined ? undefined : { low: dirtyPages, high: dirtyPages },
      bandwidth: this.#takeBandwidth(),
      switchover,
    };
    const open = this.#bins.at(-1);
    if (open !== undefined && open.last - open.first + 1 < this.#perBin)
      this.#bins[this.#bins.length - 1] = joined(open, bin);
    else this.#bins.push(bin);
    if (this.#bins.length > MAX_BINS) this.#halve();
  }

  bins(): readonly IterationBin[] {
    return this.#bins;
  }

  /** What went over the link behind the last sync, in bytes per second. */
  get rest(): number | undefined {
    return this.#ms > 0 ? (this.#bytes / this.#ms) * 1000 : undefined;
  }

  #takeBandwidth(): Range | undefined {
    const { rest } = this;
    this.#bytes = 0;
    this.#ms = 0;
    return rest === undefined ? undefined : { low: rest, high: rest };
  }

  #halve(): void {
    this.#perBin *= 2;
    this.#bins = pairs(this.#bins);
  }
}

/** At most `limit` bins. */
export function fewerBins(bins: readonly IterationBin[], limit: number): readonly IterationBin[] {
  let fewer = bins;
  while (fewer.length > limit) fewer = pairs(fewer);
  return fewer;
}

function pairs(bins: readonly IterationBin[]): IterationBin[] {
  const halved: IterationBin[] = [];
  for (let at = 0; at < bins.length; at += 2) {
    const [one, other] = [bins[at], bins[at + 1]];
    if (one !== undefined) halved.push(other === undefined ? one : joined(one, other));
  }
  return halved;
}

function joined(one: IterationBin, other: IterationBin): IterationBin {
  return {
    first: one.first,
    last: other.last,
    dirtyPages: around(one.dirtyPages, other.dirtyPages),
    bandwidth: around(one.bandwidth, other.bandwidth),
    switchover: one.switchover || other.switchover,
  };
}

function around(one: Range | undefined, other: Range | undefined): Range | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return { low: Math.min(one.low, other.low), high: Math.max(one.high, other.high) };
}
