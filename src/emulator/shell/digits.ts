/** Numbers as ASCII digits, straight into bytes. Each function returns the place behind what it wrote. */

const ZERO = 0x30;
const GROUP = 1_000;
const NINE_DIGITS = 1e9;

/** 000 to 999. */
const GROUPS = Uint8Array.from({ length: 3 * GROUP }, (_, index) => {
  const group = Math.floor(index / 3);
  const digit = [Math.floor(group / 100), Math.floor(group / 10) % 10, group % 10][index % 3] ?? 0;
  return ZERO + digit;
});

/** A whole number from 0 to 2^53-1. */
export function putDecimal(bytes: Uint8Array, at: number, value: number): number {
  if (value < NINE_DIGITS) return putShort(bytes, at, value);
  const high = Math.floor(value / NINE_DIGITS);
  const next = putDecimal(bytes, at, high);
  const low = value - high * NINE_DIGITS;
  const millions = Math.trunc(low / 1e6);
  return putSix(bytes, putGroup(bytes, next, millions), low - millions * 1e6);
}

/** Six digits, with zeros in front. */
export function putSix(bytes: Uint8Array, at: number, value: number): number {
  const thousands = (value / GROUP) | 0;
  return putGroup(bytes, putGroup(bytes, at, thousands), value - thousands * GROUP);
}

function putGroup(bytes: Uint8Array, at: number, value: number): number {
  const from = value * 3;
  bytes[at] = GROUPS[from] ?? ZERO;
  bytes[at + 1] = GROUPS[from + 1] ?? ZERO;
  bytes[at + 2] = GROUPS[from + 2] ?? ZERO;
  return at + 3;
}

/** Below 10^9: from its last digit to its first. */
function putShort(bytes: Uint8Array, at: number, value: number): number {
  let end = at + 1;
  for (let limit = 10; value >= limit; limit *= 10) end += 1;
  let rest = value | 0;
  for (let place = end - 1; place >= at; place -= 1) {
    const tens = (rest / 10) | 0;
    bytes[place] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return end;
}
