import { html, type Markup } from '../../../report/renderers/html/markup.ts';
import type { Diff } from '../../diff.ts';
import { changeText, sideAmount } from '../words/amounts.ts';
import { shownMetrics } from '../words/summary.ts';

export function metricsTable(diff: Diff, pair: number): Markup {
  const metrics = shownMetrics(diff, pair);
  const grouped = metrics.some(({ p }) => p !== null);
  const note = grouped
    ? 'Median with its 95 % interval; ~ is noise; p of the Mann-Whitney U test, corrected for the number of metrics.'
    : 'One run on a side: the difference is what it is, and says nothing about the next run.';
  return html`<p>${note}</p>
<section class="scroll" tabindex="0" aria-label="Metrics of pair ${pair}"><table>
<thead><tr><th scope="col">metric</th><th scope="col" class="n">base</th><th scope="col" class="n">head</th><th scope="col" class="n">change</th><th scope="col">n</th></tr></thead>
<tbody>${metrics.map(
    (
      metric,
    ) => html`<tr><th scope="row">${metric.title}</th><td class="n">${sideAmount(metric.base, metric.unit)}</td><td class="n">${sideAmount(metric.head, metric.unit)}</td><td class="n">${changeText(metric)}</td><td>${metric.base.n}+${metric.head.n}</td></tr>
`,
  )}</tbody></table></section>`;
}
