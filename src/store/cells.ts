/** How the values of qtrace become cells of SQLite. */
import type { Uint64 } from '../base/uint64.ts';
import type { JsonNumber } from '../report/report.ts';
import type { Cell } from './database.ts';

const MAX_INTEGER = 2n ** 63n - 1n;

/**
 * A count for a column of type ANY. The driver binds a `number` as REAL, which
 * such a column keeps, so it goes as a bigint; above INTEGER's range as text.
 */
export function countCell(count: Uint64 | undefined): Cell {
  if (count === undefined) return null;
  if (count === 0) return 0n;
  const wide = BigInt(count);
  return wide <= MAX_INTEGER ? wide : wide.toString();
}

/** The same for a column that `BulkInsert` knows as a count. */
export function looseCountCell(count: Uint64 | undefined): Cell {
  if (count === undefined) return null;
  return typeof count === 'number' ? count : countCell(count);
}

/** The same of what the report has already made JSON. */
export function jsonCountCell(count: JsonNumber | null): Cell {
  return count === null ? null : countCell(BigInt(count));
}

export function flagCell(flag: boolean | undefined): Cell {
  return flag === undefined ? null : flag ? 1 : 0;
}

export function jsonCell(value: object): string {
  // A replacer doubles the time, and few values need it.
  const isWide = Object.values(value).some((member) => typeof member === 'bigint');
  return JSON.stringify(value, isWide ? bigintsAsText : undefined);
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
