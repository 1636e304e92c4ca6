/** The return path's thread on the source: takes the destination's messages one by one. Never takes the BQL. */
import { type Steps, type Thread, WaitQueue } from '../clock/scheduler.ts';
import type { Core } from '../process/core.ts';

type ReturnMessage =
  | { readonly kind: 'pong'; readonly value: number }
  | { readonly kind: 'shut' }
  | { readonly kind: 'request'; readonly page: number }
  | { readonly kind: 'bitmap'; readonly block: string }
  | { readonly kind: 'resume-ack' }
  | { readonly kind: 'switchover-ack' }
  | { readonly kind: 'broken'; readonly error: string };

/** Value of the last ping in the package: its pong says that the devices are loaded. */
export const PACKAGE_PING = 0x42;

/** What the migration does about a message, on the return path's thread. */
export interface ReturnPathUser {
  requested(page: number): void;
  acknowledged(): number;
  bitmapReceived(block: string): Steps;
  resumed(): void;
  failed(error: string): void;
}

interface Delivery {
  readonly dueNs: number;
  readonly message: ReturnMessage;
}

export class ReturnPath {
  readonly thread: Thread;
  packageLoaded = false;
  isOver = false;
  error: string | undefined;
  /** Told after each message. */
  readonly progress = new WaitQueue();
  readonly #core: Core;
  readonly #user: ReturnPathUser;
  readonly #arrived = new WaitQueue();
  #deliveries: Delivery[] = [];

  constructor(core: Core, user: ReturnPathUser) {
    this.#core = core;
    this.#user = user;
    this.thread = core.newThread();
    core.scheduler.spawn(this.thread, this.#run(), 15_000);
  }

  deliver(message: ReturnMessage, afterNs: number): void {
    this.#deliveries.push({ dueNs: this.#core.nowNs + afterNs, message });
    this.#arrived.notifyAll(this.#core.nowNs);
  }

  *#run(): Steps {
    const { tracer } = this.#core;
    tracer.mark('source_return_path_thread_entry');
    let goesOn = true;
    while (goesOn) {
      tracer.mark('source_return_path_thread_loop_top');
      goesOn = yield* this.#handle(yield* this.#next());
      this.progress.notifyAll(this.#core.nowNs);
    }
    tracer.mark('source_return_path_thread_end');
    if (!this.#core.version.hasBlockActivation) tracer.mark('qemu_file_fclose');
    this.isOver = true;
    this.progress.notifyAll(this.#core.nowNs);
  }

  *#next(): Steps<ReturnMessage> {
    const { scheduler } = this.#core;
    for (;;) {
      const first = this.#first();
      if (first === undefined) yield* scheduler.wait(this.#arrived);
      else if (first.dueNs > scheduler.nowNs) yield* scheduler.waitUntil(this.#arrived, first.dueNs);
      else {
        this.#deliveries = this.#deliveries.filter((other) => other !== first);
        return first.message;
      }
    }
  }

  #first(): Delivery | undefined {
    let first: Delivery | undefined;
    for (const delivery of this.#deliveries) {
      if (first === undefined || delivery.dueNs < first.dueNs) first = delivery;
    }
    return first;
  }

  /** False: the thread ends. */
  *#handle(message: ReturnMessage): Steps<boolean> {
    const { tracer } = this.#core;
    switch (message.kind) {
      case 'pong':
        tracer.event('source_return_path_thread_pong', { val: message.value });
        if (message.value === PACKAGE_PING) {
          this.packageLoaded = true;
          tracer.mark('source_return_path_thread_postcopy_package_loaded');
        }
        return true;
      case 'shut':
        tracer.event('source_return_path_thread_shut', { val: 0 });
        return false;
      case 'request':
        this.#user.requested(message.page);
        return true;
      case 'bitmap':
        yield* this.#user.bitmapReceived(message.block);
        return true;
      case 'resume-ack':
        tracer.event('source_return_path_thread_resume_ack', { v: 1 });
        this.#user.resumed();
        return true;
      case 'switchover-ack': {
        const left = this.#user.acknowledged();
        if (this.#core.version.band === '11.1') {
          tracer.event('source_return_path_thread_switchover_acked', { switchover_ack_pending_num: left });
        } else tracer.event('source_return_path_thread_switchover_acked', {});
        return true;
      }
      case 'broken':
        this.error = message.error;
        this.#user.failed(message.error);
        tracer.mark('source_return_path_thread_bad_end');
        return false;
    }
  }
}
