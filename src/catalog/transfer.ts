/**
 * What a line of migrate_transferred says about the link and the switchover.
 *
 * Its `bandwidth` is bytes per ms up to 11.0 and Mbit/s in 11.1, and
 * `switchover_bw` is bytes per ms: unset (0) or avail-switchover-bandwidth up to
 * 11.0, in 11.1 what is reckoned with in either case. Both are cut to whole
 * numbers. QEMU reckons with transferred / time_spent itself, a C double, so
 * that is what is taken here; a switchover_bw of another value is the user's.
 *
 *     max_size = floor(bytes per ms * downtime-limit in ms)
 */
import type { Uint64 } from '../base/uint64.ts';
import type { EventArgs } from './catalog.ts';

/** Both ends count. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Far above the error of a double, far below a millisecond. */
const ROUNDING_MS = 1e-6;

type Transferred = EventArgs<'migrate_transferred'>;

/** A line, whose values are reckoned only when asked for: of a spinning migration there are millions. */
export class TransferSample {
  readonly #args: Transferred;

  constructor(args: Transferred) {
    this.#args = args;
  }

  /** How long the window was that the line closes: 100 ms or a little more. */
  get timeSpentMs(): number {
    return Number(this.#args.time_spent);
  }

  get transferredBytes(): number {
    return Number(this.#args.transferred);
  }

  /** What was sent in the window, in bytes per ms. */
  get bytesPerMs(): number {
    return this.timeSpentMs > 0 ? this.transferredBytes / this.timeSpentMs : 0;
  }

  /** What the threshold was reckoned with: the same, or the user's avail-switchover-bandwidth. */
  get switchoverBytesPerMs(): Range {
    const { bytesPerMs } = this;
    const printed = 'switchover_bw' in this.#args ? Number(this.#args.switchover_bw) : 0;
    const measured = printed === 0 || printed === Math.floor(bytesPerMs);
    return measured ? { low: bytesPerMs, high: bytesPerMs } : { low: printed, high: printed + 1 };
  }

  /** The threshold from here on. */
  get maxSizeBytes(): Uint64 {
    return this.#args.max_size;
  }

  /** The downtime-limits in ms that give this threshold, as a rule one; undefined where nothing was sent. */
  get limitMs(): Range | undefined {
    return limitsOf(this.switchoverBytesPerMs, Number(this.maxSizeBytes));
  }
}

export function readTransfer(args: Transferred): TransferSample {
  return new TransferSample(args);
}

/** undefined also where no whole number of milliseconds gives `maxSize`. */
function limitsOf(bytesPerMs: Range, maxSize: number): Range | undefined {
  if (bytesPerMs.low <= 0 || maxSize < 0) return undefined;
  const low = Math.ceil(maxSize / bytesPerMs.high - ROUNDING_MS);
  const high = Math.floor((maxSize + 1) / bytesPerMs.low + ROUNDING_MS);
  return low > high ? undefined : { low, high };
}

/** The smallest downtime-limit, in ms, whose threshold holds `bytes`; undefined where nothing was sent. */
export function limitMsFor(bytes: Uint64, { switchoverBytesPerMs: { low } }: TransferSample): number | undefined {
  return low > 0 ? Math.ceil(Number(bytes) / low) : undefined;
}

/** The bandwidth, in bytes per second, at which the limit's threshold holds `bytes`. */
export function bytesPerSecondFor(bytes: Uint64, limitMs: number): number | undefined {
  return limitMs > 0 ? Math.ceil((Number(bytes) / limitMs) * 1000) : undefined;
}
