import { capital, plural } from '../../../base/text.ts';
import type { Report, VerdictReport } from '../../report.ts';
import { withVerdict } from '../text/labels.ts';
import { groupByRemedy, remedyText } from '../text/undecided.ts';
import type { Amount } from './amount.ts';
import { codeSpan, folded, inline } from './text.ts';

const MAX_NAMED = 200;

export function undecided(report: Report, amount: Amount): readonly string[] {
  const all = withVerdict(report, 'undecidable');
  if (all.length === 0) return [];
  let left = Math.max(amount.rows, 10);
  const blocks = groupByRemedy(all).flatMap((group) => {
    const shown = group.verdicts.slice(0, left);
    left -= shown.length;
    const remedy = remedyText(group);
    if (shown.length === 0) return [];
    return [items(shown, report, amount), ...(remedy === undefined ? [] : [remedied(remedy)])];
  });
  const omitted = all.length - Math.max(amount.rows, 10);
  return [
    `### Not decided (${all.length})`,
    ...blocks,
    ...(omitted > 0 ? [`${omitted} more omitted; the text report lists them.`] : []),
  ];
}

/** What stands between backquotes is a command. */
function remedied(text: string): string {
  const parts = capital(text).split('`');
  return `${parts.map((part, at) => (at % 2 === 1 ? codeSpan(part) : inline(part))).join('')}.`;
}

function items(verdicts: readonly VerdictReport[], report: Report, amount: Amount): string {
  const lines = verdicts.map(({ rule, migration, reason }) => {
    const where = report.migrations.length > 1 ? ` (migration ${migration})` : '';
    return `- ${codeSpan(rule)}${where}: ${inline(reason, amount.prose)}`;
  });
  return lines.join('\n');
}

export function settled(report: Report, amount: Amount): readonly string[] {
  const parts: readonly (readonly [VerdictReport['verdict'], string, string])[] = [
    ['pass', 'duty holds', 'duties hold'],
    ['not-applicable', 'duty does not apply', 'duties do not apply'],
  ];
  return parts.flatMap(([verdict, one, many]) => {
    const all = withVerdict(report, verdict);
    if (all.length === 0) return [];
    const names = [...new Set(all.map(({ rule }) => rule))].slice(0, MAX_NAMED).map((rule) => codeSpan(rule));
    const blocks = amount.settled && all.length <= MAX_NAMED ? [items(all, report, amount)] : [names.join(', ')];
    return [folded(plural(all.length, one, many), blocks)];
  });
}
