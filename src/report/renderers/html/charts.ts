/** The charts of a migration, each with what it says in a sentence and with the same numbers as a table. */
import type { Chart } from '../../charts/chart.ts';
import { html, type Markup, type Piece, trusted } from './markup.ts';
import type { Sheet } from './sheet.ts';
import { dataTable } from './table.ts';

export function chartFigures(migration: number, sheet: Sheet): Piece {
  const own = sheet.beside.charts.filter((chart) => chart.migration === migration);
  const there = fitting(sheet.beside.charts, sheet.room.charts);
  const shown = own.filter((chart) => there.has(chart));
  sheet.leaveOut(own.length - shown.length, 'charts');
  return shown.map((chart) => figure(chart, sheet));
}

/** In their order, as many as there is room for. */
function fitting(charts: readonly Chart[], room: number): ReadonlySet<Chart> {
  let left = room;
  return new Set(
    charts.filter(({ svg }) => {
      if (svg.length > left) return false;
      left -= svg.length;
      return true;
    }),
  );
}

function figure(chart: Chart, sheet: Sheet): Markup {
  return html`<div id="chart-${chart.id}" class="chart">
<figure>
<h4>${chart.title}</h4>
<div class="plot" tabindex="0" role="group" aria-label="${chart.title}">${trusted(chart.svg)}</div>
<figcaption>${chart.caption}</figcaption>
</figure>
${twin(chart, sheet)}</div>
`;
}

function twin({ title, table }: Chart, sheet: Sheet): Piece {
  const rows = sheet.first(table.rows, sheet.room.chartRows, 'rows of the tables behind the charts');
  if (rows.length === 0) return undefined;
  return html`<details>
<summary>${title}: the numbers</summary>
${dataTable({
  caption: title,
  columns: table.columns.map((title, at) => ({ title, numeric: rows.every((row) => /^[-\d]/.test(row[at] ?? '-')) })),
  rows,
  omitted: table.omitted + table.rows.length - rows.length,
})}</details>
`;
}
