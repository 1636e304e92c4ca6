/** What the traces say of the patch: at a remark, and as a list of all that was found. */
import { html, type Markup, type Piece } from '../../../report/renderers/html/markup.ts';
import { section, shortened, tag } from '../../../report/renderers/html/sheet.ts';
import type { PlacedFinding, ReviewReport, TraceFinding } from '../../report.ts';
import { nearText } from '../text/remarks.ts';
import { remarkId } from './remark-id.ts';

const PROSE = 1000;
const RAW = 2000;
const SAYS: Readonly<Record<TraceFinding['says'], string>> = {
  confirms: 'The trace confirms it',
  refutes: 'The trace does not bear it out',
  undecided: 'The trace does not decide it',
};

export function traceWords({ says, rule, migration, text, evidence, enable }: TraceFinding): Markup {
  const wanted = enable.length > 0 ? `; enable ${enable.slice(0, 6).join(', ')}` : '';
  return html`<p>${SAYS[says]} (<code>${shortened(rule, 60)}</code>, migration ${migration}): ${shortened(text, PROSE)}${wanted}</p>\n${rawList(evidence)}`;
}

function rawList(evidence: TraceFinding['evidence']): Piece {
  if (evidence.length === 0) return undefined;
  const item = ({ file, line, text }: (typeof evidence)[number]): Markup =>
    html`<li>${shortened(file, 120)}:${line}: ${shortened(text, RAW)}</li>\n`;
  return html`<ol class="raw">\n${evidence.map(item)}</ol>\n`;
}

export function tracesSection({ findings, traces }: ReviewReport): Piece {
  if (traces.head === null) return undefined;
  const changes = traces.diff?.changes ?? [];
  return section(
    'traces',
    'What the traces show',
    findings.length === 0
      ? html`<p>No violation.</p>\n`
      : html`<ul class="remarks">\n${findings.map(findingItem)}</ul>\n`,
    changes.length === 0
      ? undefined
      : html`<h3>Against the run without the patch</h3>\n<ul>\n${changes.slice(0, 100).map(({ text }) => html`<li>${shortened(text, PROSE)}</li>\n`)}</ul>\n`,
  );
}

function findingItem(finding: PlacedFinding): Markup {
  const { rule, severity, migration, message, evidence, change, remark } = finding;
  const near = shortened(nearText(finding), 300);
  return html`<li>${tag(severity, severity)} <b>${shortened(rule, 60)}</b> in migration ${migration}${change === null ? '' : `, ${change}`}: ${shortened(message, PROSE)}
<p>${remark === null ? near : html`<a href="#${remarkId(remark)}">${near}</a>`}</p>
${remark === null ? rawList(evidence) : undefined}</li>
`;
}
