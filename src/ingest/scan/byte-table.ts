/** Short texts that stand in a log again and again, found by their bytes: none is made a string twice. */

const BUCKETS = 4096;
/** An input may hold any number of texts; beyond this many all are forgotten. */
const MAX_ENTRIES = 8192;
const SHORTEST = 4;
const WORD = 4;
const SPREAD = 0x9e3779b1;

/** A text with what is known of it. */
export class ByteEntry<T> {
  readonly length: number;
  readonly value: T;
  /** Its bytes by fours; the last four overlap the ones before where the length is no multiple. */
  readonly #words: Int32Array;
  readonly #last: number;

  constructor(view: DataView, at: number, length: number, value: T) {
    this.length = length;
    this.value = value;
    this.#words = Int32Array.from({ length: length >> 2 }, (_, index) => view.getInt32(at + index * WORD, true));
    this.#last = view.getInt32(at + length - WORD, true);
  }

  /** The text stands at this offset. Whole texts are compared, never a part of them. */
  standsAt(view: DataView, at: number): boolean {
    const words = this.#words;
    if (view.getInt32(at + this.length - WORD, true) !== this.#last) return false;
    for (let index = 0; index < words.length; index += 1) {
      if (view.getInt32(at + index * WORD, true) !== words[index]) return false;
    }
    return true;
  }
}

export class ByteTable<T> {
  #buckets: ByteEntry<T>[][] = [];
  #size = 0;

  constructor() {
    this.#clear();
  }

  /** The entry of the text in [at, at + length), if it was added. */
  find(view: DataView, at: number, length: number): ByteEntry<T> | undefined {
    if (length < SHORTEST) return undefined;
    const bucket = this.#buckets[bucketOf(view, at, length)] ?? [];
    for (let index = 0; index < bucket.length; index += 1) {
      const entry = bucket[index];
      if (entry?.length === length && entry.standsAt(view, at)) return entry;
    }
    return undefined;
  }

  /** Undefined for a text that is too short for the table. */
  add(view: DataView, at: number, length: number, value: T): ByteEntry<T> | undefined {
    if (length < SHORTEST) return undefined;
    if (this.#size >= MAX_ENTRIES) this.#clear();
    const entry = new ByteEntry(view, at, length, value);
    this.#buckets[bucketOf(view, at, length)]?.push(entry);
    this.#size += 1;
    return entry;
  }

  #clear(): void {
    this.#buckets = Array.from({ length: BUCKETS }, () => []);
    this.#size = 0;
  }
}

/** The ends of a text differ most: numbers, line numbers, names of a family. */
function bucketOf(view: DataView, at: number, length: number): number {
  const first = view.getInt32(at, true);
  const last = view.getInt32(at + length - WORD, true);
  const mixed = Math.imul(Math.imul(first, SPREAD) ^ last, SPREAD) + length;
  return (mixed ^ (mixed >>> 15)) & (BUCKETS - 1);
}
