/** Each violation with the lines that prove it, numbered so that a reply can cite it. */
import { plural } from '../../../base/text.ts';
import type { FindingReport, Report, VerdictReport } from '../../report.ts';
import { ruleLabels, ruleName, withVerdict, worstFirst } from './labels.ts';
import { clean, paragraphs, rawLine, wrap } from './layout.ts';
import { ALL_IN_JSON, LIMITS, type Page } from './page.ts';

const INDENT = ' '.repeat(6);

export function violationsSection(report: Report, page: Page): readonly string[] {
  const violated = worstFirst(withVerdict(report, 'violated'));
  if (violated.length === 0) return [];
  const blocks = violated.slice(0, LIMITS.violations).map((verdict, at) => violationLines(verdict, at + 1, page));
  const omitted = omittedLines(report, violated.slice(LIMITS.violations));
  return [page.heading('Violations'), ...paragraphs([...blocks, omitted])];
}

function omittedLines(report: Report, omitted: readonly VerdictReport[]): readonly string[] {
  if (omitted.length === 0) return [];
  const rules = ruleLabels(omitted, report.migrations.length).join(', ');
  return wrap(`${plural(omitted.length, 'more violation')} omitted (${rules}); ${ALL_IN_JSON}`, '  ', '    ');
}

function violationLines(verdict: VerdictReport, number: number, page: Page): readonly string[] {
  const count = Math.max(verdict.findingCount, verdict.findings.length);
  const title = [
    `${ruleName(verdict.rule)}: ${verdict.severity} in migration ${verdict.migration}`,
    ...(count > 1 ? [`${count} findings`] : []),
  ];
  const shown = page.verbose ? verdict.findings : verdict.findings.slice(0, LIMITS.findings);
  return [
    ...wrap(title.join(', '), `  [${number}] `, INDENT).map(page.severity[verdict.severity]),
    ...(shown.length === 0 ? wrap(clean(verdict.reason), INDENT) : []),
    ...shown.flatMap((finding, at) => findingLines(finding, count > 1 ? at + 1 : undefined)),
    ...omittedFindings(count - shown.length, verdict.findings.length - shown.length),
  ];
}

function findingLines(finding: FindingReport, number: number | undefined): readonly string[] {
  const first = number === undefined ? INDENT : `${INDENT}${number}. `;
  const rest = ' '.repeat(first.length);
  const omitted = finding.evidence.length - LIMITS.evidence;
  return [
    ...wrap(clean(finding.message), first, rest),
    ...labelled('expected: ', finding.expected, rest),
    ...labelled('actual:   ', finding.actual, rest),
    ...finding.evidence.slice(0, LIMITS.evidence).map((line) => rawLine(line, rest)),
    ...(omitted > 0 ? [`${rest}${plural(omitted, 'more line')} of evidence omitted; ${ALL_IN_JSON}`] : []),
  ];
}

function labelled(label: string, text: string, indent: string): readonly string[] {
  return text === '' ? [] : wrap(clean(text), indent + label, indent + ' '.repeat(label.length));
}

/** `listed`: how many of the omitted ones --verbose would show. */
function omittedFindings(omitted: number, listed: number): readonly string[] {
  if (omitted <= 0) return [];
  const more = listed > 0 ? ` (--verbose lists ${listed === omitted ? 'all' : `${listed} of them`})` : '';
  return [`${INDENT}${plural(omitted, 'more finding')} omitted${more}`];
}
