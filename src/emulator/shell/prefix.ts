/** What stands before an event: its time, and in older versions its thread. */
import { assertNever } from '../../base/errors.ts';
import type { Band } from '../../catalog/vocabulary.ts';
import { putSix } from './digits.ts';

export const PREFIXES = ['iso', 'tid', 'none'] as const;

export type Prefix = (typeof PREFIXES)[number];

/** 2026-01-01T00:00:00Z: the virtual clock starts here, whatever the time is. */
const EPOCH_SECONDS = 1_767_225_600;

/** What the version prints with -msg timestamp=on. The patched QEMU of the review thread is a 10.2, which has it as 11.1 does. */
export function prefixOf(band: Band): Prefix {
  switch (band) {
    case '7.2':
    case '10.0':
      return 'tid';
    case 'thread':
    case '11.1':
      return 'iso';
    default:
      return assertNever(band);
  }
}

interface Stamp {
  readonly seconds: number;
  readonly micros: number;
}

/** Stamps are cut off, not rounded. */
function stampOf(timeNs: number): Stamp {
  const micros = Math.floor(timeNs / 1000);
  return { seconds: EPOCH_SECONDS + Math.floor(micros / 1e6), micros: micros % 1e6 };
}

/** No prefix is longer. */
export const PREFIX_BYTES = 64;

const UTF8 = new TextEncoder();
const DOT = 0x2e;
const COLON = 0x3a;
const Z = 0x5a;
const BLANK = 0x20;

/** Prefixes of events: from one line to the next mostly the microseconds change. */
export class EventPrefix {
  readonly #prefix: Prefix;
  /** All before the microseconds and their dot, for lines of this second and, where it is shown, this thread. */
  #head = new Uint8Array(0);
  #secondNs = Number.NaN;
  #thread = Number.NaN;

  constructor(prefix: Prefix) {
    this.#prefix = prefix;
  }

  /** Into `bytes`, which have PREFIX_BYTES of room; returns the place behind it. */
  put(bytes: Uint8Array, at: number, timeNs: number, thread: number): number {
    if (this.#prefix === 'none') return at;
    const sinceNs = timeNs - this.#secondNs;
    const isIso = this.#prefix === 'iso';
    if (!(sinceNs >= 0 && sinceNs < 1e9 && (isIso || thread === this.#thread)))
      return this.#putNew(bytes, at, timeNs, thread);
    const micros = (sinceNs / 1000) | 0;
    bytes.set(this.#head, at);
    const end = at + this.#head.length;
    if (isIso) return putIsoFraction(bytes, end, micros);
    bytes[end] = DOT;
    const behind = putSix(bytes, end + 1, micros);
    bytes[behind] = COLON;
    return behind + 1;
  }

  #putNew(bytes: Uint8Array, at: number, timeNs: number, thread: number): number {
    const { seconds } = stampOf(timeNs);
    this.#secondNs = (seconds - EPOCH_SECONDS) * 1e9;
    this.#thread = thread;
    this.#head = UTF8.encode(this.#prefix === 'iso' ? wholeSecond(seconds) : `${thread}@${seconds}`);
    return this.put(bytes, at, timeNs, thread);
  }
}

/** The fraction is missing when it is zero, as g_date_time_format_iso8601() prints it. */
function putIsoFraction(bytes: Uint8Array, at: number, micros: number): number {
  let end = at;
  if (micros !== 0) {
    bytes[at] = DOT;
    end = putSix(bytes, at + 1, micros);
  }
  bytes[end] = Z;
  bytes[end + 1] = BLANK;
  return end + 2;
}

/** error_report() puts the time in front in every version; what an assertion prints has none. */
export function messagePrefix(prefix: Prefix, timeNs: number, text: string): string {
  return prefix !== 'none' && text.startsWith('qemu-system-') ? `${isoTime(timeNs)} ` : '';
}

function isoTime(timeNs: number): string {
  const { seconds, micros } = stampOf(timeNs);
  const fraction = micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`;
  return `${wholeSecond(seconds)}${fraction}Z`;
}

function wholeSecond(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/** `1767225600.000123` */
export function unixTime(timeNs: number): string {
  const { seconds, micros } = stampOf(timeNs);
  return `${seconds}.${String(micros).padStart(6, '0')}`;
}
