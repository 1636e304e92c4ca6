/** The inputs: what was read, by which digest it can be told again, and what is wrong with it. */
import { capital, plural } from '../../../base/text.ts';
import type { InputReport, ProblemReport, SamplesReport } from '../../report.ts';
import { judgedAs } from '../text/labels.ts';
import { exactNumber } from '../text/numbers.ts';
import { html, type Markup, type Piece } from './markup.ts';
import { code, omittedNote, type Sheet, section } from './sheet.ts';
import { dataTable } from './table.ts';

export function inputsSection(sheet: Sheet): Markup {
  const { report, room } = sheet;
  const shown = sheet.first(report.inputs, room.inputs, 'inputs');
  return section(
    'inputs',
    'Inputs',
    shown.length === 0 ? undefined : inputTable(shown, report.inputs.length - shown.length),
    shown.map((input) => problems(input, sheet)),
    report.samples === null ? undefined : sampleLine(report.samples),
    html`<p>${capital(judgedAs(report.qemu))}; qtrace ${report.qtrace.slice(0, 40)}, rule set ${code(report.ruleset.slice(0, 16))}.</p>\n`,
  );
}

function inputTable(inputs: readonly InputReport[], omitted: number): Markup {
  return dataTable({
    caption: 'What was read',
    columns: [
      { title: 'input' },
      { title: 'format' },
      { title: 'side' },
      { title: 'lines', numeric: true },
      { title: 'events', numeric: true },
      { title: 'messages', numeric: true },
      { title: 'bytes', numeric: true },
      { title: 'digest' },
    ],
    rows: inputs.map(({ name, format, side, lines, events, messages, bytes, digest }) => [
      code(name),
      format.slice(0, 60),
      side === 'unknown' ? 'not shown' : side,
      lines,
      events,
      messages,
      exactNumber(bytes),
      html`${digest.kind} <code class="digest">${digest.hex.slice(0, 200)}</code>`,
    ]),
    omitted,
  });
}

function problems(input: InputReport, sheet: Sheet): Piece {
  if (input.problems.length === 0) return undefined;
  const shown = sheet.first(input.problems, sheet.room.problems, 'kinds of problems');
  return html`<h3>Problems of ${code(input.name)}</h3>
<ul>
${shown.map((problem) => problemItem(problem, sheet))}</ul>
${omittedNote(input.problems.length - shown.length, 'more kind of problem', 'more kinds of problems')}`;
}

function problemItem(problem: ProblemReport, sheet: Sheet): Markup {
  const where =
    problem.count === 1 ? `at line ${problem.firstLine}` : `${problem.count} times, first at line ${problem.firstLine}`;
  const weakens = problem.weakens ? ' Verdicts that rest on what is missing there are withdrawn.' : '';
  return html`<li>${code(problem.code, 60)}, ${where}: ${sheet.prose(problem.text)}. ${capital(problem.hint.slice(0, 300))}.${weakens}</li>\n`;
}

function sampleLine({ name, lines, samples, notUnderstood }: SamplesReport): Markup {
  const junk = notUnderstood > 0 ? `; ${plural(notUnderstood, 'line')} no JSON` : '';
  return html`<p>${code(name)}: query-migrate, ${plural(samples, 'sample')} of dirty_bytes_total in ${plural(lines, 'line')}${junk}.</p>\n`;
}
