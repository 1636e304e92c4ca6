/** Tables of a page: wide ones scroll in a box of their own, which the keyboard can reach. */
import { plural } from '../../../base/text.ts';
import { html, type Markup, type Piece } from './markup.ts';

export interface TableColumn {
  readonly title: string;
  /** Right-aligned. */
  readonly numeric?: boolean;
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Piece[])[];
  /** Rows that are not there, and behind how many of those that are; at the end, when absent. */
  readonly omitted?: number;
  readonly omittedAfter?: number;
  /** The last row is the sum of the others. */
  readonly total?: readonly Piece[];
}

export function dataTable({ caption, columns, rows, omitted = 0, omittedAfter, total }: Table): Markup {
  const gap =
    omitted > 0
      ? html`<tr><td colspan="${columns.length}" class="muted">${plural(omitted, 'row')} omitted</td></tr>\n`
      : undefined;
  const at = Math.min(omittedAfter ?? rows.length, rows.length);
  const body = rows.map((cells) => tableRow(cells, columns));
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${caption.replace(/ \(.*/, '')}">
<table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ title, numeric }) => html`<th scope="col"${numericClass(numeric)}>${title}</th>`)}</tr></thead>
<tbody>
${body.slice(0, at)}${gap}${body.slice(at)}</tbody>
${total === undefined ? undefined : html`<tfoot>${tableRow(total, columns)}</tfoot>\n`}</table>
</div>
`;
}

function tableRow(cells: readonly Piece[], columns: readonly TableColumn[]): Markup {
  const [first, ...rest] = cells;
  const others = rest.map((cell, index) => html`<td${numericClass(columns[index + 1]?.numeric)}>${cell}</td>`);
  return html`<tr><th scope="row"${numericClass(columns[0]?.numeric)}>${first}</th>${others}</tr>\n`;
}

function numericClass(numeric: boolean | undefined): Piece {
  return numeric === true ? html` class="n"` : undefined;
}
