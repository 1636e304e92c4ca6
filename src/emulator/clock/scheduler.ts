/**
 * The virtual clock and the threads that live by it. A thread is a generator:
 * it runs until it waits, so nothing comes between two waits of it, and of all
 * threads that may go on the one whose time is first does.
 */

import { REAL_ZERO } from './real-zero.ts';

export interface Thread {
  readonly id: number;
}

/** What a thread waits for: a time, a queue's notification, or whichever comes first. */
interface Wait {
  readonly untilNs: number | undefined;
  readonly queue: WaitQueue | undefined;
}

/**
 * What a thread does, up to its result: run with `yield*`. Most is done at once,
 * millions of times, and a generator for each would cost more than all the rest:
 * see Done.
 */
export type Steps<T = void> = Iterable<Wait, T, void>;

/** Steps that had nothing to wait for: they are done already. */
export class Done<T> implements Iterable<Wait, T, void> {
  readonly done = true;
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }

  [Symbol.iterator](): Iterator<Wait, T, void> {
    return this;
  }

  next(): this {
    return this;
  }
}

/** What comes to no result; to compare with it is the cheapest way to see that there was nothing to wait for. */
export const DONE: Steps = new Done(undefined);

/** `action` behind `steps`, at once when they are done; `context` spares a closure in each round. */
export function andThen<C, T, U>(steps: Steps<T>, context: C, action: (context: C, value: T) => Steps<U>): Steps<U> {
  return steps instanceof Done ? action(context, steps.value) : afterwards(steps, context, action);
}

function* afterwards<C, T, U>(steps: Steps<T>, context: C, action: (context: C, value: T) => Steps<U>): Steps<U> {
  return yield* action(context, yield* steps);
}

/** The first moment at which another thread than the one that runs can go on, or the end of the time. */
interface Horizon {
  ns: number;
}

interface Task {
  readonly thread: Thread;
  readonly horizon: Horizon;
  readonly steps: Iterator<Wait, void, void>;
  /** undefined: only a notification wakes it. */
  wakeNs: number | undefined;
  queue: WaitQueue | undefined;
}

/** How long a woken thread takes to run. */
const WAKE_UP_NS = 6_000;

export class WaitQueue {
  readonly #waiting: Task[] = [];

  add(task: Task): void {
    this.#waiting.push(task);
  }

  remove(task: Task): void {
    const at = this.#waiting.indexOf(task);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  notifyOne(nowNs: number): void {
    const task = this.#waiting.shift();
    if (task !== undefined) wake(task, nowNs);
  }

  notifyAll(nowNs: number): void {
    if (this.#waiting.length === 0) return;
    for (const task of this.#waiting.splice(0)) wake(task, nowNs);
  }
}

function wake(task: Task, nowNs: number): void {
  task.queue = undefined;
  task.wakeNs = nowNs + WAKE_UP_NS;
  task.horizon.ns = Math.min(task.horizon.ns, task.wakeNs);
}

export class Scheduler {
  #nowNs = REAL_ZERO;
  #tasks: Task[] = [];
  #current: Thread = { id: 0 };
  #stopped = false;
  #endNs = REAL_ZERO;
  #waitsLeft = 0;
  /** May be too early, never too late. */
  readonly #horizon: Horizon = { ns: REAL_ZERO };

  get nowNs(): number {
    return this.#nowNs;
  }

  /** QEMU's clocks of milliseconds cut off. */
  get nowMs(): number {
    return Math.floor(this.#nowNs / 1e6);
  }

  get current(): Thread {
    return this.#current;
  }

  /** The current thread was busy for so many whole ns. */
  spend(ns: number): void {
    this.#nowNs += ns;
  }

  spawn(thread: Thread, steps: Steps, afterNs = 0): void {
    const wakeNs = this.#nowNs + afterNs;
    const horizon = this.#horizon;
    horizon.ns = Math.min(horizon.ns, wakeNs);
    this.#tasks.push({ thread, horizon, steps: steps[Symbol.iterator](), wakeNs, queue: undefined });
  }

  sleep(ns: number): Steps {
    const untilNs = this.#nowNs + Math.max(0, Math.round(ns));
    return this.#passesTo(untilNs) ? DONE : waiting({ untilNs, queue: undefined });
  }

  /** Whoever is due has a turn. */
  giveWay(): Steps {
    return this.#passesTo(this.#nowNs) ? DONE : waiting({ untilNs: this.#nowNs, queue: undefined });
  }

  wait(queue: WaitQueue): Steps {
    return waiting({ untilNs: undefined, queue });
  }

  waitUntil(queue: WaitQueue, untilNs: number): Steps {
    const wholeNs = Math.ceil(untilNs);
    return this.#passesTo(wholeNs) ? DONE : waiting({ untilNs: wholeNs, queue });
  }

  /** From now on no thread runs: the process is gone. */
  stop(): void {
    this.#stopped = true;
    this.#horizon.ns = Number.NEGATIVE_INFINITY;
  }

  /**
   * Until no thread can go on, the process is gone, or the time has come: true.
   * False after so many waits: there is more, and nothing is lost.
   */
  run(untilNs: number, waits: number): boolean {
    this.#endNs = untilNs;
    this.#waitsLeft = waits;
    while (!this.#stopped) {
      const task = this.#first();
      if (task?.wakeNs === undefined || task.wakeNs > untilNs) return true;
      if (this.#waitsLeft <= 0) return false;
      this.#waitsLeft -= 1;
      this.#nowNs = Math.max(this.#nowNs, task.wakeNs);
      this.#resume(task);
    }
    return true;
  }

  /** The time passes at once where no other thread has a turn before. */
  #passesTo(untilNs: number): boolean {
    if (untilNs >= this.#horizon.ns || this.#waitsLeft <= 0) return false;
    this.#waitsLeft -= 1;
    if (untilNs > this.#nowNs) this.#nowNs = untilNs;
    return true;
  }

  #first(): Task | undefined {
    let first: Task | undefined;
    for (const task of this.#tasks) {
      if (task.wakeNs !== undefined && (first?.wakeNs === undefined || task.wakeNs < first.wakeNs)) first = task;
    }
    return first;
  }

  #firstWithout(current: Task): number {
    let first = Number.POSITIVE_INFINITY;
    for (const task of this.#tasks) {
      if (task !== current && task.wakeNs !== undefined && task.wakeNs < first) first = task.wakeNs;
    }
    return first;
  }

  #resume(task: Task): void {
    task.queue?.remove(task);
    this.#current = task.thread;
    this.#horizon.ns = Math.min(this.#firstWithout(task), this.#endNs + 1);
    const step = task.steps.next();
    if (step.done === true) {
      this.#tasks = this.#tasks.filter((other) => other !== task);
      return;
    }
    task.wakeNs = step.value.untilNs;
    task.queue = step.value.queue;
    task.queue?.add(task);
  }
}

function* waiting(wait: Wait): Steps {
  yield wait;
}
