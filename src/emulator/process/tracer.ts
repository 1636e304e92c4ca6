/** The trace back end: stamps what a thread prints; printing takes time, so no two lines have the same one. */

import type { EventArgs, EventName } from '../../catalog/catalog.ts';
import type { ArgValues } from '../../catalog/declaration.ts';
import type { Random } from '../clock/random.ts';
import type { Scheduler } from '../clock/scheduler.ts';
import type { EmissionSink } from '../emission.ts';

/** Stamps have this much resolution. */
const STAMP_NS = 1_000;

type BareName = {
  [N in EventName]: object extends EventArgs<N> ? N : never;
}[EventName];

export class Tracer {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #sink: EmissionSink;
  #lastNs = -STAMP_NS;

  constructor(scheduler: Scheduler, random: Random, sink: EmissionSink) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#sink = sink;
  }

  /** An event without arguments. */
  mark(event: BareName): void {
    this.#emit(event, {});
  }

  event<N extends EventName>(event: N, args: EventArgs<N> & ArgValues): void {
    this.#emit(event, args);
  }

  /** What error_report(), or an abort, writes to stderr. */
  message(text: string): void {
    this.#sink.message({ timeNs: this.#stamp(), thread: this.#scheduler.current.id, text });
  }

  #emit(event: EventName, args: ArgValues): void {
    this.#sink.event({ timeNs: this.#stamp(), thread: this.#scheduler.current.id, event, args });
  }

  #stamp(): number {
    const now = Math.floor(this.#scheduler.nowNs / STAMP_NS) * STAMP_NS;
    this.#lastNs = Math.max(now, this.#lastNs + STAMP_NS);
    this.#scheduler.spend(this.#lastNs - this.#scheduler.nowNs + this.#random.between(1_500, 3_400));
    return this.#lastNs;
  }
}
