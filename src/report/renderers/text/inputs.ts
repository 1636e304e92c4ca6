/** The inputs and what is wrong with them: nothing is dropped silently. */
import { plural } from '../../../base/text.ts';
import type { InputReport, ProblemReport, Report } from '../../report.ts';
import { clean, wrap } from './layout.ts';
import { exactNumber } from './numbers.ts';
import { ALL_IN_JSON, LIMITS, type Page } from './page.ts';

const NAME_COLUMN = 24;

export function inputsSection(report: Report, page: Page): readonly string[] {
  if (report.inputs.length === 0) return [];
  const shown = report.inputs.slice(0, LIMITS.inputs);
  const names = shown.map((input) => clean(input.name, 200).length).filter((length) => length <= NAME_COLUMN);
  const width = Math.max(0, ...names);
  const omitted = report.inputs.length - shown.length;
  return [
    page.heading('Inputs'),
    ...shown.flatMap((input) => inputLines(input, width)),
    ...(omitted > 0 ? [`  ${plural(omitted, 'more input')} omitted; ${ALL_IN_JSON}`] : []),
    ...(report.samples === null ? [] : sampleLines(report.samples)),
  ];
}

function sampleLines({ name, lines, samples, notUnderstood }: NonNullable<Report['samples']>): readonly string[] {
  const shown = `${plural(samples, 'sample')} of dirty_bytes_total in ${plural(lines, 'line')}`;
  const junk = notUnderstood > 0 ? `; ${plural(notUnderstood, 'line')} no JSON` : '';
  return wrap(`${clean(name, 200)}  query-migrate, ${shown}${junk}`, '  ', '      ');
}

function inputLines(input: InputReport, nameWidth: number): readonly string[] {
  const facts = [
    clean(input.format, 60),
    input.side === 'unknown' ? 'side not shown' : input.side,
    plural(input.lines, 'line'),
    plural(input.events, 'event'),
    ...(input.messages > 0 ? [plural(input.messages, 'message')] : []),
    `${exactNumber(input.bytes)} bytes`,
    `${input.digest.kind} ${clean(input.digest.hex.slice(0, 12), 12)}`,
  ];
  const name = clean(input.name, 200);
  const lines =
    name.length <= nameWidth
      ? wrap(facts.join(', '), `  ${name.padEnd(nameWidth)}  `, '      ')
      : [...wrap(name, '  ', '      '), ...wrap(facts.join(', '), '      ')];
  return [...lines, ...problemLines(input.problems)];
}

function problemLines(problems: readonly ProblemReport[]): readonly string[] {
  const omitted = problems.length - LIMITS.problems;
  return [
    ...problems.slice(0, LIMITS.problems).flatMap((problem) => {
      const where = problem.count === 1 ? `at line ${problem.firstLine}` : `first at line ${problem.firstLine}`;
      const what = `${clean(problem.code, 40)}: ${problem.count}, ${where}: ${clean(problem.text)}`;
      return [...wrap(what, '    ! ', '      '), ...wrap(clean(problem.hint), '      ')];
    }),
    ...(omitted > 0
      ? [`    ${plural(omitted, 'more kind of problem', 'more kinds of problems')}; ${ALL_IN_JSON}`]
      : []),
  ];
}
