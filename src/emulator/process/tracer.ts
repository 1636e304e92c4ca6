/**
 * The trace back end: stamps what a thread prints. Printing takes time, more
 * than the stamps' resolution, so no two lines have the same one. An event that
 * is switched off costs nothing, as in QEMU.
 */

import type { EventArgs, EventName } from '../../catalog/catalog.ts';
import type { ArgValues } from '../../catalog/declaration.ts';
import type { Random } from '../clock/random.ts';
import type { Scheduler } from '../clock/scheduler.ts';
import type { EmissionSink, EventPrinter } from '../emission.ts';

/** How long a line takes: at least, and so many bits of it by chance. */
const LINE_MIN_NS = 1_500;
const LINE_BITS = 11;

type BareName = {
  [N in EventName]: object extends EventArgs<N> ? N : never;
}[EventName];

type Args<N extends EventName> = EventArgs<N> & ArgValues;

const NO_ARGS: ArgValues = {};

/** An event as the code prints it at one place. Where that is often, `isOn` is asked before arguments are made. */
export class TracePoint<N extends EventName> {
  readonly isOn: boolean;
  readonly #tracer: Tracer;
  readonly #printer: EventPrinter | undefined;

  constructor(tracer: Tracer, printer: EventPrinter | undefined) {
    this.#tracer = tracer;
    this.#printer = printer;
    this.isOn = printer !== undefined;
  }

  print(args: Args<N>): void {
    if (this.#printer !== undefined) this.#tracer.stamp(this.#printer, args);
  }

  line(args: Args<N>): Line {
    return new Line(this.#tracer, this.#printer, args);
  }
}

/** A line with arguments that never change. */
export class Line {
  readonly #tracer: Tracer;
  readonly #printer: EventPrinter | undefined;
  readonly #args: ArgValues;

  constructor(tracer: Tracer, printer: EventPrinter | undefined, args: ArgValues) {
    this.#tracer = tracer;
    this.#printer = printer;
    this.#args = args;
  }

  print(): void {
    if (this.#printer !== undefined) this.#tracer.stamp(this.#printer, this.#args);
  }
}

export class Tracer {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #sink: EmissionSink;
  readonly #printers = new Map<EventName, EventPrinter | undefined>();

  constructor(scheduler: Scheduler, random: Random, sink: EmissionSink) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#sink = sink;
  }

  /** For a place that is come to often. */
  point<N extends EventName>(event: N): TracePoint<N> {
    return new TracePoint(this, this.#sink.printerOf(event));
  }

  /** An event without arguments. */
  mark(event: BareName): void {
    this.#emit(event, NO_ARGS);
  }

  event<N extends EventName>(event: N, args: Args<N>): void {
    this.#emit(event, args);
  }

  /** What error_report(), or an abort, writes to stderr. */
  message(text: string): void {
    this.#sink.message({ timeNs: this.#scheduler.nowNs, thread: this.#scheduler.current.id, text });
    this.#spendLine();
  }

  stamp(printer: EventPrinter, args: ArgValues): void {
    printer.print(this.#scheduler.nowNs, this.#scheduler.current.id, args);
    this.#spendLine();
  }

  #spendLine(): void {
    this.#scheduler.spend(LINE_MIN_NS + this.#random.bits(LINE_BITS));
  }

  #emit(event: EventName, args: ArgValues): void {
    const printer = this.#printers.get(event) ?? this.#newPrinter(event);
    if (printer !== undefined) this.stamp(printer, args);
  }

  #newPrinter(event: EventName): EventPrinter | undefined {
    const printer = this.#sink.printerOf(event);
    this.#printers.set(event, printer);
    return printer;
  }
}
