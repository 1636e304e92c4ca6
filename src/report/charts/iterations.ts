/**
 * What each iteration of a migration found dirty and sent, in bounded memory.
 * An iteration begins with a sync of the dirty bitmap. When they become too
 * many, each two neighbours become one, with the extremes of both.
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
  /** The sync is one of a switchover. */
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
  #count = 0;
  /** The iteration that goes on. */
  #open: Pick<IterationBin, 'dirtyPages' | 'switchover'> | undefined;
  #bytes = 0;
  #ms = 0;

  /** A window of migrate_transferred. */
  sent(bytes: number, ms: number): void {
    // The log may begin behind the sync.
    this.#open ??= { dirtyPages: undefined, switchover: false };
    this.#bytes += bytes;
    this.#ms += ms;
  }

  sync(dirtyPages: number | undefined, switchover: boolean): void {
    this.#close();
    this.#open = {
      dirtyPages: dirtyPages === undefined ? undefined : { low: dirtyPages, high: dirtyPages },
      switchover,
    };
  }

  /** With the one that goes on. */
  bins(): readonly IterationBin[] {
    this.#close();
    return this.#bins;
  }

  #close(): void {
    if (this.#open === undefined) return;
    this.#count += 1;
    const rate = this.#ms > 0 ? (this.#bytes / this.#ms) * 1000 : undefined;
    const bandwidth = rate === undefined ? undefined : { low: rate, high: rate };
    this.#add({ first: this.#count, last: this.#count, ...this.#open, bandwidth });
    this.#open = undefined;
    this.#bytes = 0;
    this.#ms = 0;
  }

  #add(bin: IterationBin): void {
    const last = this.#bins.at(-1);
    const joins = last !== undefined && last.last - last.first + 1 < this.#perBin;
    if (joins) this.#bins[this.#bins.length - 1] = joined(last, bin);
    else this.#bins.push(bin);
    if (this.#bins.length <= MAX_BINS) return;
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
