/** The run: each migration with its states, phases, charts, iterations and downtime. */
import type { MigrationReport, Report } from '../../report.ts';
import { withVerdict } from '../text/labels.ts';
import { bytesWithUnit, duration, seconds } from '../text/numbers.ts';
import { commonFile, exactFields } from '../text/rounds.ts';
import { chartFigures } from './charts.ts';
import { destinationPart } from './destination.ts';
import { downtimePart } from './downtime.ts';
import { html, type Markup, type Piece } from './markup.ts';
import { plainLines } from './raw-lines.ts';
import { omittedNote, type Sheet, section, shortened } from './sheet.ts';
import { dataTable } from './table.ts';

export function runSection(sheet: Sheet): Piece {
  const { migrations } = sheet.report;
  if (migrations.length === 0) return undefined;
  const full = chosen(sheet.report, sheet.room.migrations);
  const rest = migrations.filter((migration) => !full.includes(migration));
  sheet.leaveOut(rest.length, 'migrations in full');
  return section(
    'run',
    'The run',
    full.map((migration) => migrationPart(migration, sheet)),
    rest.length === 0 ? undefined : shortTable(rest),
  );
}

/** The violated ones before the others. */
function chosen(report: Report, room: number): readonly MigrationReport[] {
  const violated = new Set(withVerdict(report, 'violated').map(({ migration }) => migration));
  const first = report.migrations.filter(({ index }) => violated.has(index));
  const others = report.migrations.filter(({ index }) => !violated.has(index));
  return [...first, ...others].slice(0, room).sort((a, b) => a.index - b.index);
}

const SHORT_ROWS = 50;

function shortTable(rest: readonly MigrationReport[]): Markup {
  return dataTable({
    caption: 'Other migrations',
    columns: [
      { title: 'migration', numeric: true },
      { title: 'kind' },
      { title: 'outcome' },
      { title: 'syncs', numeric: true },
      { title: 'downtime', numeric: true },
    ],
    rows: rest
      .slice(0, SHORT_ROWS)
      .map(({ index, kind, outcome, syncs, downtimeNs }) => [index, kind, outcome, syncs, duration(downtimeNs)]),
    omitted: Math.max(0, rest.length - SHORT_ROWS),
  });
}

function migrationPart(migration: MigrationReport, sheet: Sheet): Markup {
  const { index, kind, outcome, messages } = migration;
  const id = `migration-${index}`;
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title">Migration ${index}: ${kind === 'unknown' ? 'kind not shown' : kind}, ${outcomeText(outcome)}</h3>
${facts(migration)}${states(migration, sheet)}${phases(migration, sheet)}${chartFigures(index, sheet)}${rounds(migration, sheet)}${downtimePart(
  migration,
  sheet,
)}${destinationPart(migration, sheet)}${
  messages.lines.length === 0
    ? undefined
    : html`<h4>Messages of QEMU</h4>
${plainLines(sheet.first(messages.lines, sheet.room.messages, 'messages of QEMU'), sheet)}${omittedNote(
  messages.omitted + Math.max(0, messages.lines.length - sheet.room.messages),
  'message',
)}`
}</section>
`;
}

function outcomeText(outcome: MigrationReport['outcome']): string {
  if (outcome === 'running') return 'running when its log ends';
  return outcome === 'aborted' ? 'aborted (QEMU died)' : outcome;
}

function facts(migration: MigrationReport): Markup {
  const { queries, syncs, iterations, downtimeNs, finalTotalBytes } = migration;
  const { estimate, exact, final, unspecified } = queries;
  const kinds: readonly (readonly [string, number])[] = [
    ['estimate', estimate],
    ['exact', exact],
    ['final', final],
    ['of one kind', unspecified],
  ];
  const counted = kinds.filter(([word, count]) => count > 0 || (unspecified === 0 && word !== 'of one kind'));
  const pairs: readonly (readonly [string, string])[] = [
    ['queries', counted.map(([word, count]) => `${count} ${word}`).join(', ')],
    ['syncs', String(syncs)],
    ['iterations', String(iterations)],
    ['downtime', duration(downtimeNs)],
    ['final total', bytesWithUnit(finalTotalBytes)],
  ];
  return html`<dl class="facts">\n${pairs.map(([title, value]) => html`<div><dt>${title}</dt><dd>${value}</dd></div>\n`)}</dl>\n`;
}

function states({ states: all }: MigrationReport, sheet: Sheet): Piece {
  if (all.length === 0) return undefined;
  const half = Math.ceil(sheet.room.states / 2);
  const cut = all.length > sheet.room.states;
  if (cut) sheet.leaveOut(all.length - 2 * half, 'states');
  const item = ({ state, ns, file, line }: (typeof all)[number], at: number): Markup => {
    const where = all[at - 1]?.file === file ? `:${line}` : html`${shortened(file, 120)}:${line}`;
    const time = ns === null ? '' : ` ${seconds(ns)} s`;
    return html`<li><b>${shortened(state, 40)}</b>${time} <code>${where}</code></li>\n`;
  };
  const items = all.map(item);
  const shown = cut
    ? [...items.slice(0, half), html`<li>${all.length - 2 * half} states omitted</li>\n`, ...items.slice(-half)]
    : items;
  return html`<h4>States</h4>\n<ol class="flow">\n${shown}</ol>\n`;
}

function phases({ phases: all }: MigrationReport, sheet: Sheet): Piece {
  const shown = sheet.first(all, sheet.room.phases, 'phases');
  if (shown.length === 0) return undefined;
  return dataTable({
    caption: 'Phases (seconds since the first event)',
    columns: [
      { title: 'phase' },
      { title: 'from', numeric: true },
      { title: 'to', numeric: true },
      { title: 'lines', numeric: true },
    ],
    rows: shown.map(({ name, startNs, endNs, lines }) => [
      shortened(name, 40),
      seconds(startNs),
      seconds(endNs),
      `${lines[0]} to ${lines[1]}`,
    ]),
    omitted: all.length - shown.length,
  });
}

/** The first and the last ones: the middle of a long run repeats itself. */
function rounds(migration: MigrationReport, sheet: Sheet): Piece {
  const all = migration.rounds.rows;
  if (all.length === 0) return undefined;
  const half = Math.ceil(sheet.room.rounds / 2);
  const cut = all.length > sheet.room.rounds;
  const rows = cut ? [...all.slice(0, half), ...all.slice(all.length - half)] : all;
  sheet.leaveOut(all.length - rows.length, 'iterations');
  if (rows.length === 0) return undefined;
  const fields = exactFields(rows, migration, sheet.report.qemu, 40);
  const file = commonFile(rows);
  const whose = file === undefined ? '' : `; lines of ${file.slice(-60)}`;
  return html`<h4>Iterations</h4>
${dataTable({
  caption: `What was pending, round by round (bytes; time since the first event${whose})`,
  columns: fields.map(({ column }) => ({ title: column.title, numeric: column.align === 'right' })),
  rows: rows.map((_, at) => fields.map(({ cells }) => cells[at])),
  omitted: migration.rounds.omitted + all.length - rows.length,
  omittedAfter: cut ? half : migration.rounds.omittedAfter,
})}`;
}
