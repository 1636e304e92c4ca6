/**
 * Reads the prefix of a line of the log back end by position, as `iso` and
 * `tid` read it, or leaves it to them. It knows a minute once `iso` has read a
 * line of it; then only the seconds differ.
 */
import type { ShownPrefix } from './scanned-place.ts';

const ZERO = 48;
const DOT = 46;
const COLON = 58;
const AT = 64;
const LETTER_Z = 90;
const SPACE = 32;
/** `2026-11-23T01:02` */
const MINUTE_BYTES = 16;
/** `2026-11-23T01:02:13.123456Z ` */
const ISO_BYTES = 28;
const MICROS = 6;
const MAX_THREAD_DIGITS = 10;
const MAX_SECONDS_DIGITS = 11;

/** `scan`: to be read by the formats themselves. */
export const NOT_SCANNED = -1;

export class PrefixScanner implements ShownPrefix {
  /** Of the last line that was scanned; undefined without a time stamp. */
  seconds: number | undefined = undefined;
  nanos = 0;
  thread: number | undefined = undefined;
  minute: string | undefined = undefined;
  shownSeconds: number | undefined = undefined;
  #minuteText = '';
  #date = 0;
  #minute = 0;
  /** Its first second; undefined before the first line with such a prefix. */
  #minuteSeconds: number | undefined;

  /** A line at this offset has the prefix of `iso`, which read its seconds. */
  learn(view: DataView, buffer: Buffer, at: number, seconds: number): void {
    const ofMinute = pairAt(view, at + MINUTE_BYTES + 1);
    if (ofMinute > 59) return;
    this.#minuteText = buffer.toString('latin1', at, at + MINUTE_BYTES);
    this.#date = view.getFloat64(at, true);
    this.#minute = view.getFloat64(at + 8, true);
    this.#minuteSeconds = seconds - ofMinute;
  }

  /** The minute that it knows: its text and its first second; undefined before it was told one. */
  get known(): { readonly text: string; readonly seconds: number } | undefined {
    const seconds = this.#minuteSeconds;
    return seconds === undefined ? undefined : { text: this.#minuteText, seconds };
  }

  /** Where the event begins. */
  iso(view: DataView, at: number): number {
    const minuteSeconds = this.#minuteSeconds;
    if (minuteSeconds === undefined || !this.#isOfMinute(view, at)) return NOT_SCANNED;
    if (
      view.getUint8(at + 16) !== COLON ||
      view.getUint8(at + 19) !== DOT ||
      view.getUint8(at + 26) !== LETTER_Z ||
      view.getUint8(at + 27) !== SPACE
    )
      return NOT_SCANNED;
    const seconds = pairAt(view, at + 17);
    const micros = microsAt(view, at + 20);
    if (seconds > 59 || micros < 0) return NOT_SCANNED;
    this.minute = this.#minuteText;
    this.shownSeconds = seconds;
    this.seconds = minuteSeconds + seconds;
    this.nanos = micros * 1000;
    this.thread = undefined;
    return at + ISO_BYTES;
  }

  /** A line without prefix. */
  none(): void {
    this.minute = undefined;
    this.shownSeconds = undefined;
    this.seconds = undefined;
    this.nanos = 0;
    this.thread = undefined;
  }

  /** Eight bytes at once, as a `number`: none of these bytes makes it NaN or 0. */
  #isOfMinute(view: DataView, at: number): boolean {
    return view.getFloat64(at + 8, true) === this.#minute && view.getFloat64(at, true) === this.#date;
  }

  /** The same for `22680@1795396494.806711:`. */
  tid(view: DataView, start: number): number {
    let at = start;
    let thread = 0;
    for (let digit = digitAt(view, at); digit >= 0; digit = digitAt(view, at)) {
      thread = thread * 10 + digit;
      at += 1;
    }
    if (at === start || at - start > MAX_THREAD_DIGITS || view.getUint8(at) !== AT) return NOT_SCANNED;
    at += 1;
    const secondsAt = at;
    let seconds = 0;
    for (let digit = digitAt(view, at); digit >= 0; digit = digitAt(view, at)) {
      seconds = seconds * 10 + digit;
      at += 1;
    }
    if (hasLeadingZero(view, start, thread) || hasLeadingZero(view, secondsAt, seconds)) return NOT_SCANNED;
    if (at === secondsAt || at - secondsAt > MAX_SECONDS_DIGITS || view.getUint8(at) !== DOT) return NOT_SCANNED;
    const micros = microsAt(view, at + 1);
    if (micros < 0 || view.getUint8(at + 1 + MICROS) !== COLON) return NOT_SCANNED;
    this.minute = undefined;
    this.shownSeconds = seconds;
    this.thread = thread;
    this.seconds = seconds;
    this.nanos = micros * 1000;
    return at + 2 + MICROS;
  }
}

/** Such a number can't be printed again as it stands. */
function hasLeadingZero(view: DataView, at: number, value: number): boolean {
  return value > 0 && view.getUint8(at) === ZERO;
}

/** A digit's value, -1 for anything else. */
function digitAt(view: DataView, at: number): number {
  const digit = view.getUint8(at) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

/** Two digits; above 99 where there is anything else. */
function pairAt(view: DataView, at: number): number {
  const tens = view.getUint8(at) - ZERO;
  const ones = view.getUint8(at + 1) - ZERO;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? 100 : tens * 10 + ones;
}

/** Six digits, -1 where there is anything else. */
function microsAt(view: DataView, at: number): number {
  const high = view.getInt32(at, true);
  const low = pairAt(view, at + 4);
  if (low > 99 || (high & 0xf0f0f0f0) !== 0x30303030 || ((high + 0x06060606) & 0xf0f0f0f0) !== 0x30303030) return -1;
  // Four digits at once: neighbours into pairs, then the pairs.
  const digits = high & 0x0f0f0f0f;
  const pairs = (digits * 10 + (digits >> 8)) & 0x00ff00ff;
  return ((pairs & 0xff) * 100 + (pairs >> 16)) * 100 + low;
}
