/** Rules: newly violated in full, the others in a line or two. */
import { plural } from '../../../base/text.ts';
import { paragraphs, rawLine, separated, wrap } from '../../../report/renderers/text/layout.ts';
import type { Page } from '../../../report/renderers/text/page.ts';
import type { FindingReport } from '../../../report/report.ts';
import type { Diff, RuleChange, RuleDiff } from '../../diff.ts';
import { placeText, verdictText } from '../words/summary.ts';
import { plain } from './plain.ts';

const INDENT = '      ';
const MAX_FULL = 12;
const MAX_LINES = 12;
const MAX_EVIDENCE = 6;

export function rulesSection(diff: Diff, page: Page): readonly string[] {
  const having = (change: RuleChange): readonly RuleDiff[] => diff.rules.filter((rule) => rule.change === change);
  const newly = having('newly-violated');
  return [
    page.heading('Rules'),
    ...paragraphs([
      newly.slice(0, MAX_FULL).flatMap((rule) => violatedLines(rule, 'newly violated', diff, page)),
      omitted(newly.length - MAX_FULL),
      having('fixed')
        .slice(0, MAX_FULL)
        .flatMap((rule) => briefLines(rule, 'fixed', rule.findings[0]?.message ?? '')),
      having('still-violated')
        .slice(0, MAX_FULL)
        .flatMap((rule) => briefLines(rule, 'still violated', rule.findings[0]?.message ?? '')),
      byReason(having('newly-undecidable'), 'newly undecidable', page.verbose),
      byReason(having('newly-decidable'), 'newly decidable', page.verbose),
      unchangedLines(having('unchanged')),
    ]),
  ];
}

function omitted(count: number): readonly string[] {
  return count > 0 ? [`  ${plural(count, 'more rule')} newly violated; --format json lists all`] : [];
}

function titleOf(rule: RuleDiff, words: string, pairs: number): string {
  const where = pairs > 1 ? `, pair ${rule.pair}` : '';
  return `${words}: ${plain(rule.rule, 60)} (${rule.severity}${where}); base: ${verdictText(rule, 'base')}, head: ${verdictText(rule, 'head')}`;
}

function violatedLines(rule: RuleDiff, words: string, diff: Diff, page: Page): readonly string[] {
  const where = placeText(rule, diff);
  const [finding] = rule.findings;
  return [
    ...wrap(titleOf(rule, words, diff.pairs.length), '  ', INDENT).map(page.severity[rule.severity]),
    ...(where === '' ? [] : wrap(plain(where), INDENT)),
    ...(finding === undefined ? wrap(plain(rule.headReason), INDENT) : findingLines(finding)),
  ];
}

function findingLines({ message, expected, actual, evidence }: FindingReport): readonly string[] {
  const more = evidence.length - MAX_EVIDENCE;
  return [
    ...wrap(plain(message), INDENT),
    ...(expected === '' ? [] : wrap(plain(expected), `${INDENT}expected: `, `${INDENT}          `)),
    ...(actual === '' ? [] : wrap(plain(actual), `${INDENT}actual:   `, `${INDENT}          `)),
    ...evidence.slice(0, MAX_EVIDENCE).map((line) => rawLine(line, INDENT)),
    ...(more > 0 ? [`${INDENT}${plural(more, 'more line')}`] : []),
  ];
}

function briefLines(rule: RuleDiff, words: string, message: string): readonly string[] {
  const title = titleOf(rule, words, 1);
  return [...wrap(title, '  ', INDENT), ...(message === '' ? [] : wrap(plain(message), INDENT))];
}

/** Rules that share a cause are told together: one missing event leaves many undecided. */
function byReason(rules: readonly RuleDiff[], words: string, verbose: boolean): readonly string[] {
  const reasonOf = (rule: RuleDiff): string => (words === 'newly undecidable' ? rule.headReason : rule.baseReason);
  const groups = new Map<string, RuleDiff[]>();
  for (const rule of rules) {
    const cause = verbose ? reasonOf(rule) : causeOf(reasonOf(rule));
    groups.set(cause, [...(groups.get(cause) ?? []), rule]);
  }
  const limit = verbose ? groups.size : MAX_LINES;
  const lines = [...groups].slice(0, limit).flatMap(([cause, some]) => {
    const [first] = some;
    const reason = some.length === 1 && first !== undefined ? reasonOf(first) : cause;
    const why = words === 'newly undecidable' ? reason : `in base: ${reason}`;
    return [...wrap(`${words}${namesWithBase(some)}`, '  ', INDENT), ...wrap(plain(why, 300), INDENT)];
  });
  return groups.size > limit ? [...lines, `  ${groups.size - limit} more reasons; --verbose lists them`] : lines;
}

/**
 * Of `nothing shows who held the BQL at 3 of 3 queries: no mutex event shows it` what stands behind the colon, of
 * `the log has a hole here; what it shows is: ...` what stands before it.
 */
function causeOf(reason: string): string {
  const [hole, rest] = reason.split('; what it shows is: ');
  if (hole !== undefined && rest !== undefined) return hole;
  return /^[^:]+: ([^:]+)$/.exec(reason)?.[1] ?? reason;
}

/** Rules with their verdict in base, once where it is one. */
function namesWithBase(rules: readonly RuleDiff[]): string {
  const [verdict, ...others] = new Set(rules.map((rule) => `base: ${verdictText(rule, 'base')}`));
  const names = rules.map((rule) => plain(rule.rule, 60));
  if (rules.length > 1 && others.length === 0) return ` (${verdict}): ${separated(names, ',').join(' ')}`;
  const each = rules.map((rule, at) => `${names[at]} (base: ${verdictText(rule, 'base')})`);
  return `: ${separated(each, ',').join(' ')}`;
}

function unchangedLines(rules: readonly RuleDiff[]): readonly string[] {
  const count = (base: string, head: string): number =>
    rules.filter((rule) => rule.base === base && rule.head === head).length;
  const parts = [
    [count('pass', 'pass'), 'hold in both'],
    [count('undecidable', 'undecidable'), 'undecided in both'],
    [count('not-applicable', 'not-applicable'), 'apply to neither'],
  ] as const;
  const alike = parts.filter(([number]) => number > 0).map(([number, words]) => `${number} ${words}`);
  const apart = rules.filter(({ base, head }) => base !== head);
  const groups = new Map<string, string[]>();
  for (const rule of apart) {
    const key = `base: ${rule.base ?? 'not judged'}, head: ${rule.head ?? 'not judged'}`;
    groups.set(key, [...(groups.get(key) ?? []), plain(rule.rule, 60)]);
  }
  return [
    ...(alike.length > 0 ? wrap(`unchanged: ${alike.join(', ')}`, '  ', INDENT) : []),
    ...[...groups].flatMap(([key, names]) => wrap(`${key}: ${names.join(', ')}`, '  ', INDENT)),
  ];
}
