/**
 * The review as one page that needs nothing else: the remarks, the diff with
 * remarks and comments under their lines, and, where traces are given, what
 * they show, up to the whole report of the run.
 */
import { plural } from '../../base/text.ts';
import { document } from '../../report/renderers/html/document.ts';
import { findingsSection } from '../../report/renderers/html/findings.ts';
import { inputsSection } from '../../report/renderers/html/inputs.ts';
import { html, type Markup, type Piece } from '../../report/renderers/html/markup.ts';
import { REPORT_STYLES } from '../../report/renderers/html/report-styles.ts';
import { FULL_ROOM } from '../../report/renderers/html/room.ts';
import { runSection } from '../../report/renderers/html/run.ts';
import { Sheet, section, shortened, tag } from '../../report/renderers/html/sheet.ts';
import { undecidedSection } from '../../report/renderers/html/undecided.ts';
import { verdictsSection } from '../../report/renderers/html/verdicts.ts';
import { type Beside, NOTHING_BESIDE } from '../../report/renderers/renderer.ts';
import type { ReviewReport } from '../report.ts';
import { diffSection } from './html/diff.ts';
import { remarkId } from './html/remark-id.ts';
import { DIFF_STYLES } from './html/styles.ts';
import { tracesSection } from './html/traces.ts';
import type { ReviewRenderer } from './renderer.ts';

const PROSE = 1000;
/** More than a person reads; the others are counted. */
const MOST_REMARKS = 300;
const MOST_PATCHES = 100;

export const htmlRenderer: ReviewRenderer = {
  id: 'html',
  render: (report, _, beside = NOTHING_BESIDE) =>
    document({
      title: titleOf(report),
      body: html`${head(report)}${remarkList(report)}${effects(report)}${tracesSection(report)}${diffSection(report, report.remarks.slice(0, MOST_REMARKS))}${wholeReport(report, beside)}`,
      footer: html`<p>qtrace ${report.qtrace.slice(0, 40)}, schema ${report.schema}</p>`,
      css: `${REPORT_STYLES}\n${DIFF_STYLES}`,
      meta: { 'qtrace-schema': report.schema },
    }),
};

function titleOf({ remarks, patches }: ReviewReport): string {
  return `${plural(remarks.length, 'remark')} on ${(patches[0]?.subject ?? 'a patch').slice(0, 45)}`;
}

function head(report: ReviewReport): Markup {
  const { patches, remarks } = report;
  const errors = remarks.filter(({ severity }) => severity === 'error').length;
  const tone = errors > 0 ? 'error' : remarks.some(({ severity }) => severity === 'warning') ? 'warning' : 'plain';
  return html`<header>
<p class="kind">qtrace: what a patch does to the query protocol of QEMU live migration</p>
<h1 class="${tone}">${remarks.length === 0 ? 'No remark' : plural(remarks.length, 'remark')}${errors > 0 ? `, ${plural(errors, 'error')}` : ''}</h1>
${patches.slice(0, MOST_PATCHES).map(({ subject, from }) => html`<p>${shortened(subject ?? 'Patch without a subject', 200)}${from === null ? '' : html` <span class="muted">${shortened(from, 120)}</span>`}</p>\n`)}</header>
`;
}

function remarkList({ remarks }: ReviewReport): Piece {
  if (remarks.length === 0) return undefined;
  return section(
    'remarks',
    'Remarks',
    html`<ul class="remarks">\n${remarks
      .slice(0, MOST_REMARKS)
      .map(
        ({ severity, rule, path, line, message }, at) =>
          html`<li>${tag(severity, severity)} <a href="#${remarkId(at)}"><code>${shortened(path, 120)}:${line}</code></a> ${shortened(rule, 60)}: ${shortened(message, PROSE)}</li>\n`,
      )}</ul>\n${remarks.length > MOST_REMARKS ? html`<p>${plural(remarks.length - MOST_REMARKS, 'remark')} more; --format json has them all.</p>\n` : undefined}`,
  );
}

function effects({ effects: all, patches }: ReviewReport): Piece {
  if (all.length === 0) return undefined;
  const item = ({ patch, path, line, text }: (typeof all)[number]): Markup =>
    html`<li><code>${patches.length > 1 ? `${patches[patch]?.number ?? patch + 1}: ` : ''}${shortened(path, 120)}:${line}</code> ${shortened(text, PROSE)}</li>\n`;
  return section('effects', 'What it does to the protocol', html`<ul>\n${all.slice(0, 200).map(item)}</ul>\n`);
}

function wholeReport({ traces }: ReviewReport, beside: Beside): Piece {
  if (traces.head === null) return undefined;
  const sheet = new Sheet(traces.head, beside, FULL_ROOM);
  return [
    verdictsSection(sheet),
    findingsSection(sheet),
    undecidedSection(sheet),
    runSection(sheet),
    inputsSection(sheet),
  ];
}
