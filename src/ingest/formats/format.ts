import type { Field } from '../../catalog/declaration.ts';

/** `read`: the line has not this prefix. */
export const NOT_MINE = -1;
/** `read`: the line is this form's, but nothing that QEMU wrote, such as a heading or an entry of the kernel. */
export const NOT_QEMUS = -2;

/**
 * What stands before an event. `read` looks at the bytes of a line and tells
 * where the event's text begins, or one of the two values above. The samples
 * are checked by a test, so that a format can't be wrong about itself.
 */
export interface PrefixFormat {
  readonly id: string;
  readonly title: string;
  readonly samples: readonly { readonly line: string; readonly rest: string }[];
  read(bytes: Buffer, start: number, end: number, stamp: Stamp): number;
  /** Forms that show arguments by name: the event in the text that `read` found, undefined when it breaks off. */
  readonly event?: (text: string, stamp: Stamp) => FieldEvent | undefined;
}

/** An event with its arguments by name. */
export interface FieldEvent {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** What a prefix tells; reused from line to line. */
export class Stamp {
  /** Whole seconds, undefined without a time stamp. */
  seconds: number | undefined = undefined;
  /** Nanoseconds within the second. */
  nanos = 0;
  thread: number | undefined = undefined;
  /** Process id, where the form shows it. */
  process: number | undefined = undefined;
  /** CPU whose ring buffer held the entry, in the kernel's trace. */
  cpu: number | undefined = undefined;
  /** The seconds count since 1970; false for good once a line had them since the boot of the host or since midnight. */
  sinceEpoch = true;
  #days = 0;
  #timeOfDay = 0;
  #elapsed = 0;

  clear(): void {
    this.seconds = undefined;
    this.nanos = 0;
    this.thread = undefined;
  }

  /** For times between the lines: nanoseconds since the line before. */
  passes(nanos: number): void {
    this.#elapsed += nanos;
    this.seconds = Math.floor(this.#elapsed / 1e9);
    this.nanos = this.#elapsed - this.seconds * 1e9;
  }

  /** For times without a date: how often midnight has passed when it is `timeOfDay` seconds after it. */
  daysPassed(timeOfDay: number): number {
    if (this.#timeOfDay - timeOfDay > HALF_DAY) this.#days += 1;
    this.#timeOfDay = timeOfDay;
    return this.#days;
  }
}

const ZERO = 48;
const HALF_DAY = 43_200;

/** The value of the digits in [start, end), or -1 when there is anything else or nothing. */
export function readDigits(bytes: Buffer, start: number, end: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** End of the run of digits that begins at `start`. */
export function digitsEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
    at += 1;
  }
  return at;
}
