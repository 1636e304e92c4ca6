const MAX_GROUPS = 64;

/** The course of a series of any length: the lowest value of each of at most 64 groups of equal size. */
export class Lows {
  #groups: number[] = [];
  #groupSize = 1;
  /** Values in the last group. */
  #filled = 0;

  add(value: number): void {
    const last = this.#groups.length - 1;
    if (this.#filled === 0) this.#groups.push(value);
    else this.#groups[last] = Math.min(this.#groups[last] ?? value, value);
    this.#filled = (this.#filled + 1) % this.#groupSize;
    if (this.#groups.length === MAX_GROUPS && this.#filled === 0) this.#halve();
  }

  /** Lowest value of all. */
  get lowest(): number {
    return Math.min(...this.#groups);
  }

  /** Lowest value of the first half, and of the second. */
  get halves(): readonly [number, number] {
    const middle = Math.floor(this.#groups.length / 2);
    return [Math.min(...this.#groups.slice(0, middle)), Math.min(...this.#groups.slice(middle))];
  }

  #halve(): void {
    const pairs = this.#groups.filter((_, at) => at % 2 === 0);
    this.#groups = pairs.map((first, at) => Math.min(first, this.#groups[2 * at + 1] ?? first));
    this.#groupSize *= 2;
  }
}
