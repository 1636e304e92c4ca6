import type { Row } from './round-row.ts';

const KEPT = { first: 120, last: 80 };
/** The same of one among many migrations. */
const KEPT_BRIEF = { first: 24, last: 16 };

/** The first and the last rows of any number. */
export class BoundedRows {
  readonly #first: Row[] = [];
  #last: Row[] = [];
  #omitted = 0;
  readonly #kept: typeof KEPT;

  constructor(brief: boolean) {
    this.#kept = brief ? KEPT_BRIEF : KEPT;
  }

  push(row: Row): void {
    const { first, last } = this.#kept;
    if (this.#first.length < first) this.#first.push(row);
    else this.#last.push(row);
    if (this.#last.length < 2 * last) return;
    this.#last = this.#last.slice(last);
    this.#omitted += last;
  }

  finish(): { readonly rows: readonly Row[]; readonly omitted: number; readonly omittedAfter: number } {
    const surplus = Math.max(0, this.#last.length - this.#kept.last);
    const rows = [...this.#first, ...this.#last.slice(surplus)];
    return { rows, omitted: this.#omitted + surplus, omittedAfter: this.#first.length };
  }
}
