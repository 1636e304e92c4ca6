/**
 * Loads rows into a table. Handing a value to SQLite costs as much as storing
 * it, and a call into it as much as several rows. So rows are written in
 * batches, and what all rows of a batch have in common stands in the
 * statement's own text. Values are handed over by position: with named
 * parameters, or in an array, the driver needs twice the time.
 */
import type { Cell, Insert, NewDatabase } from './database.ts';

/** Beyond 32 rows a statement nothing is gained. */
const ROWS_PER_STATEMENT = 32;
/** Statements that are kept. Who holds a lock, or which thread prints, may change often in a log. */
const MAX_STATEMENTS = 64;
/** Making one costs as much as some batches. Behind so many only columns of kind `same` stand in their texts. */
const MAX_MADE = 1000;
/** Text that can stand in a statement as it is. */
const PLAIN = /^[\w .:@-]{0,80}$/;

/**
 * How the values of a column come:
 * - `id`: the row's number, mostly one more than that of the row before: SQLite counts itself
 * - `same`: seldom another one than in the row before
 * - `count`: an integer in a column of type ANY, as a `number` where it is exact in one
 * - `any`: anything else
 */
export type ColumnKind = 'id' | 'same' | 'count' | 'any';

/** By column of kind `any` or `count`: the value that all rows of a batch have in common, undefined where there is none. */
type Common = readonly (Cell | undefined)[];

/** A statement for so many rows. */
class Batch {
  readonly common: Common;
  readonly #insert: Insert;
  /** Which columns of kind `any` or `count` come as parameters. */
  readonly #own: readonly number[];
  readonly #values: Cell[] = [];

  constructor(insert: Insert, common: Common) {
    this.#insert = insert;
    this.common = common;
    this.#own = common.flatMap((cell, at) => (cell === undefined ? [at] : []));
  }

  /** `cells`: of all rows, in those columns. */
  run(cells: readonly Cell[]): void {
    const own = this.#own;
    const width = this.common.length;
    if (own.length === width) {
      this.#insert.run(cells);
      return;
    }
    const values = this.#values;
    let to = 0;
    for (let row = 0; row < cells.length; row += width) {
      for (let index = 0; index < own.length; index += 1) {
        values[to] = cells[row + (own[index] ?? 0)] ?? null;
        to += 1;
      }
    }
    this.#insert.run(values);
  }
}

/** A row is put together value by value, in the order of the columns, and ends with `end`. */
export class BulkInsert {
  readonly #database: NewDatabase;
  readonly #table: string;
  readonly #kinds: readonly ColumnKind[];
  /** Values of the rows in hand, but for the columns that they have in common. */
  readonly #cells: Cell[];
  readonly #width: number;
  #used = 0;
  /** Where the row that is being put together begins. */
  #row = 0;
  /** By column: what the rows in hand have in common. */
  readonly #same: Cell[];
  #id: Cell = null;
  #nextId = 1;
  /** The row that is being put together can't stand in a batch. */
  #odd = false;
  readonly #batches = new Map<string, Batch>();
  /** The last one, if it has the same values in columns of kind `same`. */
  #batch: Batch | undefined;
  #made = 0;
  #single: Insert | undefined;

  constructor(database: NewDatabase, table: string, columns: readonly ColumnKind[]) {
    this.#database = database;
    this.#table = table;
    this.#kinds = columns;
    this.#width = columns.filter((kind) => kind === 'any' || kind === 'count').length;
    this.#cells = new Array<Cell>(this.#width * ROWS_PER_STATEMENT).fill(null);
    this.#same = columns.map(() => null);
  }

  id(id: number): void {
    this.#id = id;
    if (id !== this.#nextId) this.#odd = true;
  }

  /** Before the row's own values: `column` is the index of the column. */
  same(column: number, cell: Cell): void {
    if (cell !== this.#same[column]) this.#change(column, cell);
  }

  any(cell: Cell): void {
    this.#cells[this.#used] = cell;
    this.#used += 1;
  }

  count(cell: Cell): void {
    // CAST would not take a decimal text above INTEGER's range as it is.
    if (typeof cell === 'string') this.#odd = true;
    this.#cells[this.#used] = cell;
    this.#used += 1;
  }

  end(): void {
    if (this.#odd) this.#endOdd();
    else {
      this.#nextId += 1;
      this.#row = this.#used;
      if (this.#row === this.#cells.length) this.#flushBatch();
    }
  }

  /** A whole row of a table without columns of another kind than `any`. */
  add(row: readonly Cell[]): void {
    if (row.length !== this.#width) throw new Error(`${this.#table} has ${this.#width} columns, not ${row.length}`);
    for (const cell of row) this.any(cell);
    this.end();
  }

  /** Writes what is left. */
  flush(): void {
    for (let at = 0; at < this.#row; at += this.#width) this.#insertSingle(at, null);
    this.#used = 0;
    this.#row = 0;
  }

  #change(column: number, cell: Cell): void {
    if (this.#used !== this.#row) throw new Error(`${this.#table}: what rows have in common comes first`);
    this.flush();
    this.#same[column] = cell;
    this.#batch = undefined;
  }

  /** A row that is unlike the others, behind those in hand. */
  #endOdd(): void {
    this.#odd = false;
    const own = this.#cells.slice(this.#row, this.#used);
    this.flush();
    for (const [at, cell] of own.entries()) this.#cells[at] = cell;
    this.#insertSingle(0, this.#id);
    if (typeof this.#id === 'number') this.#nextId = Math.max(this.#nextId, this.#id + 1);
  }

  #flushBatch(): void {
    const last = this.#batch;
    const batch = last !== undefined && this.#isCommon(last.common) ? last : this.#batchOf();
    this.#batch = batch;
    if (batch === undefined) {
      this.flush();
      return;
    }
    this.#used = 0;
    this.#row = 0;
    batch.run(this.#cells);
  }

  /** The rows in hand have just this in common. */
  #isCommon(common: Common): boolean {
    for (let at = 0; at < common.length; at += 1) if (this.#commonAt(at) !== common[at]) return false;
    return true;
  }

  #commonAt(at: number): Cell | undefined {
    const cells = this.#cells;
    const first = cells[at];
    if (first === undefined || !isOneOfFew(first) || this.#made >= MAX_MADE) return undefined;
    for (let other = at + this.#width; other < cells.length; other += this.#width) {
      if (cells[other] !== first) return undefined;
    }
    return first;
  }

  /** undefined where the rows have something in common that can't stand in a statement. */
  #batchOf(): Batch | undefined {
    const common = Array.from({ length: this.#width }, (_, at) => this.#commonAt(at));
    const texts: string[] = [];
    let own = 0;
    for (const [column, kind] of this.#kinds.entries()) {
      const cell = kind === 'same' ? (this.#same[column] ?? null) : kind === 'id' ? undefined : common[own];
      if (kind === 'any' || kind === 'count') own += 1;
      const text = cell === undefined ? PARAMETERS[kind] : literalOf(cell);
      if (text === undefined) return undefined;
      texts.push(text);
    }
    const row = `(${texts.join()})`;
    const known = this.#batches.get(row);
    if (known !== undefined) return known;
    if (this.#batches.size >= MAX_STATEMENTS) this.#batches.clear();
    const rows = new Array<string>(ROWS_PER_STATEMENT).fill(row).join();
    const batch = new Batch(this.#database.prepareInsert(`INSERT INTO ${this.#table} VALUES ${rows}`), common);
    this.#made += 1;
    this.#batches.set(row, batch);
    return batch;
  }

  /** Value by value: those of its own begin at `from`. */
  #insertSingle(from: number, id: Cell): void {
    let at = from;
    const row = this.#kinds.map((kind, column): Cell => {
      if (kind === 'id') return id;
      if (kind === 'same') return asInteger(this.#same[column] ?? null);
      const cell = this.#cells[at] ?? null;
      at += 1;
      return kind === 'count' ? asInteger(cell) : cell;
    });
    this.#single ??= this.#database.prepareInsert(
      `INSERT INTO ${this.#table} VALUES (${this.#kinds.map(() => '?').join()})`,
    );
    this.#single.run(row);
  }
}

/** Into a table of few rows, or of rows that have nothing in common. */
export function plainInsert(database: NewDatabase, table: string, columns: number): BulkInsert {
  return new BulkInsert(database, table, new Array<ColumnKind>(columns).fill('any'));
}

/** The driver binds a `number` as REAL, which a column of type ANY keeps. */
function asInteger(cell: Cell): Cell {
  return typeof cell === 'number' ? BigInt(cell) : cell;
}

const PARAMETERS = { id: 'NULL', same: undefined, count: 'CAST(? AS INTEGER)', any: '?' } as const;

/** Such a value is likely to be common to the next rows, too. */
function isOneOfFew(cell: Cell): boolean {
  return cell === null || cell === 0 || cell === 1 || (typeof cell === 'string' && PLAIN.test(cell));
}

function literalOf(cell: Cell): string | undefined {
  if (cell === null) return 'NULL';
  if (typeof cell === 'string') return PLAIN.test(cell) ? `'${cell}'` : undefined;
  return typeof cell === 'bigint' || Number.isSafeInteger(cell) ? String(cell) : undefined;
}
