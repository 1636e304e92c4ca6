/** A seeded generator of its own (sfc32): the same numbers on every platform. */

/** Before the first number counts, so that near seeds part. */
const WARM_UP = 16;

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    const whole = Math.trunc(seed);
    // Signed throughout: V8 keeps such numbers without a box.
    this.#a = 0x9e3779b9 | 0;
    this.#b = whole | 0;
    this.#c = Math.floor(whole / 2 ** 32) | 0;
    for (let i = 0; i < WARM_UP; i += 1) this.#next();
  }

  /** At least `low`, below `high`. */
  between(low: number, high: number): number {
    return low + (this.#next() / 2 ** 32) * (high - low);
  }

  /** A whole number, both ends included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  /** A whole number of so many random bits, at most 31. */
  bits(count: number): number {
    return this.#next() >>> (32 - count);
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }
}
