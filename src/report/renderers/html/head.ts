/** The top of the page: the verdict, what weakens it, and where to go on. */
import { capital, plural } from '../../../base/text.ts';
import type { Report } from '../../report.ts';
import { holes, verdictSentences } from '../text/headline.ts';
import { judgedAs, withVerdict } from '../text/labels.ts';
import { ending } from '../text/layout.ts';
import { html, type Markup, type Piece } from './markup.ts';
import type { Sheet } from './sheet.ts';

/** Of the window: at most 70 characters. */
export function pageTitle({ report }: Sheet): string {
  const { violated, pass } = report.summary;
  const clean = pass > 0 ? 'no violation' : 'nothing decided';
  const verdict = violated > 0 ? plural(violated, 'violation') : clean;
  const name = report.inputs[0] === undefined ? '' : ` in ${ending(report.inputs[0].name, 40)}`;
  return `${verdict}${name}`;
}

export function pageHead({ report }: Sheet): Markup {
  const [verdict, ...rest] = verdictSentences(report);
  const weakened = holes(report.inputs);
  return html`<header>
<p class="kind">qtrace: the query protocol of QEMU live migration</p>
<h1 class="${tone(report)}">${capital(verdict)}</h1>
${rest.map((sentence) => html`<p>${capital(sentence)}</p>\n`)}${
  weakened === undefined ? undefined : html`<p class="note">${weakened}</p>\n`
}<p class="muted">${report.inputs
    .map(({ name }) => ending(name, 60))
    .slice(0, 4)
    .join(', ')}${report.inputs.length > 4 ? ` and ${report.inputs.length - 4} more` : ''}; ${judgedAs(report.qemu)}</p>
</header>
`;
}

function tone(report: Report): 'error' | 'warning' | 'info' | 'good' | 'plain' {
  if (report.summary.worst !== 'none') return report.summary.worst;
  // An undecided duty is never painted as good.
  return report.summary.undecidable === 0 && report.summary.pass > 0 ? 'good' : 'plain';
}

export function contents({ report }: Sheet): Markup {
  const violated = withVerdict(report, 'violated').length;
  const undecided = withVerdict(report, 'undecidable').length;
  const links: readonly (readonly [string, string] | undefined)[] = [
    ['verdicts', 'Verdicts'],
    violated > 0 ? ['findings', `Findings (${violated})`] : undefined,
    undecided > 0 ? ['undecided', `Not decided (${undecided})`] : undefined,
    report.migrations.length > 0 ? ['run', 'The run'] : undefined,
    ['inputs', 'Inputs'],
  ];
  const items = links.map((link): Piece => {
    return link === undefined ? undefined : html`<li><a href="#${link[0]}">${link[1]}</a></li>\n`;
  });
  return html`<nav aria-label="Contents">\n<ul>\n${items}</ul>\n</nav>\n`;
}
