/** What the simulation hands out: one trace event, as the thread that prints it does. */
import type { EventName } from '../catalog/catalog.ts';
import type { ArgValues } from '../catalog/declaration.ts';

export interface Emission {
  /** Nanoseconds of the virtual clock since the process started. */
  readonly timeNs: number;
  /** Id of the thread that prints it; one number per thread, as gettid() gives it. */
  readonly thread: number;
  readonly event: EventName;
  readonly args: ArgValues;
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
  event(emission: Emission): void;
  message(message: Message): void;
  sample(sample: Sample): void;
}
