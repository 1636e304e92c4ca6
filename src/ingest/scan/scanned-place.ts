/** The place of a line that was read from its bytes: its text is put together again only when a report shows it. */
import type { ArgValues } from '../../catalog/declaration.ts';
import type { Place } from '../trace-item.ts';

/** What prints an event as the line had it. */
export interface Printer {
  print(args: ArgValues): string;
}

/** A line's prefix, as it is printed. */
export interface ShownPrefix {
  /** `2026-11-23T01:02`, if the line has the form of `iso`. */
  readonly minute: string | undefined;
  /** The seconds as the line shows them: within the minute, or since 1970; undefined without a prefix. */
  readonly shownSeconds: number | undefined;
  readonly nanos: number;
  readonly thread: number | undefined;
}

/** The text of an event that is known as a whole. */
export class WholeText implements Printer {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  print(): string {
    return this.#text;
  }
}

export const NO_ARGS: ArgValues = {};

export class ScannedPlace implements Place {
  readonly input: number;
  readonly line: number;
  readonly #minute: string | undefined;
  readonly #seconds: number | undefined;
  readonly #micros: number;
  readonly #thread: number | undefined;
  readonly #printer: Printer;
  readonly #args: ArgValues;
  readonly #tail: string;

  constructor(input: number, line: number, prefix: ShownPrefix, printer: Printer, args: ArgValues, tail: string) {
    this.input = input;
    this.line = line;
    this.#minute = prefix.minute;
    this.#seconds = prefix.shownSeconds;
    this.#micros = prefix.nanos / 1000;
    this.#thread = prefix.thread;
    this.#printer = printer;
    this.#args = args;
    this.#tail = tail;
  }

  get text(): string {
    return `${this.#prefix()}${this.#printer.print(this.#args)}${this.#tail}`;
  }

  #prefix(): string {
    if (this.#seconds === undefined) return '';
    const micros = String(this.#micros).padStart(6, '0');
    if (this.#minute === undefined) return `${this.#thread ?? ''}@${this.#seconds}.${micros}:`;
    return `${this.#minute}:${String(this.#seconds).padStart(2, '0')}.${micros}Z `;
  }
}
