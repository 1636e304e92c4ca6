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

export function eventPrefix(prefix: Prefix, timeNs: number, thread: number): string {
  switch (prefix) {
    case 'iso':
      return `${isoTime(timeNs)} `;
    case 'tid':
      return `${thread}@${unixTime(timeNs)}:`;
    case 'none':
      return '';
    default:
      return assertNever(prefix);
  }
}

/** error_report() puts the time in front in every version; what an assertion prints has none. */
export function messagePrefix(prefix: Prefix, timeNs: number, text: string): string {
  return prefix !== 'none' && text.startsWith('qemu-system-') ? `${isoTime(timeNs)} ` : '';
}

/** The fraction is missing when it is zero, as g_date_time_format_iso8601() prints it. */
function isoTime(timeNs: number): string {
  const { seconds, micros } = stampOf(timeNs);
  const fraction = micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`;
  return `${wholeSecond(seconds)}${fraction}Z`;
}

let known = { seconds: Number.NaN, text: '' };

/** Hundreds of thousands of lines fall into one second. */
function wholeSecond(seconds: number): string {
  if (known.seconds !== seconds) known = { seconds, text: new Date(seconds * 1000).toISOString().slice(0, 19) };
  return known.text;
}

/** `1767225600.000123` */
export function unixTime(timeNs: number): string {
  const { seconds, micros } = stampOf(timeNs);
  return `${seconds}.${String(micros).padStart(6, '0')}`;
}
