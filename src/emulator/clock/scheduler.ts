/**
 * The virtual clock and the threads that live by it. A thread is a generator:
 * it runs until it waits, so nothing comes between two waits of it, and of all
 * threads that may go on the one whose time is first does.
 */

export interface Thread {
  readonly id: number;
}

/** What a thread waits for: a time, a queue's notification, or whichever comes first. */
interface Wait {
  readonly untilNs: number | undefined;
  readonly queue: WaitQueue | undefined;
}

export type Steps<T = void> = Generator<Wait, T, void>;

interface Task {
  readonly thread: Thread;
  readonly steps: Steps;
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
    for (const task of this.#waiting.splice(0)) wake(task, nowNs);
  }
}

function wake(task: Task, nowNs: number): void {
  task.queue = undefined;
  task.wakeNs = nowNs + WAKE_UP_NS;
}

export class Scheduler {
  #nowNs = 0;
  #tasks: Task[] = [];
  #current: Thread = { id: 0 };
  #stopped = false;

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

  /** The current thread was busy. */
  spend(ns: number): void {
    this.#nowNs += Math.max(0, Math.round(ns));
  }

  spawn(thread: Thread, steps: Steps, afterNs = 0): void {
    this.#tasks.push({ thread, steps, wakeNs: this.#nowNs + afterNs, queue: undefined });
  }

  *sleep(ns: number): Steps {
    yield { untilNs: this.#nowNs + Math.max(0, Math.round(ns)), queue: undefined };
  }

  *wait(queue: WaitQueue): Steps {
    yield { untilNs: undefined, queue };
  }

  *waitUntil(queue: WaitQueue, untilNs: number): Steps {
    yield { untilNs, queue };
  }

  /** From now on no thread runs: the process is gone. */
  stop(): void {
    this.#stopped = true;
  }

  /** Until no thread can go on, the process is gone, or the time has come. */
  run(untilNs: number): void {
    while (!this.#stopped) {
      const task = this.#first();
      if (task?.wakeNs === undefined || task.wakeNs > untilNs) return;
      this.#nowNs = Math.max(this.#nowNs, task.wakeNs);
      this.#resume(task);
    }
  }

  #first(): Task | undefined {
    let first: Task | undefined;
    for (const task of this.#tasks) {
      if (task.wakeNs !== undefined && (first?.wakeNs === undefined || task.wakeNs < first.wakeNs)) first = task;
    }
    return first;
  }

  #resume(task: Task): void {
    task.queue?.remove(task);
    this.#current = task.thread;
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
