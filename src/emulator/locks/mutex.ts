/** QemuMutex, with the lines that its trace points print. */
import { type Scheduler, type Steps, type Thread, WaitQueue } from '../clock/scheduler.ts';
import type { Tracer } from '../process/tracer.ts';
import type { Place } from './places.ts';

/** A lock that is free takes no longer. */
const LOCK_NS = 400;

export class Mutex {
  readonly #scheduler: Scheduler;
  readonly #tracer: Tracer;
  readonly #address: string;
  readonly #free = new WaitQueue();
  #owner: Thread | undefined;

  constructor(scheduler: Scheduler, tracer: Tracer, address: string) {
    this.#scheduler = scheduler;
    this.#tracer = tracer;
    this.#address = address;
  }

  /** By the thread that runs. */
  get isHeld(): boolean {
    return this.#owner !== undefined && this.#owner === this.#scheduler.current;
  }

  *lock(place: Place): Steps {
    this.#tracer.event('qemu_mutex_lock', this.#args(place));
    yield* this.#take();
    this.#tracer.event('qemu_mutex_locked', this.#args(place));
  }

  /** Printed before the mutex is free. */
  unlock(place: Place): void {
    this.#tracer.event('qemu_mutex_unlock', this.#args(place));
    this.#owner = undefined;
    this.#free.notifyOne(this.#scheduler.nowNs);
  }

  /** A condition wait gives the mutex up and takes it again, both lines with the place of the wait. */
  *waitOn(condition: WaitQueue, place: Place): Steps {
    this.unlock(place);
    yield* this.#scheduler.wait(condition);
    yield* this.#take();
    this.#tracer.event('qemu_mutex_locked', this.#args(place));
  }

  *#take(): Steps {
    while (this.#owner !== undefined) yield* this.#scheduler.wait(this.#free);
    this.#owner = this.#scheduler.current;
    this.#scheduler.spend(LOCK_NS);
  }

  #args(place: Place): { mutex: string; file: string; line: number } {
    return { mutex: this.#address, file: place.file, line: place.line };
  }
}
