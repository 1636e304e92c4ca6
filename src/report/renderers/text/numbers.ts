/**
 * Numbers as text. Byte counts stay exact and without separators: a reviewer
 * searches the log for them. What the input does not show is `-`, never 0.
 */

import { normalise, type Uint64 } from '../../../base/uint64.ts';
import { formatBytes, formatDuration, formatSeconds } from '../../../base/units.ts';
import type { JsonNumber } from '../../report.ts';
import { clean } from './layout.ts';

export const NOT_SHOWN = '-';

export function exactNumber(value: JsonNumber | null): string {
  if (value === null) return NOT_SHOWN;
  return typeof value === 'number' ? String(value) : clean(value, 24);
}

/** `4239360` as `4.0 MiB`, for where the exact number does not fit. */
export function roundBytes(value: JsonNumber | null): string {
  const bytes = uint64Of(value);
  return bytes === undefined ? exactNumber(value) : formatBytes(bytes);
}

/** A count of more digits than any honest one has, as `1.8e+19`. */
export function roundCount(value: JsonNumber | null): string {
  const exact = exactNumber(value);
  return exact.length > 11 ? Number(value).toExponential(1) : exact;
}

/** `4239360 bytes (4.0 MiB)` */
export function bytesWithUnit(value: JsonNumber | null): string {
  if (value === null) return NOT_SHOWN;
  const exact = `${exactNumber(value)} bytes`;
  const readable = roundBytes(value);
  return readable.endsWith('iB') ? `${exact} (${readable})` : exact;
}

export function seconds(ns: JsonNumber | null): string {
  return ns === null ? NOT_SHOWN : formatSeconds(Number(ns));
}

export function duration(ns: JsonNumber | null): string {
  return ns === null ? NOT_SHOWN : formatDuration(Number(ns));
}

/** A column of microseconds: with three decimals in all rows if one needs them. */
export function microseconds(column: readonly (JsonNumber | null)[]): readonly string[] {
  const digits = column.some((ns) => ns !== null && Number(ns) % 1000 !== 0) ? 3 : 0;
  return column.map((ns) => (ns === null ? NOT_SHOWN : (Number(ns) / 1000).toFixed(digits)));
}

function uint64Of(value: JsonNumber | null): Uint64 | undefined {
  if (value === null || typeof value === 'number') return value ?? undefined;
  return /^-?\d+$/.test(value) ? normalise(BigInt(value)) : undefined;
}
