/** Texts that stand in a log again and again, found by their bytes: none is read twice. */

const BUCKETS = 2048;
const SHORTEST = 4;
const WORD = 4;
const DOUBLE = 8;
const SPREAD = 0x9e3779b1;

/**
 * A text of printable ASCII, a line end at most behind it, with what is known
 * of it. Eight bytes are compared at once, as a `number`: none of such bytes is
 * NaN or 0, so two of them are equal when all their bits are.
 */
export class ByteEntry<T> {
  readonly length: number;
  readonly value: T;
  /** What stood behind it the last time, and the time before: a log repeats itself. */
  next: ByteEntry<T> | undefined;
  before: ByteEntry<T> | undefined;
  readonly #doubles: Float64Array;
  /** The last eight bytes, or two times four of a shorter text. */
  readonly #last: number;
  readonly #first: number;

  constructor(view: DataView, at: number, length: number, value: T) {
    this.length = length;
    this.value = value;
    this.#doubles = Float64Array.from({ length: length >> 3 }, (_, index) =>
      view.getFloat64(at + index * DOUBLE, true),
    );
    this.#last =
      length < DOUBLE ? view.getInt32(at + length - WORD, true) : view.getFloat64(at + length - DOUBLE, true);
    this.#first = view.getInt32(at, true);
  }

  /** The text stands at this offset. Whole texts are compared, never a part of them. */
  standsAt(view: DataView, at: number): boolean {
    const { length } = this;
    if (length < DOUBLE) {
      return view.getInt32(at + length - WORD, true) === this.#last && view.getInt32(at, true) === this.#first;
    }
    if (view.getFloat64(at + length - DOUBLE, true) !== this.#last) return false;
    const doubles = this.#doubles;
    for (let index = 0; index < doubles.length; index += 1) {
      if (view.getFloat64(at + index * DOUBLE, true) !== doubles[index]) return false;
    }
    return true;
  }
}

export class ByteTable<T> {
  readonly #limit: number;
  /** Made when first used: most logs are small. */
  #buckets: (ByteEntry<T>[] | undefined)[] = [];
  #size = 0;

  /** An input may hold any number of texts: when there are `limit`, all are forgotten. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The entry of the text in [at, at + length), if it was added. */
  find(view: DataView, at: number, length: number): ByteEntry<T> | undefined {
    if (length < SHORTEST) return undefined;
    const bucket = this.#buckets[bucketOf(view, at, length)];
    if (bucket === undefined) return undefined;
    for (let index = 0; index < bucket.length; index += 1) {
      const entry = bucket[index];
      if (entry?.length === length && entry.standsAt(view, at)) return entry;
    }
    return undefined;
  }

  /** Undefined for a text that is too short for the table. */
  add(view: DataView, at: number, length: number, value: T): ByteEntry<T> | undefined {
    if (length < SHORTEST) return undefined;
    if (this.#size >= this.#limit) this.#clear();
    const entry = new ByteEntry(view, at, length, value);
    if (this.#size === 0) this.#buckets = new Array<ByteEntry<T>[] | undefined>(BUCKETS).fill(undefined);
    const bucket = bucketOf(view, at, length);
    const others = this.#buckets[bucket];
    if (others === undefined) this.#buckets[bucket] = [entry];
    else others.push(entry);
    this.#size += 1;
    return entry;
  }

  #clear(): void {
    this.#buckets = [];
    this.#size = 0;
  }
}

/** The ends of a text differ most, and its middle: numbers, line numbers, names of a family. */
function bucketOf(view: DataView, at: number, length: number): number {
  const first = view.getInt32(at, true);
  const middle = view.getInt32(at + ((length - WORD) >> 1), true);
  const last = view.getInt32(at + length - WORD, true);
  const mixed = Math.imul(Math.imul(Math.imul(first, SPREAD) ^ middle, SPREAD) ^ last, SPREAD) + length;
  return (mixed ^ (mixed >>> 15)) & (BUCKETS - 1);
}
