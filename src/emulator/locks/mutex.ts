/** QemuMutex, with the lines that its trace points print. To take a free one takes no time beside theirs. */
import { DONE, type Scheduler, type Steps, type Thread, WaitQueue } from '../clock/scheduler.ts';
import type { MutexTrace } from './mutex-trace.ts';
import type { PlaceName } from './places.ts';

export class Mutex {
  readonly #scheduler: Scheduler;
  /** undefined: no event of a mutex is switched on. */
  readonly #trace: MutexTrace | undefined;
  readonly #free = new WaitQueue();
  #waiters = 0;
  #owner: Thread | undefined;

  constructor(scheduler: Scheduler, trace: MutexTrace | undefined) {
    this.#scheduler = scheduler;
    this.#trace = trace;
  }

  /** By the thread that runs. */
  get isHeld(): boolean {
    return this.#owner !== undefined && this.#owner === this.#scheduler.current;
  }

  /** Nobody has it and no line tells of it: who takes it and gives it back without a wait leaves no mark. */
  get isUnnoticed(): boolean {
    return this.#trace === undefined && this.#owner === undefined;
  }

  lock(place: PlaceName): Steps {
    if (this.#trace !== undefined) this.#trace.lock(place);
    if (this.#owner !== undefined) return this.#takeLater(place);
    this.#take(place);
    return DONE;
  }

  /** Printed before the mutex is free. */
  unlock(place: PlaceName): void {
    if (this.#trace !== undefined) this.#trace.unlock(place);
    this.#owner = undefined;
    if (this.#waiters > 0) this.#free.notifyOne(this.#scheduler.nowNs);
  }

  /** A condition wait gives the mutex up and takes it again, both lines with the place of the wait. */
  *waitOn(condition: WaitQueue, place: PlaceName): Steps {
    this.unlock(place);
    yield* this.#scheduler.wait(condition);
    yield* this.#takeLater(place);
  }

  *#takeLater(place: PlaceName): Steps {
    this.#waiters += 1;
    while (this.#owner !== undefined) yield* this.#scheduler.wait(this.#free);
    this.#waiters -= 1;
    this.#take(place);
  }

  #take(place: PlaceName): void {
    this.#owner = this.#scheduler.current;
    if (this.#trace !== undefined) this.#trace.locked(place);
  }
}
