import type { Uint64 } from './uint64.ts';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** `4239360` to `4.0 MiB`; below 10 KiB the exact number of bytes. */
export function formatBytes(bytes: Uint64): string {
  let value = Number(bytes);
  if (Math.abs(value) < 10_240) return `${value} B`;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(value < 100 ? 1 : 0)} ${BYTE_UNITS[unit] ?? 'B'}`;
}

/** `4412000` to `4.412 ms`: microseconds below 1 ms, seconds from 10 s on. */
export function formatDuration(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e6) return `${Math.round(ns / 1e3)} us`;
  if (size < 1e10) return `${(ns / 1e6).toFixed(3)} ms`;
  return `${(ns / 1e9).toFixed(3)} s`;
}

/** Seconds with microseconds, for a column of times: `2.447863`. */
export function formatSeconds(ns: number): string {
  return (ns / 1e9).toFixed(6);
}
