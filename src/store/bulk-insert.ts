import type { Cell, Insert, NewDatabase } from './database.ts';

/** A call into SQLite costs as much as several rows; beyond 32 rows a statement nothing is gained. */
const ROWS_PER_STATEMENT = 32;

/**
 * How the values of a column come. Handing a value to SQLite costs as much as
 * storing it, so what is the same in many rows is handed over once for all:
 * - `id`: the row's number, mostly one more than that of the row before: SQLite counts itself
 * - `same`: seldom another one than in the row before
 * - `count`: an integer in a column of type ANY, as a `number` where it is exact in one
 * - `any`: anything else
 */
export type ColumnKind = 'id' | 'same' | 'count' | 'any';

/** Loads rows into a table, in the order of its columns. Holds at most a statement's worth of them. */
export class BulkInsert {
  readonly #database: NewDatabase;
  readonly #table: string;
  readonly #kinds: readonly ColumnKind[];
  readonly #names: readonly string[];
  /** Values of the rows in hand, but for the columns that they have in common. */
  readonly #cells: Cell[];
  #used = 0;
  readonly #width: number;
  /** By column: what the rows in hand have in common. */
  readonly #same: Cell[];
  readonly #sameByName: Record<string, Cell> = {};
  #nextId = 1;
  #insertMany: Insert | undefined;
  #insertOne: Insert | undefined;
  #insertExact: Insert | undefined;

  /** `columns`: how many there are, or the names of all and how their values come. */
  constructor(database: NewDatabase, table: string, columns: number | Readonly<Record<string, ColumnKind>>) {
    this.#database = database;
    this.#table = table;
    const kinds: readonly ColumnKind[] =
      typeof columns === 'number' ? new Array(columns).fill('any') : Object.values(columns);
    this.#kinds = kinds;
    this.#names = typeof columns === 'number' ? [] : Object.keys(columns);
    this.#width = this.#kinds.filter((kind) => kind === 'any' || kind === 'count').length;
    this.#cells = new Array<Cell>(this.#width * ROWS_PER_STATEMENT).fill(null);
    this.#same = this.#kinds.map(() => null);
    for (const [index, kind] of kinds.entries()) if (kind === 'same') this.#sameByName[this.#nameOf(index)] = null;
  }

  add(row: readonly Cell[]): void {
    const kinds = this.#kinds;
    if (row.length !== kinds.length) {
      throw new Error(`${this.#table} has ${kinds.length} columns, not ${row.length}`);
    }
    if (!this.#fits(row)) {
      this.#addExactly(row);
      return;
    }
    const cells = this.#cells;
    let at = this.#used;
    for (let index = 0; index < kinds.length; index += 1) {
      const kind = kinds[index];
      if (kind !== 'any' && kind !== 'count') continue;
      cells[at] = row[index] ?? null;
      at += 1;
    }
    this.#used = at;
    if (at === cells.length) this.#flushFull();
  }

  /** Writes what is left. */
  flush(): void {
    if (this.#used === 0) return;
    this.#insertOne ??= this.#prepare(1);
    for (let at = 0; at < this.#used; at += this.#width) {
      this.#insertOne.run(this.#cells.slice(at, at + this.#width), this.#sameByName);
    }
    this.#used = 0;
  }

  /** The row can follow those in hand, which are written if it has another value in common with the next ones. */
  #fits(row: readonly Cell[]): boolean {
    const kinds = this.#kinds;
    for (let index = 0; index < kinds.length; index += 1) {
      const cell = row[index] ?? null;
      switch (kinds[index]) {
        case 'id':
          if (cell !== this.#nextId) return false;
          this.#nextId += 1;
          break;
        case 'same':
          if (cell !== this.#same[index]) this.#change(index, cell);
          break;
        case 'count':
          // CAST would not take a decimal text above INTEGER's range as it is.
          if (typeof cell === 'string') return this.#unfit();
          break;
        default:
          break;
      }
    }
    return true;
  }

  #unfit(): false {
    if (this.#kinds[0] === 'id') this.#nextId -= 1;
    return false;
  }

  #change(index: number, cell: Cell): void {
    this.flush();
    this.#same[index] = cell;
    this.#sameByName[this.#nameOf(index)] = cell;
  }

  /** A row that is unlike the others, value by value. */
  #addExactly(row: readonly Cell[]): void {
    this.flush();
    const id = this.#kinds[0] === 'id' ? row[0] : undefined;
    if (typeof id === 'number') this.#nextId = Math.max(this.#nextId, id + 1);
    const values = this.#kinds.map(() => '?').join(',');
    this.#insertExact ??= this.#database.prepareInsert(`INSERT INTO ${this.#table} VALUES (${values})`);
    // The driver binds a `number` as REAL, which a column of type ANY keeps.
    const exact = row.map((cell, index) =>
      this.#kinds[index] === 'count' && typeof cell === 'number' ? BigInt(cell) : cell,
    );
    this.#insertExact.run(exact);
  }

  #flushFull(): void {
    this.#insertMany ??= this.#prepare(ROWS_PER_STATEMENT);
    this.#insertMany.run(this.#cells, this.#sameByName);
    this.#used = 0;
  }

  #prepare(rows: number): Insert {
    const row = `(${this.#kinds.map((kind, index) => this.#valueOf(kind, index)).join(',')})`;
    return this.#database.prepareInsert(`INSERT INTO ${this.#table} VALUES ${new Array(rows).fill(row).join(',')}`);
  }

  #nameOf(index: number): string {
    return this.#names[index] ?? '';
  }

  #valueOf(kind: ColumnKind, index: number): string {
    switch (kind) {
      case 'id':
        return 'NULL';
      case 'same':
        return `@${this.#nameOf(index)}`;
      case 'count':
        return 'CAST(? AS INTEGER)';
      case 'any':
        return '?';
    }
  }
}
