/**
 * The verdict in one line, and under it what weakens it. It counts what the
 * verdicts say and nothing more: an undecided duty is neither kept nor broken.
 */
import { plural } from '../../../base/text.ts';
import type { InputReport, Report, Severity, VerdictReport } from '../../report.ts';
import { qemuName, ruleName, withVerdict, worstFirst } from './labels.ts';
import { clean, wrap } from './layout.ts';
import type { Page } from './page.ts';

const UNDER = ' '.repeat('qtrace: '.length);
const WEAK_INPUTS = 3;

export function headline(report: Report, page: Page): readonly string[] {
  const [verdict, ...rest] = verdictSentences(report);
  const painted = wrap(`qtrace: ${verdict}`, '', UNDER).map((line) => paint(line, report, page));
  const weakened = holes(report.inputs);
  return [...painted, ...[...rest, ...(weakened === undefined ? [] : [weakened])].flatMap((line) => wrap(line, UNDER))];
}

/** The verdict, and what is to be said beside it. */
export function verdictSentences(report: Report): readonly [string, ...string[]] {
  const violated = worstFirst(withVerdict(report, 'violated'));
  if (violated.length > 0) return [violatedLine(report, violated), ...othersLine(report)];
  if (report.migrations.length === 0 && report.verdicts.length === 0) return nothingFound(report.inputs);
  const where = `${plural(report.migrations.length, 'migration')} of ${qemuName(report.qemu)}`;
  const holding = withVerdict(report, 'pass').length;
  const undecided = withVerdict(report, 'undecidable').length;
  if (holding + undecided === 0) return [`nothing was judged in ${where}: no duty applies`];
  if (holding === 0) {
    return [`nothing could be decided in ${where}: ${plural(undecided, 'duty', 'duties')} undecided`];
  }
  return [`no violation found in ${where}; ${score(holding, undecided)}`];
}

function score(holding: number, undecided: number): string {
  if (undecided > 0) return `${holding} of ${holding + undecided} duties hold, ${undecided} could not be decided`;
  return holding === 1 ? 'the 1 duty holds' : `all ${holding} duties hold`;
}

function violatedLine(report: Report, violated: readonly VerdictReport[]): string {
  const total = report.migrations.length;
  const affected = new Set(violated.map((verdict) => verdict.migration)).size;
  const where = affected < total ? `${affected} of ${plural(total, 'migration')}` : plural(total, 'migration');
  const counts = `${plural(violated.length, 'violation')} (${severities(violated)})`;
  return `${counts} in ${where} of ${qemuName(report.qemu)}: ${ruleCounts(violated)}`;
}

function severities(violated: readonly VerdictReport[]): string {
  const [only, ...more] = violated;
  if (only !== undefined && more.length === 0) return only.severity;
  const words: readonly (readonly [Severity, string, string])[] = [
    ['error', 'error', 'errors'],
    ['warning', 'warning', 'warnings'],
    ['info', 'info', 'info'],
  ];
  return words
    .map(
      ([severity, one, many]) =>
        [violated.filter((verdict) => verdict.severity === severity).length, one, many] as const,
    )
    .filter(([count]) => count > 0)
    .map(([count, one, many]) => plural(count, one, many))
    .join(', ');
}

/** `final-missing (2), total-not-sum`: a rule violated in two migrations counts twice. */
function ruleCounts(violated: readonly VerdictReport[]): string {
  const counts = new Map<string, number>();
  for (const { rule } of violated) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [...counts].map(([rule, count]) => (count > 1 ? `${ruleName(rule)} (${count})` : ruleName(rule))).join(', ');
}

function othersLine(report: Report): readonly string[] {
  const holding = withVerdict(report, 'pass').length;
  const undecided = withVerdict(report, 'undecidable').length;
  const parts = [
    ...(holding > 0 ? [`${plural(holding, 'other duty', 'other duties')} ${holding === 1 ? 'holds' : 'hold'}`] : []),
    ...(undecided > 0 ? [`${undecided} could not be decided`] : []),
  ];
  return parts.length > 0 ? [parts.join(', ')] : [];
}

function nothingFound(inputs: readonly InputReport[]): readonly [string, string] {
  const verdict = `no migration found in ${plural(inputs.length, 'input')}; nothing was judged`;
  return [verdict, whatToGive(inputs)];
}

function whatToGive(inputs: readonly InputReport[]): string {
  if (inputs.length > 0 && inputs.every((input) => input.events === 0)) {
    return 'no trace event was recognised: give the log that QEMU wrote with -trace events=FILE -D LOG';
  }
  if (inputs.some((input) => input.side === 'destination')) {
    return "a destination's log shows no migration: give the log of the source, which makes the queries";
  }
  return 'trace the source from before the migration starts, with the events that `qtrace events` lists';
}

/** undefined where nothing is missing. */
export function holes(inputs: readonly InputReport[]): string | undefined {
  const weak = inputs.flatMap((input) => {
    const problems = input.problems.filter((problem) => problem.weakens);
    const counts = problems.map((problem) => `${problem.count} ${clean(problem.code, 40)}`).join(', ');
    return problems.length > 0 ? [`${clean(input.name, 120)} has holes (${counts})`] : [];
  });
  if (weak.length === 0) return undefined;
  const more = weak.length > WEAK_INPUTS ? ` and ${plural(weak.length - WEAK_INPUTS, 'more input')}` : '';
  const which = weak.slice(0, WEAK_INPUTS).join('; ') + more;
  return `${which}: verdicts that rest on what is missing there are withdrawn`;
}

function paint(line: string, report: Report, page: Page): string {
  const worst = worstFirst(withVerdict(report, 'violated'))[0];
  if (worst !== undefined) return page.severity[worst.severity](line);
  const allHold = withVerdict(report, 'undecidable').length === 0 && withVerdict(report, 'pass').length > 0;
  return allHold ? page.good(line) : page.heading(line);
}
