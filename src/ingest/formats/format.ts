/**
 * A prefix of the log back end. `read` looks at the bytes of a line and tells
 * where the event's text begins, or -1 when the line has not this prefix. The
 * samples are checked by a test, so that a format can't be wrong about itself.
 */
export interface PrefixFormat {
  readonly id: string;
  readonly title: string;
  readonly samples: readonly { readonly line: string; readonly rest: string }[];
  read(bytes: Buffer, start: number, end: number, stamp: Stamp): number;
}

/** What a prefix tells; reused from line to line. */
export class Stamp {
  /** Whole seconds since 1970, undefined without a time stamp. */
  seconds: number | undefined = undefined;
  /** Nanoseconds within the second. */
  nanos = 0;
  thread: number | undefined = undefined;

  clear(): void {
    this.seconds = undefined;
    this.nanos = 0;
    this.thread = undefined;
  }
}

const ZERO = 48;

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
