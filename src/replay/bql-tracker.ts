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
import type { LockItem, Place } from '../ingest/trace-item.ts';
import { BqlChain, type ChainEvent, HistoryTable } from './bql-chain.ts';
import { BqlMutex, BqlSites } from './bql-places.ts';
import { type Answer, type BqlSnapshot, NOT_SHOWN, OpenSnapshot, type Wording } from './bql-snapshot.ts';
import type { NestedLock } from './run.ts';
import type { BqlHold } from './sink.ts';

const UNSEEN: BqlSnapshot = { settled: () => NOT_SHOWN };
/** Lines kept until the first release in cpus.c tells which mutex is the BQL: the main loop prints one soon. */
const MAX_EARLY = 5000;
const MAX_THREADS = 4096;
/** Answered ones among them are let go at this many. */
const MAX_OPEN = 64;

/** A line of the migration thread, for which it is asked who holds the lock. */
interface Asked {
  readonly kind: 'asked';
  readonly snapshot: OpenSnapshot;
  readonly thread: number | undefined;
  readonly query: boolean;
}

interface Hold {
  readonly place: Place;
  readonly thread: number | undefined;
  readonly timeNs: number | undefined;
  touched: boolean;
}

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
    else if (item.mutex === this.#id) this.#lines.lock(item);
    else item.filter?.countOnly();
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

/** The lines of the mutex that is the BQL. */
class BqlLines {
  readonly #emit: (hold: BqlHold) => void;
  readonly #sites = new BqlSites();
  /** The migration thread among all, as far as lines show no thread. */
  readonly #mergedTable = new HistoryTable(false);
  readonly #merged = new BqlChain(this.#mergedTable);
  readonly #threadTable = new HistoryTable(true);
  readonly #threads = new Map<number, BqlChain>();
  /** Threads that made queries or took the lock in a file of the migration. */
  readonly #migrationThreads = new Set<number>();
  /** The migration thread is stopping the VM: pause_all_vcpus() takes the lock again at a place in cpus.c. */
  #pausing = false;
  /** The main loop or another thread that always locks: the log is not that of one thread alone. */
  #othersSeen = false;
  /** Without these nobody is seen to hold the lock. */
  #takesSeen = false;
  /** A thread waits for the lock that it holds, as far as no later line shows otherwise. */
  #nested: (NestedLock & { readonly thread: number; readonly othersWait: boolean }) | undefined;
  #inSwitchover = false;
  #hold: Hold | undefined;
  #open: OpenSnapshot[] = [];

  constructor(emit: (hold: BqlHold) => void) {
    this.#emit = emit;
  }

  lock(item: LockItem): void {
    const { operation, thread } = item;
    if (operation === 'taken') this.#takesSeen = true;
    this.#mergedTable.shows(operation);
    this.#threadTable.shows(operation);
    const site = this.#sites.see(item);
    const event: ChainEvent = {
      item,
      whose: thread === undefined ? site.whose : 'own',
      site: site.id,
      release: this.#sites.releaseAt(site),
      pausing: this.#pausing && site.inCpus,
      single: site.present <= 1,
      never: this.#sites.neverAt(site),
    };
    this.#sites.count(site, item);
    const chain = thread === undefined ? this.#merged : this.#chainOf(thread);
    if (thread !== undefined && site.inMigration) this.#migrationThreads.add(thread);
    if (site.whose === 'another') this.#othersSeen = true;
    this.#noteNested(item, chain);
    if (operation === 'released') this.#released(item);
    chain.lock(event);
    if (operation === 'taken') {
      const { place, timeNs } = item;
      this.#hold = { place, thread, timeNs, touched: this.#inSwitchover };
    }
    this.#settle(chain, event);
  }

  get nestedLock(): NestedLock | undefined {
    return this.#nested?.othersWait === true ? this.#nested : undefined;
  }

  /** Only with thread ids. Whoever takes the lock later shows that it was released, and the line is missing. */
  #noteNested(item: LockItem, chain: BqlChain): void {
    const { operation, thread } = item;
    const { lastTaken: taken } = chain;
    if (this.#nested !== undefined && operation === 'waiting' && thread !== this.#nested.thread) {
      this.#nested = { ...this.#nested, othersWait: true };
      return;
    }
    this.#nested = undefined;
    if (operation !== 'waiting' || thread === undefined || taken === undefined) return;
    const own = this.#migrationThreads.has(thread) && this.#hold?.thread === thread && chain.lean > 0;
    if (own) this.#nested = { taken, waiting: item.place, thread, othersWait: false };
  }

  vmStops(): void {
    this.#pausing = this.#merged.lean > 0;
    this.touch();
  }

  switchover(open: boolean): void {
    this.#inSwitchover = open;
    this.touch();
  }

  close(): void {
    this.#released(undefined);
  }

  touch(): void {
    if (this.#hold !== undefined) this.#hold.touched = true;
  }

  ask({ snapshot, thread, query }: Asked): void {
    this.touch();
    if (!this.#takesSeen) return;
    const chain = thread === undefined ? this.#merged : this.#chainOf(thread);
    snapshot.bind(chain, thread === undefined ? this.#mergedWording() : this.#threadWording(chain));
    if (this.#open.length >= MAX_OPEN) this.#open = this.#open.filter(({ open }) => open);
    this.#open.push(snapshot);
    if (!query) return;
    this.#pausing = false;
    chain.settleAwake();
    if (thread !== undefined) this.#migrationThreads.add(thread);
  }

  /** It was not the BQL after all. */
  abandon(): void {
    for (const snapshot of this.#open) snapshot.takeBack();
    this.#open = [];
  }

  #chainOf(thread: number): BqlChain {
    const known = this.#threads.get(thread);
    if (known !== undefined) return known;
    if (this.#threads.size >= MAX_THREADS) this.#threads.clear();
    const chain = new BqlChain(this.#threadTable);
    this.#threads.set(thread, chain);
    return chain;
  }

  #settle(chain: BqlChain, event: ChainEvent): void {
    if (this.#open.length === 0) return;
    for (const snapshot of this.#open) snapshot.lock(chain, event);
    if (this.#open.some(({ open }) => !open)) this.#open = this.#open.filter(({ open }) => open);
  }

  #mergedWording(): Wording {
    return new MergedWording(this.#merged.lastTaken, this.#merged.lastReleased, this.#othersSeen);
  }

  #threadWording(own: BqlChain): Wording {
    const holder = this.#hold?.thread;
    const taker = holder === undefined ? own : this.#chainOf(holder);
    const release = places(own.lastReleased);
    const notHeld: Answer = {
      holder: 'not-migration-thread',
      how: 'the thread of the query had released it',
      proof: release,
    };
    const another: Answer = {
      holder: 'another',
      how: 'the thread of the query had released it and another thread had taken it',
      proof: [...places(taker.lastTaken), ...release],
    };
    // Where no other thread's lines are given, nothing tells whether one of them holds it.
    const free: Answer = this.#threads.size === 1 ? notHeld : { ...notHeld, holder: 'free' };
    return {
      held: {
        holder: 'migration-thread',
        how: 'the thread of the query took it and did not release it',
        proof: places(own.lastTaken),
      },
      free: taker === own ? free : another,
      others: another,
      notHeld,
    };
  }

  /** `item` is undefined where the log ends before. */
  #released(item: LockItem | undefined): void {
    const hold = this.#hold;
    this.#hold = undefined;
    if (hold?.touched !== true) return;
    this.#emit({
      by: this.#holderOf(hold),
      thread: hold.thread,
      takenAt: hold.place,
      releasedAt: item?.place,
      startNs: hold.timeNs,
      endNs: item?.timeNs,
    });
  }

  #holderOf({ thread }: Hold): BqlHold['by'] {
    if (thread !== undefined) {
      if (this.#migrationThreads.has(thread)) return 'migration-thread';
      return this.#migrationThreads.size > 0 ? 'another' : 'unknown';
    }
    const { lean } = this.#merged;
    if (lean === 0) return 'unknown';
    return lean > 0 ? 'migration-thread' : 'another';
  }
}

/** Made for every query, and its answers for few of them. */
class MergedWording implements Wording {
  readonly #taken: Place | undefined;
  readonly #released: Place | undefined;
  readonly #othersSeen: boolean;

  constructor(taken: Place | undefined, released: Place | undefined, othersSeen: boolean) {
    this.#taken = taken;
    this.#released = released;
    this.#othersSeen = othersSeen;
  }

  get held(): Answer {
    const how = 'taken by the migration thread and followed through its waits';
    return { holder: 'migration-thread', how, proof: places(this.#taken) };
  }

  get free(): Answer {
    if (!this.#othersSeen) return this.notHeld;
    return { holder: 'free', how: 'the BQL was released and not taken again', proof: places(this.#released) };
  }

  get others(): Answer {
    return { holder: 'another', how: 'taken by another thread', proof: places(this.#taken) };
  }

  get notHeld(): Answer {
    const how = 'the migration thread had released it';
    return { holder: 'not-migration-thread', how, proof: places(this.#released) };
  }
}

const places = (place: Place | undefined): readonly Place[] => (place === undefined ? [] : [place]);
