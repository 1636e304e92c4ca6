/**
 * Follows the BQL (Big QEMU Lock) through the mutex events.
 *
 * Which mutex it is: only bql_unlock() releases one from system/cpus.c
 * (softmmu/cpus.c in 7.2). `released` is printed before the unlock and `taken`
 * after the lock, so between the two somebody surely holds it.
 *
 * With thread ids the answer is direct. In a merged log without them, the
 * thread is inferred: from the source file of the `taken`, through condition
 * waits (released and later taken at the same place, without `waiting on`),
 * and through pause_all_vcpus(), which gives the lock up while it stops the VM.
 * Where the chain is broken or ambiguous the answer is `not-shown`.
 */
import type { LockItem, Place } from '../ingest/trace-item.ts';
import type { BqlAtLine } from './run.ts';
import type { BqlHold } from './sink.ts';

type Role = 'migration-thread' | 'another' | 'unknown';

/** An answer that the next event of the lock may still take back. */
export interface BqlSnapshot {
  readonly thread: number | undefined;
  answer: BqlAtLine;
  /** The next event of the lock agreed. */
  confirmed: boolean;
}

interface ThreadLock {
  held: boolean;
  place: Place;
}

const NOT_SHOWN: BqlAtLine = { holder: 'not-shown', how: 'no mutex event shows the BQL', proof: [] };
const BROKEN: BqlAtLine = { holder: 'not-shown', how: 'the mutex events around it contradict each other', proof: [] };

/** Files of the migration thread that lock the BQL. dirtyrate.c, for one, has a thread of its own. */
const MIGRATION_FILES = /(?:^|\/)migration\/(?:migration|ram|colo|savevm|block-dirty-bitmap|block)\.c$/;
const CPUS_FILE = /(?:^|\/)(?:system|softmmu)\/cpus\.c$/;
const OTHER_FILES =
  /(?:^|\/)(?:util\/main-loop\.c|util\/rcu\.c|accel\/.*\.c|system\/physmem\.c|softmmu\/physmem\.c|migration\/dirtyrate\.c)$/;
const MAX_WAITERS = 64;

export class BqlTracker {
  readonly #emit: (hold: BqlHold) => void;
  #mutex: string | undefined;
  /** Two processes in one log have two BQLs: then nothing is shown. */
  #ambiguous = false;
  readonly #threads = new Map<number, ThreadLock>();
  #holder: { role: Role; item: LockItem; touched: boolean } | undefined;
  #lastRelease: LockItem | undefined;
  /** Threads in a condition wait, by the place where they gave the lock up. */
  readonly #waiters = new Map<string, Role[]>();
  readonly #waitingOn = new Map<string, number>();
  /** The thread that is stopping the VM: pause_all_vcpus() takes the lock again at a place in cpus.c. */
  #stopper: Role = 'unknown';
  #open: BqlSnapshot[] = [];

  constructor(emit: (hold: BqlHold) => void) {
    this.#emit = emit;
  }

  lock(item: LockItem): void {
    if (!this.#isBql(item)) return;
    this.#settle(item);
    switch (item.operation) {
      case 'waiting':
        this.#waitingOn.set(item.site, (this.#waitingOn.get(item.site) ?? 0) + 1);
        return;
      case 'taken':
        this.#taken(item);
        return;
      case 'released':
        this.#released(item);
        return;
    }
  }

  /** Lines are missing here: who holds the lock is not known until the next events show it. */
  forget(): void {
    this.#threads.clear();
    this.#holder = undefined;
    this.#lastRelease = undefined;
    this.#waiters.clear();
    this.#waitingOn.clear();
    this.#stopper = 'unknown';
    for (const snapshot of this.#open) snapshot.answer = BROKEN;
    this.#open = [];
  }

  /** Whoever holds the lock now is stopping the VM (runstate_set is printed under the BQL). */
  vmStops(): void {
    this.#stopper = this.#holder?.role ?? 'unknown';
    this.touch();
  }

  /** The current hold overlaps a query, a sync or a switchover: it will be reported. */
  touch(): void {
    if (this.#holder !== undefined) this.#holder.touched = true;
  }

  /** Who holds the lock at a line that the migration thread prints now. */
  at(thread: number | undefined): BqlSnapshot {
    this.touch();
    const snapshot = { thread, answer: this.#answer(thread), confirmed: false };
    if (snapshot.answer.holder !== 'not-shown') this.#open.push(snapshot);
    return snapshot;
  }

  #isBql(item: LockItem): boolean {
    if (item.operation === 'released' && item.mutex !== this.#mutex && CPUS_FILE.test(item.file)) {
      if (this.#mutex !== undefined) this.#ambiguous = true;
      this.#mutex = item.mutex;
    }
    return !this.#ambiguous && item.mutex === this.#mutex;
  }

  #answer(thread: number | undefined): BqlAtLine {
    if (this.#mutex === undefined || this.#ambiguous) return NOT_SHOWN;
    const own = thread === undefined ? undefined : this.#threads.get(thread);
    if (own !== undefined) return this.#answerOfThread(own);
    if (thread !== undefined) return NOT_SHOWN;
    const holder = this.#holder;
    if (holder !== undefined) return answerOfRole(holder.role, holder.item.place);
    const release = this.#lastRelease;
    if (release === undefined) return NOT_SHOWN;
    return { holder: 'free', how: 'the BQL was released and not taken again', proof: [release.place] };
  }

  #answerOfThread(own: ThreadLock): BqlAtLine {
    if (own.held) {
      return {
        holder: 'migration-thread',
        how: 'the thread of the query took it and did not release it',
        proof: [own.place],
      };
    }
    return { holder: 'free', how: 'the thread of the query had released it', proof: [own.place] };
  }

  /** Checks the open answers against the next event of the lock. */
  #settle(item: LockItem): void {
    if (this.#open.length === 0) return;
    this.#open = this.#open.filter((snapshot) => {
      if (snapshot.thread !== undefined && snapshot.thread !== item.thread) return true;
      return !settleOne(snapshot, item);
    });
  }

  #taken(item: LockItem): void {
    const role = this.#roleOf(item);
    this.#holder = { role, item, touched: false };
    if (item.thread !== undefined) this.#threads.set(item.thread, { held: true, place: item.place });
  }

  #roleOf(item: LockItem): Role {
    const waiting = this.#waitingOn.get(item.site) ?? 0;
    if (waiting > 0) {
      this.#waitingOn.set(item.site, waiting - 1);
      return CPUS_FILE.test(item.file) ? this.#stopper : roleOfFile(item.file);
    }
    const sleepers = this.#waiters.get(item.site);
    const first = sleepers?.shift();
    // Without `waiting on` and without a sleeper it woke from a wait that began before the log.
    if (sleepers === undefined || first === undefined) return roleOfFile(item.file);
    return sleepers.every((role) => role === first) ? first : 'unknown';
  }

  #released(item: LockItem): void {
    const holder = this.#holder;
    const role = holder?.role ?? 'unknown';
    const sleepers = this.#waiters.get(item.site) ?? [];
    // bql_unlock() has one place for everybody and nobody ever "takes" there: keep that list short.
    if (sleepers.length >= MAX_WAITERS) sleepers.shift();
    sleepers.push(role);
    this.#waiters.set(item.site, sleepers);
    if (holder?.touched === true) this.#emitHold(holder.role, holder.item, item);
    this.#holder = undefined;
    this.#lastRelease = item;
    if (item.thread !== undefined) this.#threads.set(item.thread, { held: false, place: item.place });
  }

  #emitHold(by: Role, taken: LockItem, released: LockItem): void {
    this.#emit({
      by,
      thread: taken.thread,
      takenAt: taken.place,
      releasedAt: released.place,
      startNs: taken.timeNs,
      endNs: released.timeNs,
    });
  }
}

function roleOfFile(file: string): Role {
  if (MIGRATION_FILES.test(file)) return 'migration-thread';
  return OTHER_FILES.test(file) ? 'another' : 'unknown';
}

function answerOfRole(role: Role, place: Place): BqlAtLine {
  switch (role) {
    case 'migration-thread':
      return {
        holder: 'migration-thread',
        how: 'taken by the migration thread and followed through its waits',
        proof: [place],
      };
    case 'another':
      return { holder: 'another', how: 'taken by another thread', proof: [place] };
    case 'unknown':
      return { holder: 'not-shown', how: 'the mutex events do not show which thread took it', proof: [place] };
  }
}

/** True when `item` decides the snapshot for good. */
function settleOne(snapshot: BqlSnapshot, item: LockItem): boolean {
  const { answer } = snapshot;
  if (item.operation === 'waiting') return settleByWaiting(snapshot, item);
  const expected = answer.holder === 'free' ? 'taken' : 'released';
  if (item.operation === expected) snapshot.confirmed = true;
  else snapshot.answer = BROKEN;
  return true;
}

/** The migration thread asks for the lock right after the query: it did not hold it, for bql_lock() asserts that. */
function settleByWaiting(snapshot: BqlSnapshot, item: LockItem): boolean {
  const { answer } = snapshot;
  const own = snapshot.thread !== undefined || MIGRATION_FILES.test(item.file);
  if (!own) return false;
  if (answer.holder === 'migration-thread') {
    snapshot.answer = BROKEN;
    return true;
  }
  snapshot.answer = {
    ...answer,
    how: `${answer.how}; the migration thread asks for it right after`,
    proof: [...answer.proof, item.place],
  };
  snapshot.confirmed = true;
  return true;
}
