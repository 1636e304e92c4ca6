import { capital } from '../../../base/text.ts';
import type { Report } from '../../report.ts';
import { judgedAs } from '../text/labels.ts';
import { exactNumber } from '../text/numbers.ts';
import type { Amount } from './amount.ts';
import { codeSpan, inline, table } from './text.ts';

export function inputs(report: Report, amount: Amount): readonly string[] {
  const shown = report.inputs.slice(0, Math.max(amount.rows, 3));
  const omitted = report.inputs.length - shown.length;
  const rows = shown.map(({ name, format, side, lines, events, bytes, digest }) => [
    codeSpan(name),
    inline(format, 60),
    side === 'unknown' ? 'not shown' : side,
    String(lines),
    String(events),
    exactNumber(bytes),
    `${digest.kind} ${codeSpan(digest.hex, 64)}`,
  ]);
  const titles = ['input', 'format', 'side', 'lines', 'events', 'bytes', 'digest'];
  const problems = shown.flatMap(({ name, problems: all }) =>
    all.slice(0, Math.max(amount.rows, 2)).map(({ code, count, firstLine, text, hint }) => {
      return `- ${codeSpan(name)}: ${codeSpan(code)}, ${count}, first at line ${firstLine}: ${inline(text)}; ${inline(hint)}`;
    }),
  );
  return [
    '### Inputs',
    ...(rows.length > 0 ? [table(titles, [false, false, false, true, true, true, false], rows)] : []),
    ...(omitted > 0 ? [`${omitted} more omitted.`] : []),
    ...(problems.length > 0 ? [problems.join('\n')] : []),
    `${capital(inline(judgedAs(report.qemu)))}.`,
  ];
}
