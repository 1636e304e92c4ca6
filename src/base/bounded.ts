/** Keeps the first `limit` items and counts all of them: a report never grows with the log. */
export class Bounded<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(item: T): void {
    this.#count += 1;
    if (!this.isFull) this.#items.push(item);
  }

  /** One more, which is not kept. */
  skip(): void {
    this.#count += 1;
  }

  get isFull(): boolean {
    return this.#items.length >= this.#limit;
  }

  /** The first items, at most `limit`. */
  get items(): readonly T[] {
    return this.#items;
  }

  /** How many were pushed. */
  get count(): number {
    return this.#count;
  }
}
