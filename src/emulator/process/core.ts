/** What every thread of the process shares: clock, trace, locks, version, faults. */
import { Random } from '../clock/random.ts';
import { DONE, Done, Scheduler, type Steps, type Thread } from '../clock/scheduler.ts';
import type { EmulatorConfig } from '../config.ts';
import type { EmissionSink } from '../emission.ts';
import { FaultSwitches } from '../faults/switches.ts';
import { Mutex } from '../locks/mutex.ts';
import { type PlaceName, placesOf } from '../locks/places.ts';
import { type Version, versionOf } from '../versions/version.ts';
import { Tracer } from './tracer.ts';

export class Core {
  readonly config: EmulatorConfig;
  readonly version: Version;
  readonly random: Random;
  readonly scheduler = new Scheduler();
  readonly tracer: Tracer;
  readonly faults: FaultSwitches;
  readonly slotsMutex: Mutex;
  aborted = false;
  readonly #bql: Mutex;
  readonly #place: ReturnType<typeof placesOf>;
  readonly #heap: number;
  #allocations = 0;
  #lastThread: number;

  constructor(config: EmulatorConfig, sink: EmissionSink) {
    this.config = config;
    this.version = versionOf(config.version);
    this.random = new Random(config.seed);
    this.tracer = new Tracer(this.scheduler, this.random, sink);
    this.faults = new FaultSwitches(config.faults);
    this.#place = placesOf(config.version);
    this.#heap = 0x55d0_0000_0000 + this.random.whole(0, 0xffff_ffff) * 16;
    this.#lastThread = this.random.whole(9_000, 29_000);
    this.#bql = this.mutex();
    this.slotsMutex = this.mutex();
  }

  /**
   * The patch as posted: in the final query modules besides RAM return at once
   * and its total is not stored; the discard bitmap syncs again, and COLO's
   * checkpoints make no final query.
   */
  get asPosted(): boolean {
    return this.config.version === 'thread' && this.config.asPosted;
  }

  get nowNs(): number {
    return this.scheduler.nowNs;
  }

  get holdsBql(): boolean {
    return this.#bql.isHeld;
  }

  newThread(): Thread {
    this.#lastThread += this.random.whole(1, 3);
    return { id: this.#lastThread };
  }

  /** An address as %p prints it. */
  address(): string {
    this.#allocations += 1;
    return `0x${(this.#heap + this.#allocations * 0x8c0).toString(16)}`;
  }

  mutex(): Mutex {
    return new Mutex(this.scheduler, this.tracer, this.address());
  }

  sleep(ns: number): Steps {
    return this.scheduler.sleep(ns);
  }

  /** Busy for a time near `ns`. */
  spend(ns: number): void {
    this.scheduler.spend(ns * this.random.between(0.8, 1.3));
  }

  /** bql_lock(): aborts when the caller holds it already, before it prints anything. */
  lockBql(place: PlaceName): Steps {
    if (this.#bql.isHeld) return this.abort('system/cpus.c', 574, 'bql_lock_impl', '!bql_locked()');
    return this.#bql.lock(this.#place(place));
  }

  /** bql_unlock() prints its own place, whoever calls it. */
  unlockBql(): void {
    this.#bql.unlock(this.#place('unlock'));
  }

  waitWithBql(condition: Parameters<Mutex['waitOn']>[0], place: PlaceName): Steps {
    return this.#bql.waitOn(condition, this.#place(place));
  }

  locked(mutex: Mutex, place: PlaceName, end: PlaceName, busyNs: number): Steps {
    const taken = mutex.lock(this.#place(place));
    if (!(taken instanceof Done)) return this.#lockedLater(taken, mutex, end, busyNs);
    this.spend(busyNs);
    mutex.unlock(this.#place(end));
    return DONE;
  }

  *#lockedLater(taken: Steps, mutex: Mutex, end: PlaceName, busyNs: number): Steps {
    yield* taken;
    this.spend(busyNs);
    mutex.unlock(this.#place(end));
  }

  lockMutex(mutex: Mutex, place: PlaceName): Steps {
    return mutex.lock(this.#place(place));
  }

  unlockMutex(mutex: Mutex, place: PlaceName): void {
    mutex.unlock(this.#place(place));
  }

  /** g_assert() failed: the process is gone, and nobody comes back from here. */
  *abort(file: string, line: number, where: string, assertion: string): Steps<never> {
    const text = `ERROR:../${file}:${line}:${where}: assertion failed: (${assertion})`;
    this.tracer.message(`**\n${text}\nBail out! ${text}`);
    this.aborted = true;
    this.scheduler.stop();
    for (;;) yield { untilNs: undefined, queue: undefined };
  }
}
