/** Whether the times of a log run forwards, from line to line and in each thread. */

/** Threads take their time stamp before the log's lock: up to here it may run backwards between any two lines. */
const JITTER_NS = 10_000_000;
/** A thread that waits for the processor of a busy host, its time stamp taken, prints its line as much later. */
const THREADS_JITTER_NS = 1_000_000_000;
/** A process has some dozens of them; more are forgotten, which accuses nobody. */
const MAX_THREADS = 4096;

export type Order = 'forwards' | 'jitter' | 'backwards';

export class TimeOrder {
  /** Of the last line. */
  lastNs: number | undefined;
  #lastThread: number | undefined;
  /** The last time of each thread, but for that of the last line. Lines passed over in between may have a later one. */
  readonly #threads = new Map<number, number>();

  /** The next line is of this time. */
  next(timeNs: number, thread: number | undefined): Order {
    const before = this.lastNs;
    this.#leave(thread);
    this.lastNs = timeNs;
    if (before === undefined || timeNs >= before) return 'forwards';
    if (thread === undefined) return before - timeNs < JITTER_NS ? 'jitter' : 'backwards';
    const own = this.#threads.get(thread) ?? timeNs;
    this.#threads.set(thread, timeNs);
    return own - timeNs < JITTER_NS && before - timeNs < THREADS_JITTER_NS ? 'jitter' : 'backwards';
  }

  /** Lines were passed over, all in order; the last one is of this time. */
  passed(timeNs: number | undefined, thread: number | undefined): void {
    this.#leave(thread);
    this.lastNs = timeNs;
  }

  /** Another line comes: that of the last one is the last time of its thread. */
  #leave(thread: number | undefined): void {
    const last = this.#lastThread;
    this.#lastThread = thread;
    if (last === undefined || this.lastNs === undefined) return;
    if (this.#threads.size >= MAX_THREADS) this.#threads.clear();
    this.#threads.set(last, this.lastNs);
  }
}
