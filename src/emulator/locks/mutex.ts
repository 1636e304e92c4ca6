/** QemuMutex, with the lines that its trace points print. */
import { DONE, type Scheduler, type Steps, type Thread, WaitQueue } from '../clock/scheduler.ts';
import type { FixedLine, Tracer } from '../process/tracer.ts';
import type { Place } from './places.ts';

/** A lock that is free takes no longer. */
const LOCK_NS = 400;

/** What a mutex prints of one place. */
interface Lines {
  readonly lock: FixedLine;
  readonly locked: FixedLine;
  readonly unlock: FixedLine;
}

export class Mutex {
  readonly #scheduler: Scheduler;
  readonly #tracer: Tracer;
  readonly #address: string;
  readonly #free = new WaitQueue();
  readonly #lines = new Map<Place, Lines>();
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

  lock(place: Place): Steps {
    const { lock, locked } = this.#linesOf(place);
    this.#tracer.line(lock);
    if (this.#owner !== undefined) return this.#takeLater(locked);
    this.#take(locked);
    return DONE;
  }

  /** Printed before the mutex is free. */
  unlock(place: Place): void {
    this.#tracer.line(this.#linesOf(place).unlock);
    this.#owner = undefined;
    this.#free.notifyOne(this.#scheduler.nowNs);
  }

  /** A condition wait gives the mutex up and takes it again, both lines with the place of the wait. */
  *waitOn(condition: WaitQueue, place: Place): Steps {
    this.unlock(place);
    yield* this.#scheduler.wait(condition);
    yield* this.#takeLater(this.#linesOf(place).locked);
  }

  *#takeLater(locked: FixedLine): Steps {
    while (this.#owner !== undefined) yield* this.#scheduler.wait(this.#free);
    this.#take(locked);
  }

  #take(locked: FixedLine): void {
    this.#owner = this.#scheduler.current;
    this.#scheduler.spend(LOCK_NS);
    this.#tracer.line(locked);
  }

  #linesOf(place: Place): Lines {
    return this.#lines.get(place) ?? this.#newLines(place);
  }

  #newLines(place: Place): Lines {
    const args = { mutex: this.#address, file: place.file, line: place.line };
    const lines = {
      lock: this.#tracer.fixedLine('qemu_mutex_lock', args),
      locked: this.#tracer.fixedLine('qemu_mutex_locked', args),
      unlock: this.#tracer.fixedLine('qemu_mutex_unlock', args),
    };
    this.#lines.set(place, lines);
    return lines;
  }
}
