/** Each violated duty: what the protocol demands, what happened, the proof in its place, and why it matters. */
import { capital, plural } from '../../../base/text.ts';
import type { FindingReport, Report, VerdictReport } from '../../report.ts';
import type { RuleText } from '../../rule-texts.ts';
import { ruleName, withVerdict, worstFirst } from '../text/labels.ts';
import { html, type Markup, type Piece } from './markup.ts';
import { proofLines } from './raw-lines.ts';
import type { Room } from './room.ts';
import { code, ofMigration, omittedNote, type Sheet, section, tag, verdictId } from './sheet.ts';

export function findingsSection(sheet: Sheet): Piece {
  const violated = worstFirst(withVerdict(sheet.report, 'violated'));
  if (violated.length === 0) return undefined;
  const shown = sheet.first(violated, sheet.room.violations, 'violated duties');
  return section(
    'findings',
    'Findings',
    shown.map((verdict) => article(verdict, sheet)),
    omittedNote(violated.length - shown.length, 'more violated duty', 'more violated duties'),
  );
}

/** Characters of raw lines that the findings show. */
export function proofSize(report: Report, room: Room): number {
  let size = 0;
  for (const verdict of worstFirst(withVerdict(report, 'violated')).slice(0, room.violations)) {
    for (const { evidence } of verdict.findings.slice(0, room.findings)) {
      for (const { text } of evidence.slice(0, room.evidence)) size += Math.min(text.length, room.raw);
    }
  }
  return size;
}

function article(verdict: VerdictReport, sheet: Sheet): Markup {
  const id = verdictId(verdict);
  const rule = sheet.beside.rules.get(verdict.rule);
  const where = ofMigration(verdict, sheet);
  const count = Math.max(verdict.findingCount, verdict.findings.length);
  const shown = verdict.findings.slice(0, sheet.room.findings);
  sheet.leaveOut(count - shown.length, 'findings');
  return html`<article id="${id}" class="finding ${verdict.severity}" aria-labelledby="${id}-title">
<h3 id="${id}-title"><a href="#${id}">${ruleName(verdict.rule)}</a> ${tag(verdict.severity, verdict.severity)}${
    where === '' ? undefined : html` <span class="muted">${where}</span>`
  }</h3>
${rule === undefined ? undefined : html`<dl>\n${term('The protocol demands', rule.demands)}</dl>\n`}${
  shown.length === 0 ? html`<p>${sheet.prose(verdict.reason)}</p>\n` : undefined
}${shown.map((finding, at) => findingPart(finding, at, count, id, sheet))}${omittedNote(
  count - shown.length,
  'more finding',
)}${rule === undefined ? undefined : background(rule, sheet)}</article>
`;
}

function findingPart(finding: FindingReport, at: number, count: number, id: string, sheet: Sheet): Markup {
  const own = at === 0 ? undefined : html` id="${id}-${at + 1}"`;
  const number = count > 1 ? html`<h4>Finding ${at + 1} of ${count}</h4>\n` : undefined;
  return html`<div class="case"${own}>
${number}<p class="what">${sheet.prose(capital(finding.message))}</p>
<dl>
${finding.expected === '' ? undefined : term('Expected', sheet.prose(finding.expected))}${
  finding.actual === '' ? undefined : term('What happened', sheet.prose(finding.actual))
}</dl>
${proofLines(finding.evidence, sheet)}</div>
`;
}

function background(rule: RuleText, { room }: Sheet): Markup {
  const bugs = (rule.bugs ?? [])
    .slice(0, room.bugs)
    .map(({ commit, what }) => html`<dd>${code(commit)} ${what}</dd>\n`);
  return html`<dl>
${term('Why it matters to the guest', rule.why)}${term('In QEMU', html`${code(rule.qemu.function)} (${rule.qemu.versions})`)}${
  bugs.length > 0
    ? html`<dt>${plural(bugs.length, 'past bug')} of this kind, by the commit that mended it</dt>\n${bugs}`
    : undefined
}</dl>
`;
}

function term(title: string, text: Piece): Markup {
  return html`<dt>${title}</dt>\n<dd>${text}</dd>\n`;
}
