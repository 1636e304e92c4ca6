/** Writes what the simulation hands out as QEMU and a client of its monitor would have written it. */
import type { Band } from '../../catalog/vocabulary.ts';
import type { Emission, EmissionSink, Message, Sample } from '../emission.ts';
import { type EventPrinter, eventPrinter } from './dialect.ts';
import type { EventFilter } from './event-sets.ts';
import { eventPrefix, messagePrefix, type Prefix, unixTime } from './prefix.ts';

export interface LogForm {
  readonly version: Band;
  readonly prefix: Prefix;
  readonly shows: EventFilter;
}

/** Where the lines go; each ends in a line feed. */
export interface LogOutputs {
  log(line: string, thread: number): void;
  /** undefined: messages stand in the log. */
  readonly stderr: ((line: string) => void) | undefined;
  /** undefined: nobody keeps the samples. */
  readonly samples: ((line: string) => void) | undefined;
}

export class LogWriter implements EmissionSink {
  readonly #form: LogForm;
  readonly #outputs: LogOutputs;
  readonly #print: EventPrinter;

  constructor(form: LogForm, outputs: LogOutputs) {
    this.#form = form;
    this.#outputs = outputs;
    this.#print = eventPrinter(form.version);
  }

  event({ timeNs, thread, event, args }: Emission): void {
    if (!this.#form.shows(event)) return;
    this.#outputs.log(`${eventPrefix(this.#form.prefix, timeNs, thread)}${this.#print(event, args)}\n`, thread);
  }

  message({ timeNs, thread, text }: Message): void {
    const line = `${messagePrefix(this.#form.prefix, timeNs, text)}${text}\n`;
    if (this.#outputs.stderr === undefined) this.#outputs.log(line, thread);
    else this.#outputs.stderr(line);
  }

  sample({ fromNs, toNs, answer }: Sample): void {
    // Stamps of events are cut off: one that came before the answer may not seem to come behind it.
    const to = Math.ceil(toNs / 1000) * 1000;
    const times = `"t0": ${unixTime(fromNs)}, "t1": ${unixTime(to)}`;
    this.#outputs.samples?.(`{${times}, "r": ${JSON.stringify(answer)}}\n`);
  }
}
