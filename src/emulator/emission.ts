/** What the simulation hands out: trace events, as the threads that print them do. */
import type { EventName } from '../catalog/catalog.ts';
import type { ArgValues } from '../catalog/declaration.ts';

/** Takes one event's lines. Times are nanoseconds of the virtual clock since the process started. */
export interface EventPrinter {
  /** `thread`: id of the one that prints; one number per thread, as gettid() gives it. */
  print(timeNs: number, thread: number, args: ArgValues): void;
}

/** Takes lines of one event with arguments that are always the same. */
export interface LinePrinter {
  print(timeNs: number, thread: number): void;
}

/** Text that QEMU prints on stderr, at its place among the events. */
export interface Message {
  readonly timeNs: number;
  readonly thread: number;
  readonly text: string;
}

/** What query-migrate answers, polled by a client of the monitor. */
export interface Sample {
  readonly fromNs: number;
  readonly toNs: number;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Printers are asked for once, before the first line; undefined: the event is switched off. */
export interface EmissionSink {
  /** Bytes of the log so far. */
  readonly writtenBytes: number;
  printerOf(event: EventName): EventPrinter | undefined;
  linePrinterOf(event: EventName, args: ArgValues): LinePrinter | undefined;
  message(message: Message): void;
  sample(sample: Sample): void;
}
