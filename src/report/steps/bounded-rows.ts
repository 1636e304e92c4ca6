const KEPT_FIRST = 120;
const KEPT_LAST = 80;

/** The first and the last rows of any number. */
export class BoundedRows<Row> {
  readonly #first: Row[] = [];
  #last: Row[] = [];
  #omitted = 0;

  push(row: Row): void {
    if (this.#first.length < KEPT_FIRST) this.#first.push(row);
    else this.#last.push(row);
    if (this.#last.length < 2 * KEPT_LAST) return;
    this.#last = this.#last.slice(KEPT_LAST);
    this.#omitted += KEPT_LAST;
  }

  finish(): { readonly rows: readonly Row[]; readonly omitted: number; readonly omittedAfter: number } {
    const surplus = Math.max(0, this.#last.length - KEPT_LAST);
    const rows = [...this.#first, ...this.#last.slice(surplus)];
    return { rows, omitted: this.#omitted + surplus, omittedAfter: this.#first.length };
  }
}
