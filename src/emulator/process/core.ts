/** What every thread of the process shares: clock, trace, locks, version, faults. */
import { Random } from '../clock/random.ts';
import { Scheduler, type Steps, type Thread } from '../clock/scheduler.ts';
import type { EmulatorConfig } from '../config.ts';
import type { EmissionSink } from '../emission.ts';
import { FaultSwitches } from '../faults/switches.ts';
import { Mutex } from '../locks/mutex.ts';
import { MutexTrace } from '../locks/mutex-trace.ts';
import type { PlaceName } from '../locks/places.ts';
import { type Version, versionOf } from '../versions/version.ts';
import { type Points, pointsOf } from './points.ts';
import { Tracer } from './tracer.ts';

const MUTEX_EVENTS = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'] as const;

export class Core {
  readonly config: EmulatorConfig;
  readonly version: Version;
  readonly random: Random;
  readonly scheduler = new Scheduler();
  readonly tracer: Tracer;
  readonly points: Points;
  readonly faults: FaultSwitches;
  readonly slotsMutex: Mutex;
  aborted = false;
  readonly #bql: Mutex;
  readonly #showsMutexes: boolean;
  readonly #heap: number;
  #allocations = 0;
  #lastThread: number;

  constructor(config: EmulatorConfig, sink: EmissionSink) {
    this.config = config;
    this.version = versionOf(config.version);
    this.random = new Random(config.seed);
    this.tracer = new Tracer(this.scheduler, this.random, sink);
    this.faults = new FaultSwitches(config.faults);
    this.points = pointsOf(this.tracer);
    this.#showsMutexes = MUTEX_EVENTS.some((event) => this.tracer.point(event).isOn);
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
    const address = this.address();
    const trace = this.#showsMutexes ? new MutexTrace(this.tracer, this.config.version, address) : undefined;
    return new Mutex(this.scheduler, trace);
  }

  sleep(ns: number): Steps {
    return this.scheduler.sleep(ns);
  }

  /** Busy for a time near `ns`. */
  spend(ns: number): void {
    this.scheduler.spend(Math.round(ns * this.random.between(0.8, 1.3)));
  }

  /** bql_lock(): aborts when the caller holds it already, before it prints anything. */
  lockBql(place: PlaceName): Steps {
    if (this.#bql.isHeld) return this.abort('system/cpus.c', 574, 'bql_lock_impl', '!bql_locked()');
    return this.#bql.lock(place);
  }

  /** bql_unlock() prints its own place, whoever calls it. */
  unlockBql(): void {
    this.#bql.unlock('unlock');
  }

  waitWithBql(condition: Parameters<Mutex['waitOn']>[0], place: PlaceName): Steps {
    return this.#bql.waitOn(condition, place);
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
