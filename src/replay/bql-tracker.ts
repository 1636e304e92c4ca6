/**
 * Follows the BQL (Big QEMU Lock) through the mutex events.
 *
 * With thread ids the answer is direct: each thread's own lines tell. In a
 * merged log without them the migration thread's lines are told apart by the
 * source file of the lock, through condition waits (released and later taken at
 * the same place, without `waiting on`), and through pause_all_vcpus(), which
 * gives the lock up while it stops the VM. Where that leaves two answers, or
 * the events contradict each other, the answer is `not-shown`.
 */
import type { LockItem, RunRecords } from '../ingest/trace-item.ts';
import { type Asked, BqlLines } from './bql-lines.ts';
import { BqlMutex } from './bql-places.ts';
import { type BqlSnapshot, NOT_SHOWN, OpenSnapshot } from './bql-snapshot.ts';
import type { NestedLock } from './run.ts';
import type { BqlHold } from './sink.ts';

const UNSEEN: BqlSnapshot = { settled: () => NOT_SHOWN };
/** Lines kept until the first release in cpus.c tells which mutex is the BQL: the main loop prints one soon. */
const MAX_EARLY = 5000;

/** An item may be filled anew with the next line. */
function kept({ kind, operation, name, mutex, file, site, place, timeNs, thread }: LockItem): LockItem {
  return { kind, operation, name, mutex, file, site, place, timeNs, thread };
}

export class BqlTracker {
  readonly #emit: (hold: BqlHold) => void;
  readonly #mutex = new BqlMutex();
  #id: string | undefined;
  #early: (LockItem | Asked)[] = [];
  #lines: BqlLines | undefined;
  #inSwitchover = false;

  constructor(emit: (hold: BqlHold) => void) {
    this.#emit = emit;
  }

  lock(item: LockItem): void {
    if (this.#mutex.see(item)) {
      item.filter?.reset();
      this.#identify();
    }
    if (this.#lines === undefined) this.#keep(kept(item));
    else if (item.mutex === this.#id) {
      this.#lines.lock(item);
      item.filter?.follow();
    } else item.filter?.countOnly();
  }

  /** Lines of the BQL that did not come one by one: those in [from, to), among which no other event is. */
  run(records: RunRecords, from: number, to: number): void {
    if (from < to) this.#lines?.run(records, from, to);
  }

  /** Lines are missing here: who holds the lock is not known until the next events show it. */
  forget(): void {
    this.#early = [];
    if (this.#lines !== undefined) this.#beginLines();
  }

  /** Whoever holds the lock now is stopping the VM (runstate_set is printed under the BQL). */
  vmStops(): void {
    this.#lines?.vmStops();
  }

  /** A switchover begins or ends: holds during it will be reported. */
  switchover(open: boolean): void {
    this.#inSwitchover = open;
    this.#lines?.switchover(open);
  }

  /** The log ends. */
  close(): void {
    this.#lines?.close();
  }

  /** The current hold overlaps a query, a sync or a switchover: it will be reported. */
  touch(): void {
    this.#lines?.touch();
  }

  /** The migration thread, as the log ends: it waits for the lock that it holds, and so does another. */
  get nestedLock(): NestedLock | undefined {
    return this.#lines?.nestedLock;
  }

  /** Who holds the lock at the line of a query: the migration thread prints it. */
  atQuery(thread: number | undefined): BqlSnapshot {
    return this.#at(thread, true);
  }

  /** The same at another line that the migration thread prints. */
  at(thread: number | undefined): BqlSnapshot {
    return this.#at(thread, false);
  }

  #at(thread: number | undefined, query: boolean): BqlSnapshot {
    const early = this.#lines === undefined;
    // Without any mutex event nothing will ever be shown: there may be millions of queries.
    if (early && this.#early.length === 0) return UNSEEN;
    const asked: Asked = { kind: 'asked', snapshot: new OpenSnapshot(), thread, query };
    if (this.#lines === undefined) this.#keep(asked);
    else this.#lines.ask(asked);
    return asked.snapshot;
  }

  #keep(line: LockItem | Asked): void {
    if (this.#early.length >= MAX_EARLY) this.#early = this.#early.slice(MAX_EARLY / 2);
    this.#early.push(line);
  }

  /** It is another mutex than was thought, or known at last: what was read before counts from the beginning. */
  #identify(): void {
    const { id } = this.#mutex;
    if (id === this.#id) return;
    this.#id = id;
    const early = this.#early;
    this.#early = [];
    const lines = this.#beginLines();
    for (const line of early) {
      if (line.kind === 'asked') lines?.ask(line);
      else if (line.mutex === id) lines?.lock(line);
    }
  }

  /** Nothing of what the lines so far have shown counts any more. */
  #beginLines(): BqlLines | undefined {
    this.#lines?.abandon();
    this.#lines = this.#id === undefined ? undefined : new BqlLines(this.#emit);
    this.#lines?.switchover(this.#inSwitchover);
    return this.#lines;
  }
}
