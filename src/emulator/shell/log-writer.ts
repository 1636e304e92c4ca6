/** Writes what the simulation hands out as QEMU and a client of its monitor would have written it. */
import type { EventName } from '../../catalog/catalog.ts';
import type { Band } from '../../catalog/vocabulary.ts';
import type { EmissionSink, EventPrinter, Message, Sample } from '../emission.ts';
import type { ByteLog } from './byte-log.ts';
import { eventText } from './dialect.ts';
import type { EventFilter } from './event-sets.ts';
import { messagePrefix, PREFIX_BYTES, type Prefix, unixTime } from './prefix.ts';
import { type LineForm, StampedLine } from './stamped-line.ts';

export interface LogForm {
  readonly version: Band;
  readonly prefix: Prefix;
  readonly shows: EventFilter;
}

/** Where the lines go. */
export interface LogOutputs {
  /** The log that has the lines of the thread. */
  log(thread: number): ByteLog;
  /** undefined: messages stand in the log. */
  readonly stderr: ByteLog | undefined;
  /** undefined: nobody keeps the samples. */
  readonly samples: ByteLog | undefined;
}

export class LogWriter implements EmissionSink, LineForm {
  readonly prefix: Prefix;
  readonly #form: LogForm;
  readonly #outputs: LogOutputs;
  readonly #logs = new Set<ByteLog>();
  #thread = Number.NaN;
  #log: ByteLog | undefined;

  constructor(form: LogForm, outputs: LogOutputs) {
    this.#form = form;
    this.#outputs = outputs;
    this.prefix = form.prefix;
  }

  get writtenBytes(): number {
    let sum = 0;
    for (const log of this.#logs) sum += log.writtenBytes;
    return sum;
  }

  printerOf(event: EventName): EventPrinter | undefined {
    if (!this.#form.shows(event)) return undefined;
    return new StampedLine(this, eventText(event, this.#form.version, PREFIX_BYTES));
  }

  logOf(thread: number): ByteLog {
    return thread === this.#thread && this.#log !== undefined ? this.#log : this.#otherLog(thread);
  }

  message({ timeNs, thread, text }: Message): void {
    const log = this.#outputs.stderr ?? this.logOf(thread);
    log.text(`${messagePrefix(this.#form.prefix, timeNs, text)}${text}\n`);
  }

  sample({ fromNs, toNs, answer }: Sample): void {
    // Stamps of events are cut off: one that came before the answer may not seem to come behind it.
    const to = Math.ceil(toNs / 1000) * 1000;
    const times = `"t0": ${unixTime(fromNs)}, "t1": ${unixTime(to)}`;
    this.#outputs.samples?.text(`{${times}, "r": ${inJson(answer)}}\n`);
  }

  #otherLog(thread: number): ByteLog {
    const log = this.#outputs.log(thread);
    this.#logs.add(log);
    this.#thread = thread;
    this.#log = log;
    return log;
  }
}

/** JSON text; a bigint is written with all its digits, which JSON.stringify() has no way to do. */
function inJson(answer: Sample['answer']): string {
  const text = JSON.stringify(answer, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  return text.replace(/"(\d+)n"/g, '$1');
}
