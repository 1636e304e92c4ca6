/** The diff as one page that needs nothing else: no script, no network. */
import type { Chart } from '../../report/charts/chart.ts';
import { document } from '../../report/renderers/html/document.ts';
import { html, type Markup, trusted } from '../../report/renderers/html/markup.ts';
import type { Diff, PairReport } from '../diff.ts';
import { metricsTable } from './html/metrics.ts';
import { rulesSection } from './html/rules.ts';
import { sequenceTable } from './html/sequence.ts';
import type { DiffRenderer } from './renderer.ts';
import { notShown } from './words/sequence.ts';
import { headlineOf, pairNotes, sideText } from './words/summary.ts';

const MAX_PAIRS = 50;

const CSS = `
h1 { margin-top: 1.5rem; }
.seq td { width: 45%; overflow-wrap: anywhere; }
.seq th { width: 10%; text-align: center; white-space: nowrap; }
.seq .same td { color: var(--muted); }
.seq .changed td { background: var(--warning-ground); }
.seq .base-only td:first-child, .seq .head-only td:last-child { background: var(--info-ground); }
.seq .section td { font-weight: 600; }
.seq .line { color: var(--muted); }`;

export const htmlDiff: DiffRenderer = {
  id: 'html',
  render: (diff, _, charts = []) => {
    const shown = diff.pairs.slice(0, MAX_PAIRS);
    const more = diff.pairs.length - shown.length;
    const body = html`<h1>${headlineOf(diff)}</h1>
${head(diff)}
${rulesSection(diff)}
${shown.map((pair) => pairSection(diff, pair, charts))}
${more > 0 ? html`<p>${more} more pairs of migrations stand in the JSON alone.</p>` : undefined}`;
    return document({
      title: `qtrace diff: ${diff.head.runs[0]?.name ?? ''}`,
      body,
      css: CSS,
      footer: html`<p>qtrace ${diff.qtrace}</p>`,
    });
  },
};

function head(diff: Diff): Markup {
  const notes = [...diff.notes, ...pairNotes(diff)];
  const { failures, remarks } = diff.gate;
  return html`<dl>
<dt>base</dt><dd>${sideText(diff.base, diff.pairs, 'base')}</dd>
<dt>head</dt><dd>${sideText(diff.head, diff.pairs, 'head')}</dd>
</dl>
${listOf(notes)}
${failures.length === 0 ? undefined : html`<h2>What makes it fail</h2>${listOf(failures)}`}
${listOf(remarks)}`;
}

function pairSection(diff: Diff, pair: PairReport, charts: readonly Chart[]): Markup {
  const of = diff.pairs.length > 1 ? ` of migration ${pair.base.index} / ${pair.head.index}` : '';
  const changes = diff.changes.filter((change) => change.pair === pair.pair);
  const hidden = pair.pair === 0 ? notShown(diff) : [];
  return html`<h2>Protocol${of}</h2>
${changes.length === 0 ? html`<p>The same steps in the same order.</p>` : listOf(changes.map(({ text }) => text))}
${listOf(hidden)}
${sequenceTable(diff, pair.pair)}
${charts.filter(({ migration }) => migration === pair.pair).map(figure)}
<h2>Metrics${of}</h2>
${metricsTable(diff, pair.pair)}`;
}

function figure({ id, title, svg, caption, table }: Chart): Markup {
  return html`<figure id="chart-${id}">
<h3>${title}</h3>
<section class="scroll" tabindex="0" aria-label="${title}, pair ${id}">${trusted(svg)}</section>
<figcaption>${caption}</figcaption>
</figure>
<details><summary>${title}: the numbers</summary><table>
<thead><tr>${table.columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${table.rows.map((row) => html`<tr>${row.map((value) => html`<td>${value}</td>`)}</tr>\n`)}</tbody></table>
${table.omitted > 0 ? html`<p>${table.omitted} more queries are left out.</p>` : undefined}</details>`;
}

function listOf(items: readonly string[]): Markup | undefined {
  return items.length === 0 ? undefined : html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}
