/** The lines that two texts share, in order: the longest such row, or a near one where that would cost too much. */

const MOST_CELLS = 1_000_000;
/** In the quick way a line is looked for so far ahead. */
const AHEAD = 100;

/** For each line of `older` the index of the same line in `newer`; undefined where it has none. */
export function alignLines(older: readonly string[], newer: readonly string[]): readonly (number | undefined)[] {
  return older.length * newer.length > MOST_CELLS ? quickly(older, newer) : longest(older, newer);
}

function quickly(older: readonly string[], newer: readonly string[]): readonly (number | undefined)[] {
  let next = 0;
  return older.map((line) => {
    const end = Math.min(newer.length, next + AHEAD);
    for (let at = next; at < end; at += 1) {
      if (newer[at] !== line) continue;
      next = at + 1;
      return at;
    }
    return undefined;
  });
}

function longest(older: readonly string[], newer: readonly string[]): readonly (number | undefined)[] {
  const width = newer.length + 1;
  const lengths = new Uint32Array((older.length + 1) * width);
  for (let a = older.length - 1; a >= 0; a -= 1) {
    for (let b = newer.length - 1; b >= 0; b -= 1) {
      const same = older[a] === newer[b];
      const skip = Math.max(lengths[(a + 1) * width + b] ?? 0, lengths[a * width + b + 1] ?? 0);
      lengths[a * width + b] = same ? (lengths[(a + 1) * width + b + 1] ?? 0) + 1 : skip;
    }
  }
  const partner = new Array<number | undefined>(older.length).fill(undefined);
  let [a, b] = [0, 0];
  while (a < older.length && b < newer.length) {
    if (older[a] === newer[b]) {
      partner[a] = b;
      a += 1;
      b += 1;
    } else if ((lengths[(a + 1) * width + b] ?? 0) >= (lengths[a * width + b + 1] ?? 0)) a += 1;
    else b += 1;
  }
  return partner;
}
