/** `qtrace sql DB QUERY`: a read-only query, its rows printed as they come. */
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { visible } from '../../base/text.ts';
import type { Value } from '../../store/database.ts';
import { type QueryResult, readQuery } from '../../store/read.ts';
import { defineCommand } from '../command.ts';
import { writeOut } from '../output.ts';

const FORMATS = ['table', 'csv', 'json'] as const;

type Format = (typeof FORMATS)[number];

export interface SqlOptions {
  readonly db: string;
  readonly query: string;
  readonly format: Format;
}

export const register = defineCommand({
  command: 'sql <db> <query>',
  describe: 'Run a read-only query on a database of analyze',
  builder: (yargs: Argv) =>
    yargs
      .positional('db', { type: 'string', demandOption: true, describe: 'Database that analyze wrote' })
      .positional('query', {
        type: 'string',
        demandOption: true,
        describe: 'One query, such as SELECT * FROM v_finals',
      })
      .option('format', {
        type: 'string',
        requiresArg: true,
        choices: FORMATS,
        default: 'table' as const,
        describe: 'How to print the rows',
      }),
  handler: async (options: ArgumentsCamelCase<SqlOptions>): Promise<void> => {
    process.exitCode = await runSql(options, writeOut);
  },
});

const PRINTERS: Readonly<Record<Format, (result: QueryResult) => Iterable<string>>> = {
  table: tableLines,
  csv: csvLines,
  json: jsonLines,
};

/** Lines are handed on in pieces of about this many characters. */
const PIECE_CHARACTERS = 65_536;

/** Where the text goes; a promise holds the rows back until it is written. */
type Out = (text: string) => void | Promise<void>;

/** Returns the exit code; throws a UserError for what is wrong with the database or the query. */
export async function runSql({ db, query, format }: SqlOptions, out: Out): Promise<number> {
  await readQuery(db, query, async (result) => {
    let piece = '';
    for (const line of PRINTERS[format](result)) {
      piece += `${line}\n`;
      if (piece.length < PIECE_CHARACTERS) continue;
      await out(piece);
      piece = '';
    }
    await out(piece);
  });
  return 0;
}

/** Widths of columns are those of the first rows; a later, wider value shifts its line. */
const SAMPLE_ROWS = 1000;
/** A raw line of a trace in one row must not spread all others. */
const MAX_WIDTH = 60;

function* tableLines({ columns, rows }: QueryResult): Generator<string> {
  const sample: (readonly Value[])[] = [];
  let layout: Layout | undefined;
  let count = 0;
  for (const row of rows) {
    count += 1;
    if (layout !== undefined) {
      yield tableLine(row, layout);
    } else if (sample.push(row) === SAMPLE_ROWS) {
      layout = layoutOf(columns, sample);
      yield* tableHead(columns, sample, layout);
    }
  }
  if (layout === undefined) yield* tableHead(columns, sample, layoutOf(columns, sample));
  yield `(${count} ${count === 1 ? 'row' : 'rows'})`;
}

type Layout = readonly { readonly width: number; readonly right: boolean }[];

function layoutOf(columns: readonly string[], sample: readonly (readonly Value[])[]): Layout {
  return columns.map((name, index) => {
    const widths = sample.map((row) => tableText(row[index] ?? null).length);
    const width = Math.min(MAX_WIDTH, Math.max(visible(name).length, ...widths));
    const values = sample.map((row) => row[index] ?? null).filter((value) => value !== null);
    return { width, right: values.length > 0 && values.every(isNumeric) };
  });
}

function isNumeric(value: Value): boolean {
  return typeof value === 'bigint' || typeof value === 'number';
}

function* tableHead(
  columns: readonly string[],
  sample: readonly (readonly Value[])[],
  layout: Layout,
): Generator<string> {
  yield tableLine(columns, layout);
  yield layout.map(({ width }) => '-'.repeat(width)).join('  ');
  for (const row of sample) yield tableLine(row, layout);
}

function tableLine(row: readonly Value[], layout: Layout): string {
  const cells = layout.map(({ width, right }, index) => {
    const text = tableText(row[index] ?? null);
    return right ? text.padStart(width) : text.padEnd(width);
  });
  return cells.join('  ').trimEnd();
}

/** The text may be a guest's: it goes to a terminal. */
function tableText(value: Value): string {
  return value === null ? 'NULL' : visible(plainText(value));
}

function* csvLines({ columns, rows }: QueryResult): Generator<string> {
  yield columns.map(csvText).join(',');
  for (const row of rows) yield row.map(csvText).join(',');
}

/** RFC 4180, with line feeds as line ends. NULL is empty, an empty text is "". */
function csvText(value: Value): string {
  if (value === null) return '';
  const text = plainText(value);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function* jsonLines({ columns, rows }: QueryResult): Generator<string> {
  const keys = uniqueNames(columns).map((name) => JSON.stringify(name));
  let last: string | undefined;
  for (const row of rows) {
    yield last === undefined ? '[' : `${last},`;
    last = `{${keys.map((key, index) => `${key}:${jsonText(row[index] ?? null)}`).join(',')}}`;
  }
  if (last === undefined) yield '[]';
  else yield* [last, ']'];
}

/** Integers that a JSON number would round, and what JSON has no number for, are strings. */
function jsonText(value: Value): string {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? `${value}` : `"${value}"`;
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return JSON.stringify(value);
  return JSON.stringify(plainText(value));
}

/** `a, a` to `a, a_2`: an object keeps one value per key. */
function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(unique); number += 1) unique = `${name}_${number}`;
    taken.add(unique);
    return unique;
  });
}

/** Bytes in hexadecimal, as SQLite's hex() prints them. */
function plainText(value: Exclude<Value, null>): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex').toUpperCase() : String(value);
}
