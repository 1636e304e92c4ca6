/**
 * QEMU prints byte counts as uint64_t. A value up to 2^53-1 is a `number`, a
 * larger one a `bigint`: never the other way round, so `===` and `<` work on
 * any two of them and nothing is ever rounded.
 */
export type Uint64 = number | bigint;

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Decimal or 0x-hexadecimal text, with or without a sign, to its exact value. */
export function parseUint64(text: string): Uint64 {
  if (text.length < 16) return Number(text);
  const negative = text.startsWith('-');
  const value = BigInt(negative ? text.slice(1) : text);
  return normalise(negative ? -value : value);
}

export function normalise(value: bigint): Uint64 {
  return value <= MAX_SAFE && value >= -MAX_SAFE ? Number(value) : value;
}

/** Sum modulo 2^64, as C adds uint64_t. */
export function addUint64(...values: readonly Uint64[]): Uint64 {
  let sum = 0;
  for (const value of values) {
    if (typeof value === 'bigint' || value < 0) return addWide(values);
    sum += value;
  }
  return Number.isSafeInteger(sum) ? sum : addWide(values);
}

function addWide(values: readonly Uint64[]): Uint64 {
  let sum = 0n;
  for (const value of values) sum += BigInt(value);
  return normalise(BigInt.asUintN(64, sum));
}

/** For reports: a JSON number up to 2^53-1, a decimal string above. */
export function toJsonNumber(value: Uint64): number | string {
  return typeof value === 'bigint' ? value.toString() : value;
}
