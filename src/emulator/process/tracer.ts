/** The trace back end: stamps what a thread prints; printing takes time, so no two lines have the same one. */

import type { EventArgs, EventName } from '../../catalog/catalog.ts';
import type { ArgValues } from '../../catalog/declaration.ts';
import type { Random } from '../clock/random.ts';
import type { Scheduler } from '../clock/scheduler.ts';
import type { EmissionSink, EventPrinter, LinePrinter } from '../emission.ts';

/** Stamps have this much resolution. */
const STAMP_NS = 1_000;

/** How long a line takes, at least and below. */
const LINE_MIN_NS = 1_500;
const LINE_MAX_NS = 3_400;

type BareName = {
  [N in EventName]: object extends EventArgs<N> ? N : never;
}[EventName];

/** An event that is switched on or off; a line's time passes either way. */
interface TracePoint<P> {
  readonly printer: P | undefined;
}

/** A line whose arguments never change. */
export type FixedLine = TracePoint<LinePrinter>;

const NO_ARGS: ArgValues = {};

export class Tracer {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #sink: EmissionSink;
  readonly #points = new Map<EventName, TracePoint<EventPrinter>>();
  #lastNs = -STAMP_NS;
  /** The stamp of the last line beside the others; those that would not come behind it are put off. */
  #asideNs = -STAMP_NS;

  constructor(scheduler: Scheduler, random: Random, sink: EmissionSink) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#sink = sink;
  }

  /** An event without arguments. */
  mark(event: BareName): void {
    this.#emit(event, NO_ARGS);
  }

  event<N extends EventName>(event: N, args: EventArgs<N> & ArgValues): void {
    this.#emit(event, args);
  }

  fixedLine<N extends EventName>(event: N, args: EventArgs<N> & ArgValues): FixedLine {
    return { printer: this.#sink.linePrinterOf(event, args) };
  }

  line({ printer }: FixedLine): void {
    const timeNs = this.#stamp();
    if (printer !== undefined) printer.print(timeNs, this.#scheduler.current.id);
  }

  /** An event that most logs leave out: its line takes no time, so that the run is the same with it and without. */
  aside<N extends EventName>(event: N, args: EventArgs<N> & ArgValues): void {
    const { printer } = this.#points.get(event) ?? this.#newPoint(event);
    if (printer !== undefined) printer.print(this.#stampAside(), this.#scheduler.current.id, args);
  }

  /** What error_report(), or an abort, writes to stderr. */
  message(text: string): void {
    this.#sink.message({ timeNs: this.#stamp(), thread: this.#scheduler.current.id, text });
  }

  #emit(event: EventName, args: ArgValues): void {
    const { printer } = this.#points.get(event) ?? this.#newPoint(event);
    const timeNs = this.#stamp();
    if (printer !== undefined) printer.print(timeNs, this.#scheduler.current.id, args);
  }

  #newPoint(event: EventName): TracePoint<EventPrinter> {
    const point = { printer: this.#sink.printerOf(event) };
    this.#points.set(event, point);
    return point;
  }

  #stamp(): number {
    const { nowNs } = this.#scheduler;
    const sinceNs = nowNs - this.#lastNs;
    // The remainder of a small integer is much cheaper than that of a large number.
    const wholeNs = sinceNs < 2 ** 31 ? sinceNs | 0 : Math.floor(sinceNs);
    const stampNs = this.#lastNs + Math.max(STAMP_NS, wholeNs - (wholeNs % STAMP_NS));
    this.#lastNs = stampNs;
    this.#scheduler.spend(stampNs - nowNs + this.#random.between(LINE_MIN_NS, LINE_MAX_NS));
    if (stampNs > this.#asideNs) return stampNs;
    this.#asideNs += STAMP_NS;
    return this.#asideNs;
  }

  #stampAside(): number {
    const { nowNs } = this.#scheduler;
    const wholeNs = nowNs - (nowNs % STAMP_NS);
    this.#asideNs = Math.max(wholeNs, Math.max(this.#lastNs, this.#asideNs) + STAMP_NS);
    return this.#asideNs;
  }
}
