/** What stands before an event: its time, and in older versions its thread. */
import { assertNever } from '../../base/errors.ts';
import type { Band } from '../../catalog/vocabulary.ts';

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

/** What stands before all lines of one thread in one second, their microseconds left open. */
export interface SecondPrefix {
  readonly bytes: Uint8Array;
  /** The six digits to be filled in. */
  readonly microsAt: number;
}

const UTF8 = new TextEncoder();
const OPEN = '000000';

/** `seconds` since the process started. */
export function secondPrefix(prefix: 'iso' | 'tid', seconds: number, thread: number): SecondPrefix {
  const second = EPOCH_SECONDS + seconds;
  const head = prefix === 'iso' ? `${wholeSecond(second)}.` : `${thread}@${second}.`;
  const tail = prefix === 'iso' ? 'Z ' : ':';
  return { bytes: UTF8.encode(head + OPEN + tail), microsAt: head.length };
}

/** With no microseconds: the fraction is missing then, as g_date_time_format_iso8601() prints it. */
export function isoSecond(seconds: number): Uint8Array {
  return UTF8.encode(`${wholeSecond(EPOCH_SECONDS + seconds)}Z `);
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
