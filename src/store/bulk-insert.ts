import type { Cell, Insert, NewDatabase } from './database.ts';

/** A call into SQLite costs as much as several rows; beyond 32 rows a statement nothing is gained. */
const ROWS_PER_STATEMENT = 32;

/** Loads rows into a table, in the order of its columns. Holds at most a statement's worth of them. */
export class BulkInsert {
  readonly #database: NewDatabase;
  readonly #table: string;
  readonly #width: number;
  readonly #cells: Cell[];
  #used = 0;
  #insertMany: Insert | undefined;

  constructor(database: NewDatabase, table: string, width: number) {
    this.#database = database;
    this.#table = table;
    this.#width = width;
    this.#cells = new Array<Cell>(width * ROWS_PER_STATEMENT).fill(null);
  }

  add(row: readonly Cell[]): void {
    if (row.length !== this.#width) throw new Error(`${this.#table} has ${this.#width} columns, not ${row.length}`);
    const cells = this.#cells;
    let at = this.#used;
    for (const cell of row) {
      cells[at] = cell;
      at += 1;
    }
    this.#used = at;
    if (at === cells.length) this.#flushFull();
  }

  /** Writes what is left. */
  flush(): void {
    if (this.#used === 0) return;
    const insertOne = this.#prepare(1);
    for (let at = 0; at < this.#used; at += this.#width) insertOne.run(this.#cells.slice(at, at + this.#width));
    this.#used = 0;
  }

  #flushFull(): void {
    this.#insertMany ??= this.#prepare(ROWS_PER_STATEMENT);
    this.#insertMany.run(this.#cells);
    this.#used = 0;
  }

  #prepare(rows: number): Insert {
    const row = `(${new Array(this.#width).fill('?').join(',')})`;
    return this.#database.prepareInsert(`INSERT INTO ${this.#table} VALUES ${new Array(rows).fill(row).join(',')}`);
  }
}
