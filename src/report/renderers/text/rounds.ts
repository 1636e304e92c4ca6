/**
 * The table of rounds: what the estimate said, what the exact query found, and
 * what was left at the end. Exact bytes as long as they fit the page.
 */
import { plural } from '../../../base/text.ts';
import { type Column, layoutTable } from '../../columns.ts';
import type { JsonNumber, MigrationReport, Report, RoundReport } from '../../report.ts';
import { COLUMNS, clip, ending, wrap } from './layout.ts';
import { exactNumber, microseconds, roundBytes, roundCount, seconds } from './numbers.ts';
import { LIMITS, type Page } from './page.ts';

const INDENT = '    ';

/** A column of the table, with its cells. */
export interface Field {
  readonly column: Column;
  readonly cells: readonly string[];
}

export function roundsSection(migration: MigrationReport, qemu: Report['qemu'], page: Page): readonly string[] {
  const rows = bounded(migration.rounds.rows);
  const cutHere = migration.rounds.rows.length - rows.length;
  const omitted = migration.rounds.omitted + cutHere;
  if (rows.length === 0) return [];
  const table = widestThatFits(rows, migration, qemu);
  const file = commonFile(rows);
  const lines = file === undefined ? '' : `; lines of ${clip(file, 60)}`;
  return [
    ...wrap(`Rounds (${table.unit}; s since the first event${lines})`, '  ', '    ').map(page.heading),
    ...withGap(table.lines, omitted, cutHere > 0 ? LIMITS.rounds / 2 : migration.rounds.omittedAfter),
  ];
}

/** Says how many rows are left out, at their place; the first line is the heading. */
function withGap(lines: readonly string[], omitted: number, after: number): readonly string[] {
  if (omitted === 0) return lines;
  const gap = `${INDENT}(${plural(omitted, 'row')} omitted)`;
  return [...lines.slice(0, after + 1), gap, ...lines.slice(after + 1)];
}

/** The first and the last ones: the middle of a long run repeats itself. */
function bounded(rows: readonly RoundReport[]): readonly RoundReport[] {
  const half = LIMITS.rounds / 2;
  return rows.length <= LIMITS.rounds ? rows : [...rows.slice(0, half), ...rows.slice(-half)];
}

/** Every column, with exact numbers. */
export function exactFields(
  rows: readonly RoundReport[],
  migration: MigrationReport,
  qemu: Report['qemu'],
  fileWidth: number,
): readonly Field[] {
  return [...commonFields(rows, migration, qemu, EXACT), ...costField(rows), placeField(rows, fileWidth)];
}

/** The one file that all rows are of. */
export function commonFile(rows: readonly RoundReport[]): string | undefined {
  const files = new Set(rows.map((row) => row.file));
  const [file] = files;
  return files.size === 1 ? file : undefined;
}

interface Table {
  readonly unit: string;
  readonly lines: readonly string[];
}

function widestThatFits(rows: readonly RoundReport[], migration: MigrationReport, qemu: Report['qemu']): Table {
  const full = tableLines(exactFields(rows, migration, qemu, 30));
  if (fitsPage(full)) return { unit: 'bytes', lines: full };
  const bare = tableLines([...commonFields(rows, migration, qemu, EXACT), placeField(rows, 16)]);
  if (fitsPage(bare)) return { unit: 'bytes', lines: bare };
  const rounded = tableLines([...commonFields(rows, migration, qemu, ROUNDED), placeField(rows, 8)]);
  return { unit: 'bytes rounded to fit, exact with --format json', lines: rounded };
}

function fitsPage(lines: readonly string[]): boolean {
  return lines.every((line) => line.length <= COLUMNS);
}

function tableLines(fields: readonly Field[]): readonly string[] {
  const count = fields[0]?.cells.length ?? 0;
  const rows = Array.from({ length: count }, (_, row) => fields.map((field) => field.cells[row] ?? ''));
  return layoutTable(
    fields.map((field) => field.column),
    rows,
    INDENT,
  );
}

interface Digits {
  readonly bytes: (value: JsonNumber | null) => string;
  readonly pages: (value: JsonNumber | null) => string;
}

const EXACT: Digits = { bytes: exactNumber, pages: exactNumber };
const ROUNDED: Digits = { bytes: roundBytes, pages: roundCount };

/** 7.2 has one kind of query, and nothing before the final query has a column for it. */
function commonFields(
  rows: readonly RoundReport[],
  migration: MigrationReport,
  qemu: Report['qemu'],
  { bytes, pages }: Digits,
): readonly Field[] {
  const { estimate, exact, final, unspecified } = migration.queries;
  const oneKind = unspecified > 0 && estimate + exact === 0;
  const hasFinal = final > 0 || qemu === '11.1' || qemu === 'thread' || qemu === null;
  const field = (title: string, pick: (row: RoundReport) => string): Field => rightField(title, rows.map(pick));
  return [
    ...(rows.every((row) => row.count === 1) ? [] : [field('polls', (row) => String(row.count))]),
    field('time s', (row) => seconds(row.ns)),
    field(oneKind ? 'pending' : 'estimate', (row) => bytes(row.estimateBytes)),
    ...(oneKind ? [] : [field('exact', (row) => bytes(row.exactBytes))]),
    ...(hasFinal ? [field('final', (row) => bytes(row.finalBytes))] : []),
    field('dirty pages', (row) => pages(row.dirtyPages)),
    field('threshold', (row) => bytes(row.thresholdBytes)),
  ];
}

/** What the exact query of a round cost, if the log shows it. */
function costField(rows: readonly RoundReport[]): readonly Field[] {
  const costs = rows.map((row) => row.exactNs);
  return costs.every((ns) => ns === null) ? [] : [rightField('exact us', microseconds(costs))];
}

function placeField(rows: readonly RoundReport[], fileWidth: number): Field {
  const one = commonFile(rows) !== undefined;
  const cells = rows.map((row) => (one ? String(row.line) : `${ending(row.file, fileWidth)}:${row.line}`));
  return one ? rightField('line', cells) : { column: { title: 'line', align: 'left' }, cells };
}

function rightField(title: string, cells: readonly string[]): Field {
  return { column: { title, align: 'right' }, cells };
}
