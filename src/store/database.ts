/**
 * The only file that knows the SQLite driver, which is loaded when a database
 * is opened: commands without one don't pay for it.
 *
 * A database is complete or absent. It is built under a hidden name beside its
 * place and renamed when finished, so SQLite needs no journal and no fsync.
 */
import { renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { messageOf, systemCode, UserError } from '../base/errors.ts';
import { onInterrupt } from '../base/interrupt.ts';
import { cannotWrite, finalPlace, kindOf, makeFolder, removeFolders, removeStale, temporaryName } from './files.ts';
import { APPLICATION_ID, SCHEMA_VERSION, TABLES } from './schema.ts';
import { VIEWS } from './views.ts';

export type Cell = number | bigint | string | null;

/** What a query gives: INTEGER as bigint, REAL as number, BLOB as bytes. */
export type Value = bigint | number | string | Uint8Array | null;

export type Connection = BetterSqlite3.Database;
export type ReadStatement = BetterSqlite3.Statement<[], Value[]>;

export interface Insert {
  /** A value for each parameter, in their order. */
  run(cells: readonly Cell[]): void;
}

/** Without the driver's unsafe mode SQLite ignores `journal_mode = OFF`. */
const FAST_AND_UNSAFE = `
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = OFF;
PRAGMA cache_size = -4000;
PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION};`;

/** A database while it is loaded. After a failure it is gone; nothing further may be called but `abort()`. */
export class NewDatabase {
  readonly #connection: Connection;
  /** As the user wrote it, for messages. */
  readonly #name: string;
  readonly #place: string;
  readonly #temporary: string;
  /** Folders that were made for it. */
  readonly #made: readonly string[];
  readonly #forget: () => void;

  private constructor(connection: Connection, name: string, place: string, made: readonly string[]) {
    this.#connection = connection;
    this.#name = name;
    this.#place = place;
    this.#temporary = temporaryName(place);
    this.#made = made;
    this.#forget = onInterrupt(() => this.abort());
  }

  /**
   * Makes the folder if need be. With `elsewhere` it is built beside that place,
   * which `finish` then names. Throws a UserError if something else than qtrace's database is there.
   */
  static async create(path: string, elsewhere?: string): Promise<NewDatabase> {
    let made: readonly string[] = [];
    try {
      const place = elsewhere ?? finalPlace(path);
      made = makeFolder(dirname(place));
      removeStale(place);
      const connection = await connect(temporaryName(place), {});
      const database = new NewDatabase(connection.unsafeMode(), path, place, made);
      database.exec(`${FAST_AND_UNSAFE} BEGIN; ${TABLES} ${VIEWS}`);
      return database;
    } catch (thrown) {
      removeFolders(made);
      throw cannotWrite(thrown, path);
    }
  }

  exec(sql: string): void {
    this.#attempt(() => this.#connection.exec(sql));
  }

  prepareInsert(sql: string): Insert {
    const statement = this.#attempt(() => this.#connection.prepare<Cell[]>(sql));
    return {
      run: (cells) => {
        try {
          // One by one: out of an array the driver takes them at half the speed.
          statement.run(...cells);
        } catch (thrown) {
          throw this.#failed(thrown);
        }
      },
    };
  }

  /** Puts the database in its place, over an earlier one; `place` names another in the same folder. */
  finish(place = this.#place): void {
    this.#attempt(() => {
      this.#connection.exec('COMMIT');
      this.#connection.close();
      renameSync(this.#temporary, place);
    });
    this.#forget();
  }

  /** Leaves nothing behind; does nothing after `finish()`. */
  abort(): void {
    this.#forget();
    this.#connection.close();
    rmSync(this.#temporary, { force: true });
    removeFolders(this.#made);
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (thrown) {
      throw this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): unknown {
    this.abort();
    return cannotWrite(thrown, this.#name);
  }
}

/** Opens a database of anyone's for reading. */
export async function openReadOnly(path: string): Promise<Connection> {
  try {
    const kind = kindOf(path);
    if (kind === 'absent') throw new UserError(`${path}: no such database; \`qtrace analyze\` writes one`);
    if (kind === 'not-a-file' || kind === 'other')
      throw new UserError(`${path} is not an SQLite database; name one that \`qtrace analyze\` wrote`);
    const connection = await connect(resolve(path), { readonly: true, fileMustExist: true });
    return connection.exec('PRAGMA query_only = ON');
  } catch (thrown) {
    if (systemCode(thrown) === undefined) throw thrown;
    throw new UserError(`${path} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function connect(path: string, options: BetterSqlite3.Options): Promise<Connection> {
  try {
    const { default: Driver } = await import('better-sqlite3');
    return new Driver(path, options);
  } catch (thrown) {
    if (!/bindings file|NODE_MODULE_VERSION|is not built/.test(messageOf(thrown))) throw thrown;
    throw new UserError('better-sqlite3 is not built for this Node.js: run `npm rebuild better-sqlite3`', {
      cause: thrown,
    });
  }
}
