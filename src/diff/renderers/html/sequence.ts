import { html, type Markup } from '../../../report/renderers/html/markup.ts';
import type { Diff } from '../../diff.ts';
import { type Cell, type SequenceRow, sequenceRows } from '../words/sequence.ts';

const WORDS = { same: 'same', changed: 'changed', 'base-only': 'only base', 'head-only': 'only head' } as const;

/** The two sequences beside each other: what differs, and all of it behind a summary. */
export function sequenceTable(diff: Diff, pair: number): Markup {
  const rows = sequenceRows(diff, pair, false);
  const differs = rows.some(({ kind }) => kind === 'step');
  return html`${differs ? table(rows, `Steps of pair ${pair} that differ`) : undefined}
<details><summary>All steps</summary>${table(sequenceRows(diff, pair, true), `All steps of pair ${pair}`)}</details>`;
}

function table(rows: readonly SequenceRow[], name: string): Markup {
  return html`<section class="scroll" tabindex="0" aria-label="${name}"><table class="seq">
<thead><tr><th scope="col">base</th><th scope="col">change</th><th scope="col">head</th></tr></thead>
<tbody>${rows.map(rowMarkup)}</tbody></table></section>`;
}

function rowMarkup(row: SequenceRow): Markup {
  switch (row.kind) {
    case 'section':
      return html`<tr class="section"><td colspan="3">${row.name}</td></tr>\n`;
    case 'folded': {
      const span = row.count === 1 ? row.from : `${row.from} to ${row.to}`;
      return html`<tr class="same"><td colspan="3">${row.count} equal: ${span}</td></tr>\n`;
    }
    case 'step': {
      const { change, notShown, rules } = row.step;
      const words = notShown ? 'not shown' : WORDS[change];
      const broken = rules.map((rule) => html` <span class="tag error">${rule}</span>`);
      return html`<tr class="${notShown ? 'same' : change}"><td>${cell(row.base)}</td><th scope="row">${words}</th><td>${cell(row.head)}${broken}</td></tr>\n`;
    }
  }
}

function cell(own: Cell | null): Markup | undefined {
  return own === null ? undefined : html`${own.text} <span class="line">${own.line}</span>`;
}
