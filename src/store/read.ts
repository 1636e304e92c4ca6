/** Runs a query of the user's on a database, without ever changing anything. */
import { messageOf, UserError } from '../base/errors.ts';
import { type Connection, openReadOnly, type ReadStatement, type Value } from './database.ts';

export interface QueryResult {
  readonly columns: readonly string[];
  /** Read from the database one by one. */
  readonly rows: Iterable<readonly Value[]>;
}

/** `consume` gets the result while the database is open. Throws a UserError for what is wrong with the query. */
export async function readQuery(
  path: string,
  sql: string,
  consume: (result: QueryResult) => void | Promise<void>,
): Promise<void> {
  if (sql.trim() === '') throw new UserError('the query is empty; try: SELECT * FROM v_finals');
  const connection = await openReadOnly(path);
  try {
    const statement = prepare(connection, sql);
    await consume({ columns: statement.columns().map(({ name }) => name), rows: rowsOf(statement) });
  } finally {
    connection.close();
  }
}

function prepare(connection: Connection, sql: string): ReadStatement {
  let statement: ReadStatement;
  try {
    statement = connection.prepare<[], Value[]>(sql);
  } catch (thrown) {
    const missing = /no such table/.test(messageOf(thrown));
    throw failure(thrown, missing ? `; the database has ${tablesOf(connection)}` : '');
  }
  // To SQLite ATTACH is read-only, too, but it gives no rows.
  if (statement.readonly && statement.reader) return statement.raw().safeIntegers();
  throw new UserError(
    'only a query that reads is allowed: SELECT, WITH, VALUES, EXPLAIN, or a PRAGMA that changes nothing',
  );
}

function* rowsOf(statement: ReadStatement): Generator<readonly Value[]> {
  try {
    yield* statement.iterate();
  } catch (thrown) {
    throw failure(thrown);
  }
}

function tablesOf(connection: Connection): string {
  const names = connection.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')");
  return names.pluck().all().join(', ');
}

function failure(thrown: unknown, hint = ''): UserError {
  return new UserError(`the query failed: ${messageOf(thrown)}${hint}`, { cause: thrown });
}
