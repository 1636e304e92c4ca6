/** The first and the last rows of any number. */
export class BoundedRows<Row> {
  readonly #keptFirst: number;
  readonly #keptLast: number;
  readonly #first: Row[] = [];
  #last: Row[] = [];
  #omitted = 0;

  constructor(keptFirst: number, keptLast: number) {
    this.#keptFirst = keptFirst;
    this.#keptLast = keptLast;
  }

  push(row: Row): void {
    if (this.#first.length < this.#keptFirst) {
      this.#first.push(row);
      return;
    }
    this.#last.push(row);
    // Now and then, so that dropping one costs next to nothing.
    if (this.#last.length < 2 * this.#keptLast) return;
    this.#last = this.#last.slice(this.#keptLast);
    this.#omitted += this.#keptLast;
  }

  finish(): { readonly rows: readonly Row[]; readonly omitted: number; readonly omittedAfter: number } {
    const surplus = Math.max(0, this.#last.length - this.#keptLast);
    const rows = [...this.#first, ...this.#last.slice(surplus)];
    return { rows, omitted: this.#omitted + surplus, omittedAfter: this.#first.length };
  }
}
