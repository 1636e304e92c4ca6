/** The main thread: runs monitor commands, bottom halves and timers, one after another, with the BQL. */
import { type Steps, type Thread, WaitQueue } from '../clock/scheduler.ts';
import type { Core } from './core.ts';

interface Job {
  readonly dueNs: number;
  readonly run: () => Steps;
}

export class MainLoop {
  readonly thread: Thread;
  readonly #core: Core;
  readonly #posted = new WaitQueue();
  #jobs: Job[] = [];

  constructor(core: Core) {
    this.#core = core;
    this.thread = core.newThread();
    core.scheduler.spawn(this.thread, this.#loop());
  }

  post(run: () => Steps, afterNs = 0): void {
    this.#jobs.push({ dueNs: this.#core.nowNs + afterNs, run });
    this.#posted.notifyAll(this.#core.nowNs);
  }

  *#loop(): Steps {
    for (;;) {
      const next = this.#next();
      if (next === undefined) yield* this.#core.scheduler.wait(this.#posted);
      else if (next.dueNs > this.#core.nowNs) yield* this.#core.scheduler.waitUntil(this.#posted, next.dueNs);
      else yield* this.#iterate(next);
    }
  }

  #next(): Job | undefined {
    let first: Job | undefined;
    for (const job of this.#jobs) if (first === undefined || job.dueNs < first.dueNs) first = job;
    return first;
  }

  *#iterate(job: Job): Steps {
    this.#jobs = this.#jobs.filter((other) => other !== job);
    yield* this.#core.lockBql('mainLoop');
    this.#core.spend(8_000);
    yield* job.run();
    this.#core.unlockBql();
  }
}
