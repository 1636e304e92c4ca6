/** The lines of the mutex that is the BQL: who holds it, and how long. */
import type { LockItem, Place, RunRecords } from '../ingest/trace-item.ts';
import { BqlChain } from './bql-chain.ts';
import { BqlFollower } from './bql-follower.ts';
import { HistoryTable, type SignedEvent, signed } from './bql-histories.ts';
import { BqlSites, type Site } from './bql-places.ts';
import type { Answer, OpenSnapshot, Wording } from './bql-snapshot.ts';
import { MergedWording, places } from './bql-wording.ts';
import type { NestedLock } from './run.ts';
import type { BqlHold } from './sink.ts';

const MAX_THREADS = 4096;
/** Answered ones among them are let go at this many. */
const MAX_OPEN = 64;

/** A line of the migration thread, for which it is asked who holds the lock. */
export interface Asked {
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

export class BqlLines {
  readonly #emit: (hold: BqlHold) => void;
  readonly #sites = new BqlSites();
  /** The migration thread among all, as far as lines show no thread. */
  readonly #mergedTable = new HistoryTable(false);
  readonly #merged = new BqlChain(this.#mergedTable);
  readonly #follower = new BqlFollower(this.#merged, this.#sites);
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
    this.#read(item, this.#sites.see(item));
  }

  /** The same for many. */
  run(locks: RunRecords, from: number, to: number): void {
    const { threaded } = locks;
    for (let index = from; index < to; index += 1) {
      if (threaded) this.lock(locks.lockAt(index));
      else this.#readOf(locks, index);
    }
    this.#catchUp(locks);
  }

  #readOf(locks: RunRecords, index: number): void {
    const text = locks.idAt(index);
    const pausing = this.#pausing;
    const repeated = this.#follower.repeated(text, pausing);
    if (repeated !== undefined && this.#follows(repeated, index)) return;
    this.#catchUp(locks);
    const item = locks.lockAt(index);
    if (repeated !== undefined) {
      this.#take(item, repeated, this.#merged);
      return;
    }
    const site = this.#sites.see(item);
    this.#follower.learn(text, site, this.#read(item, site), pausing);
  }

  /** Without anyone who waits for what it shows. */
  #follows(event: SignedEvent, index: number): boolean {
    if (this.#open.length > 0 || this.#inSwitchover) return false;
    return this.#follower.follows(event, index, this.#hold?.touched === true);
  }

  #catchUp(locks: RunRecords): void {
    const holder = this.#follower.catchUp(locks);
    if (holder !== undefined) this.#hold = holder === 'free' ? undefined : this.#holdSince(holder);
  }

  #holdSince({ place, thread, timeNs }: LockItem): Hold {
    return { place, thread, timeNs, touched: this.#inSwitchover };
  }

  #read(item: LockItem, site: Site): SignedEvent {
    const { operation, thread } = item;
    if (operation === 'taken') this.#takesSeen = true;
    this.#mergedTable.shows(operation);
    this.#threadTable.shows(operation);
    const event = this.#eventOf(item, site);
    this.#sites.count(site, operation);
    if (thread !== undefined && site.inMigration) this.#migrationThreads.add(thread);
    if (site.whose === 'another') this.#othersSeen = true;
    this.#take(item, event, thread === undefined ? this.#merged : this.#chainOf(thread));
    return event;
  }

  #take(item: LockItem, event: SignedEvent, chain: BqlChain): void {
    const { operation } = item;
    this.#noteNested(item, chain);
    if (operation === 'released') this.#released(item);
    chain.lock(event, item);
    if (operation === 'taken') this.#hold = this.#holdSince(item);
    this.#settle(chain, event, item);
  }

  #eventOf({ operation, thread }: LockItem, site: Site): SignedEvent {
    return signed({
      operation,
      whose: thread === undefined ? site.whose : 'own',
      site: site.id,
      release: this.#sites.releaseAt(site),
      pausing: this.#pausing && site.inCpus,
      single: site.present <= 1,
      never: this.#sites.neverAt(site),
    });
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

  #settle(chain: BqlChain, event: SignedEvent, item: LockItem): void {
    if (this.#open.length === 0) return;
    for (const snapshot of this.#open) snapshot.lock(chain, event, item);
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
