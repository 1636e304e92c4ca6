/** Every duty on a line: the broken ones first, what holds and what does not apply folded away. */
import { plural } from '../../../base/text.ts';
import type { VerdictReport } from '../../report.ts';
import { ruleLabels, ruleName, withVerdict, worstFirst } from '../text/labels.ts';
import { html, type Markup, type Piece } from './markup.ts';
import { code, ofMigration, omittedNote, placeOf, type Sheet, section, tag, verdictId } from './sheet.ts';

export function verdictsSection(sheet: Sheet): Markup {
  const violated = worstFirst(withVerdict(sheet.report, 'violated'));
  const shown = violated.slice(0, sheet.room.violations);
  const undecided = withVerdict(sheet.report, 'undecidable');
  const holding = withVerdict(sheet.report, 'pass');
  const idle = withVerdict(sheet.report, 'not-applicable');
  return section(
    'verdicts',
    'Verdicts',
    countsLine(sheet),
    shown.length > 0 || undecided.length > 0
      ? html`<ul class="verdicts">\n${shown.map((verdict) => violatedItem(verdict, sheet))}${undecidedItem(undecided, sheet)}</ul>\n`
      : undefined,
    omittedNote(violated.length - shown.length, 'more violated duty', 'more violated duties'),
    settled(plural(holding.length, 'duty holds', 'duties hold'), holding, sheet),
    settled(plural(idle.length, 'duty does not apply', 'duties do not apply'), idle, sheet),
  );
}

function countsLine({ report: { summary } }: Sheet): Markup {
  const counts: readonly (readonly [number, string])[] = [
    [summary.violated, 'violated'],
    [summary.undecidable, 'not decided'],
    [summary.pass, summary.pass === 1 ? 'holds' : 'hold'],
    [summary.notApplicable, summary.notApplicable === 1 ? 'does not apply' : 'do not apply'],
  ];
  return html`<p class="counts">${counts.map(([count, word]) => html`<span><b>${count}</b> ${word}</span> `)}</p>\n`;
}

function violatedItem(verdict: VerdictReport, sheet: Sheet): Markup {
  const where = ofMigration(verdict, sheet);
  const place = verdict.findings[0]?.evidence[0];
  return html`<li>${tag(verdict.severity, verdict.severity)} <a href="#${verdictId(verdict)}">${ruleName(verdict.rule)}</a>${
    where === '' ? '' : `, ${where}`
  }: ${sheet.prose(verdict.findings[0]?.message ?? verdict.reason)}${
    place === undefined ? undefined : html` (${placeOf(place)})`
  }${verdict.findingCount > 1 ? `; ${verdict.findingCount} findings` : ''}</li>\n`;
}

function undecidedItem(undecided: readonly VerdictReport[], { report }: Sheet): Piece {
  if (undecided.length === 0) return undefined;
  const labels = ruleLabels(undecided, report.migrations.length);
  return html`<li>${tag('plain', 'not decided')} ${labels.map((label, at) => [at === 0 ? '' : ', ', label])}: <a href="#undecided">what would decide ${
    undecided.length === 1 ? 'it' : 'them'
  }</a></li>\n`;
}

function settled(title: string, verdicts: readonly VerdictReport[], sheet: Sheet): Piece {
  if (verdicts.length === 0) return undefined;
  const shown = verdicts.slice(0, sheet.room.settled);
  sheet.leaveOut(verdicts.length - shown.length, 'reasons of duties that hold or do not apply');
  const names = ruleLabels(verdicts.slice(shown.length), sheet.report.migrations.length).join(', ');
  const items = shown.map((verdict) => {
    const where = ofMigration(verdict, sheet);
    return html`<li>${code(verdict.rule)}${where === '' ? '' : ` (${where})`}: ${sheet.prose(verdict.reason)}</li>\n`;
  });
  return html`<details>
<summary>${title}</summary>
${items.length > 0 ? html`<ul>\n${items}</ul>\n` : undefined}${names === '' ? undefined : html`<p>${names}</p>\n`}</details>
`;
}
