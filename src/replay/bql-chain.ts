/** One thread and the BQL: which of its histories the lines so far agree with, and what they say at a line. */
import type { LockItem, Place } from '../ingest/trace-item.ts';
import { FREE, HELD, type Histories, type HistoryTable, MAX_LOST, OTHERS, type SignedEvent } from './bql-histories.ts';

/** What may have been at one line of the thread, followed on. */
export class Hypotheses {
  readonly #table: HistoryTable;
  #held: Histories;
  #free: Histories;
  #others: Histories;

  constructor(table: HistoryTable, histories: Histories) {
    const awake = table.awake(histories);
    this.#table = table;
    this.#held = table.only(awake, HELD);
    this.#free = table.only(awake, FREE);
    this.#others = table.only(awake, OTHERS);
  }

  lock(event: SignedEvent): void {
    this.#held = this.#table.after(this.#held, event);
    this.#free = this.#table.after(this.#free, event);
    this.#others = this.#table.after(this.#others, event);
  }

  // Missing lines that each answer takes.

  get held(): number {
    return this.#held.least;
  }

  get free(): number {
    return this.#free.least;
  }

  get others(): number {
    return this.#others.least;
  }

  /** It is the one or the other. */
  get out(): number {
    return Math.min(this.free, this.others);
  }
}

/** One thread and the BQL. */
export class BqlChain {
  readonly #table: HistoryTable;
  #histories: Histories;
  lastTaken: Place | undefined;
  lastReleased: Place | undefined;
  /** Events since the last one that only a missing line explains. */
  calm = Number.MAX_SAFE_INTEGER;

  constructor(table: HistoryTable) {
    this.#table = table;
    this.#histories = table.start();
  }

  lock(event: SignedEvent, item: LockItem): void {
    // Only these lines are shown, and making a line's place costs more than following it.
    if (event.operation === 'taken') this.lastTaken = item.place;
    else if (event.operation === 'released') this.lastReleased = item.place;
    this.calm += 1;
    this.#set(this.#table.after(this.#histories, event));
  }

  /** Follows the event, if what comes of it was worked out before. Which line it was must be told later. */
  follow(event: SignedEvent): boolean {
    const next = this.#table.knownAfter(this.#histories, event);
    if (next === undefined) return false;
    this.calm += 1;
    this.#set(next);
    return true;
  }

  /** What may be at a line that the thread prints now. */
  printed(): Hypotheses {
    return new Hypotheses(this.#table, this.#histories);
  }

  /** Nobody but this thread prints this line: it neither waits nor sleeps. */
  settleAwake(): void {
    this.#set(this.#table.awake(this.#histories));
  }

  /** By how many missing lines it is the likelier that the thread holds the lock; negative: that it does not. */
  get lean(): number {
    let held = MAX_LOST + 1;
    let out = MAX_LOST + 1;
    for (const [code, cost] of this.#histories.costs) {
      if (code === HELD) held = Math.min(held, cost);
      else out = Math.min(out, cost);
    }
    return out - held;
  }

  #set(histories: Histories): void {
    if (histories.least > 0) this.calm = 0;
    // No history explains it with so few missing lines: begin anew.
    this.#histories = histories.costs.size === 0 ? this.#table.start() : this.#table.levelled(histories);
  }
}
