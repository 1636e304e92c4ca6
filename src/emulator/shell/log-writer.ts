/** Writes what the simulation hands out as QEMU and a client of its monitor would have written it. */
import type { EventName } from '../../catalog/catalog.ts';
import type { ArgValues } from '../../catalog/declaration.ts';
import type { Band } from '../../catalog/vocabulary.ts';
import type { EmissionSink, EventPrinter, LinePrinter, Message, Sample } from '../emission.ts';
import type { ByteLog } from './byte-log.ts';
import { eventText } from './dialect.ts';
import type { EventFilter } from './event-sets.ts';
import { EventPrefix, messagePrefix, PREFIX_BYTES, type Prefix, unixTime } from './prefix.ts';

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

export class LogWriter implements EmissionSink {
  readonly #form: LogForm;
  readonly #outputs: LogOutputs;
  readonly #prefix: EventPrefix;
  #writtenBytes = 0;

  constructor(form: LogForm, outputs: LogOutputs) {
    this.#form = form;
    this.#outputs = outputs;
    this.#prefix = new EventPrefix(form.prefix);
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  printerOf(event: EventName): EventPrinter | undefined {
    if (!this.#form.shows(event)) return undefined;
    const text = eventText(event, this.#form.version);
    return { print: (timeNs, thread, args) => this.#write(timeNs, thread, text.print(args)) };
  }

  linePrinterOf(event: EventName, args: ArgValues): LinePrinter | undefined {
    if (!this.#form.shows(event)) return undefined;
    const line = eventText(event, this.#form.version).print(args);
    return { print: (timeNs, thread) => this.#write(timeNs, thread, line) };
  }

  message({ timeNs, thread, text }: Message): void {
    const log = this.#outputs.stderr ?? this.#outputs.log(thread);
    log.text(`${messagePrefix(this.#form.prefix, timeNs, text)}${text}\n`);
  }

  sample({ fromNs, toNs, answer }: Sample): void {
    // Stamps of events are cut off: one that came before the answer may not seem to come behind it.
    const to = Math.ceil(toNs / 1000) * 1000;
    const times = `"t0": ${unixTime(fromNs)}, "t1": ${unixTime(to)}`;
    this.#outputs.samples?.text(`{${times}, "r": ${inJson(answer)}}\n`);
  }

  #write(timeNs: number, thread: number, line: Uint8Array): void {
    const log = this.#outputs.log(thread);
    log.reserve(PREFIX_BYTES + line.length);
    const at = this.#prefix.put(log.bytes, log.at, timeNs, thread);
    log.bytes.set(line, at);
    const end = at + line.length;
    this.#writtenBytes += end - log.at;
    log.at = end;
  }
}

/** JSON text; a bigint is written with all its digits, which JSON.stringify() has no way to do. */
function inJson(answer: Sample['answer']): string {
  const text = JSON.stringify(answer, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  return text.replace(/"(\d+)n"/g, '$1');
}
