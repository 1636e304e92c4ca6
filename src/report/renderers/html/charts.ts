/** The charts of a migration, each with what it says in a sentence and with the same numbers as a table. */
import type { Chart } from '../../charts/chart.ts';
import { html, type Markup, type Piece, trusted } from './markup.ts';
import type { Sheet } from './sheet.ts';
import { dataTable } from './table.ts';

export function chartFigures(migration: number, sheet: Sheet): Piece {
  const all = sheet.beside.charts;
  const shown = all.slice(0, sheet.room.charts);
  const own = (charts: readonly Chart[]): readonly Chart[] => charts.filter((chart) => chart.migration === migration);
  sheet.leaveOut(own(all).length - own(shown).length, 'charts');
  return own(shown).map((chart) => figure(chart, sheet));
}

function figure(chart: Chart, sheet: Sheet): Markup {
  return html`<figure id="chart-${chart.id}" class="chart">
<h4>${chart.title}</h4>
<div class="plot" tabindex="0" role="group" aria-label="${chart.title}">${trusted(chart.svg)}</div>
<figcaption>${chart.caption}</figcaption>
${twin(chart, sheet)}</figure>
`;
}

function twin({ title, table }: Chart, sheet: Sheet): Piece {
  const rows = sheet.first(table.rows, sheet.room.chartRows, 'rows of the tables behind the charts');
  if (rows.length === 0) return undefined;
  return html`<details>
<summary>${title}: the numbers</summary>
${dataTable({
  caption: title,
  columns: table.columns.map((column, at) => ({ title: column, numeric: at > 0 })),
  rows,
  omitted: table.omitted + table.rows.length - rows.length,
})}</details>
`;
}
