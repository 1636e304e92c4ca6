/** What the simulation hands out: trace events, as the threads that print them do. */
import type { EventName } from '../catalog/catalog.ts';
import type { ArgValues } from '../catalog/declaration.ts';

/** Takes one event's lines. Times are nanoseconds of the virtual clock since the process started. */
export interface EventPrinter {
  /**
   * `thread`: id of the one that prints; one number per thread, as gettid() gives it. `args` do not change: the same
   * object again is the same text again.
   */
  print(timeNs: number, thread: number, args: ArgValues): void;
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

export interface EmissionSink {
  /** Bytes of the log so far. */
  readonly writtenBytes: number;
  /** One of its own for each place that prints the event; undefined: the event is switched off. */
  printerOf(event: EventName): EventPrinter | undefined;
  message(message: Message): void;
  sample(sample: Sample): void;
}
