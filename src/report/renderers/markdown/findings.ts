import { plural } from '../../../base/text.ts';
import type { FindingReport, Report, VerdictReport } from '../../report.ts';
import type { RuleText } from '../../rule-texts.ts';
import { withVerdict, worstFirst } from '../text/labels.ts';
import type { Amount } from './amount.ts';
import { codeSpan, fenced, inline } from './text.ts';

export function findings(report: Report, rules: ReadonlyMap<string, RuleText>, amount: Amount): readonly string[] {
  const violated = worstFirst(withVerdict(report, 'violated'));
  const omitted = violated.length - amount.violations;
  return [
    ...violated
      .slice(0, amount.violations)
      .flatMap((verdict) => violation(verdict, rules.get(verdict.rule), report.migrations.length, amount)),
    ...(omitted > 0
      ? [`${plural(omitted, 'more violated duty', 'more violated duties')} omitted; the text report lists all.`]
      : []),
  ];
}

function violation(
  verdict: VerdictReport,
  rule: RuleText | undefined,
  migrations: number,
  amount: Amount,
): readonly string[] {
  const where = migrations > 1 ? ` in migration ${verdict.migration}` : '';
  const count = Math.max(verdict.findingCount, verdict.findings.length);
  const shown = verdict.findings.slice(0, amount.findings);
  const omitted = count - shown.length;
  return [
    `### ${codeSpan(verdict.rule)} (${verdict.severity}${where})`,
    ...(rule === undefined ? [] : [`**The protocol demands:** ${inline(rule.demands)}`]),
    ...(shown.length === 0 ? [inline(verdict.reason, amount.prose)] : []),
    ...shown.flatMap((finding, at) => one(finding, count > 1 ? `${at + 1}. ` : '', amount)),
    ...(omitted > 0 ? [`${plural(omitted, 'more finding')} omitted.`] : []),
    ...(rule === undefined ? [] : [background(rule)]),
  ];
}

function one(
  { message, expected, actual, evidence }: FindingReport,
  number: string,
  amount: Amount,
): readonly string[] {
  const shown = evidence.slice(0, amount.evidence);
  const omitted = evidence.length - shown.length;
  const facts = [
    ...(expected === '' ? [] : [`- expected: ${inline(expected, amount.prose)}`]),
    ...(actual === '' ? [] : [`- what happened: ${inline(actual, amount.prose)}`]),
  ];
  return [
    `**${number}${inline(message, amount.prose)}**`,
    ...(facts.length > 0 ? [facts.join('\n')] : []),
    ...(shown.length > 0
      ? [
          fenced(
            shown.map(({ file, line, text }) => ({ label: `${file}:${line}`, text })),
            amount.raw,
          ),
        ]
      : []),
    ...(omitted > 0 ? [`${plural(omitted, 'more line')} of evidence omitted.`] : []),
  ];
}

function background({ why, qemu }: RuleText): string {
  return `**Why it matters to the guest:** ${inline(why)} In QEMU: ${codeSpan(qemu.function)} (${inline(qemu.versions)}).`;
}
