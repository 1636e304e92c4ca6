/** The remarks, each under its line, and what a trace says of it. */
import { plural } from '../../../base/text.ts';
import { clean, rawLine, wrap } from '../../../report/renderers/text/layout.ts';
import type { EffectReport, PlacedFinding, RemarkReport, ReviewReport, TraceFinding } from '../../report.ts';

const MOST_EFFECTS = 60;
const MOST_CHANGES = 12;

export function remarkSections(report: ReviewReport): readonly (readonly string[])[] {
  const { remarks } = report;
  const shown = new Set<string>();
  if (remarks.length === 0) return [['Remarks: none']];
  const blocks = remarks.map((remark, at) => remarkLines(remark, report, remarks[at - 1], shown));
  return [['Remarks'], ...blocks].reduce<readonly (readonly string[])[]>(joinPlaces, []);
}

/** What stands under the same line stands in the same block. */
function joinPlaces(blocks: readonly (readonly string[])[], block: readonly string[]): readonly (readonly string[])[] {
  const last = blocks.at(-1);
  const joins = last !== undefined && block[0]?.startsWith('    ') === true;
  return joins ? [...blocks.slice(0, -1), [...last, ...block]] : [...blocks, block];
}

function remarkLines(
  remark: RemarkReport,
  report: ReviewReport,
  above: RemarkReport | undefined,
  shown: Set<string>,
): readonly string[] {
  const { rule, severity, confidence, message, reason, traceFindings } = remark;
  const place = above !== undefined && isSamePlace(above, remark) ? [] : placeLines(remark, report);
  return [
    ...place,
    ...wrap(`${severity}: ${rule} (${confidence})`, '    '),
    ...wrap(clean(message), '      '),
    ...wrap(`because: ${clean(reason)}`, '      ', '        '),
    ...traceFindings.flatMap((one) => traceLines(one, shown)),
  ];
}

const isSamePlace = (a: RemarkReport, b: RemarkReport): boolean =>
  a.patch === b.patch && a.path === b.path && a.hunk === b.hunk && a.hunkLine === b.hunkLine;

function placeLines({ patch, path, line, hunk, hunkLine }: RemarkReport, report: ReviewReport): readonly string[] {
  const one = report.patches[patch];
  const which = report.patches.length > 1 ? `patch ${one?.number ?? patch + 1}, ` : '';
  const above = one?.files.find((file) => file.path === path)?.hunks[hunk]?.lines[hunkLine];
  const mark = above === undefined ? '' : { context: ' ', added: '+', deleted: '-' }[above.kind];
  return [
    `  ${which}${clean(path, 120)}:${line}`,
    ...(above === undefined ? [] : [`  > ${mark}${clean(above.text.replaceAll('\t', '        '), 200)}`]),
  ];
}

const SAYS: Readonly<Record<TraceFinding['says'], string>> = {
  confirms: 'the trace confirms it',
  refutes: 'the trace does not bear it out',
  undecided: 'the trace does not decide it',
};

/** Its lines are shown once. */
function traceLines(
  { says, rule, migration, text, evidence, enable }: TraceFinding,
  shown: Set<string>,
): readonly string[] {
  const key = `${says} ${rule} ${migration}`;
  if (shown.has(key)) return wrap(`${SAYS[says]}: ${rule}, migration ${migration}, as above`, '      ', '        ');
  shown.add(key);
  const wanted = enable.length > 0 ? `; enable ${enable.slice(0, 4).join(', ')}` : '';
  return [
    ...wrap(`${SAYS[says]}: ${rule}, migration ${migration}: ${clean(text)}${wanted}`, '      ', '        '),
    ...evidence.map((line) => rawLine(line, '        ')),
  ];
}

/** What is not under a remark already; nothing is hidden. */
export function findingSection({ findings, traces }: ReviewReport): readonly string[] {
  if (traces.head === null) return [];
  const found = findings.length === 0 ? ['  no violation'] : findings.flatMap(findingLines);
  const changes = traces.diff?.changes ?? [];
  const shown = changes.slice(0, MOST_CHANGES).flatMap(({ text }) => wrap(clean(text), '  - ', '    '));
  const more = changes.length - MOST_CHANGES;
  return [
    'The trace',
    ...found,
    ...(shown.length > 0 ? ['Against the run without the patch', ...shown] : []),
    ...(more > 0 ? [`  - ${plural(more, 'more change')}; --format json lists all`] : []),
  ];
}

function findingLines(finding: PlacedFinding): readonly string[] {
  const { rule, severity, migration, message, evidence, change, remark } = finding;
  const known = change === null ? '' : `, ${change}`;
  return [
    ...wrap(`${severity}: ${rule} in migration ${migration}${known}: ${clean(message)}`, '  ', '    '),
    ...wrap(nearText(finding), '    '),
    ...(remark === null ? evidence.map((line) => rawLine(line, '    ')) : []),
  ];
}

export function nearText({ near, path, hunk, remark }: PlacedFinding): string {
  const where = path === null ? '' : `${clean(path, 120)}${hunk === null ? '' : `, hunk ${hunk + 1}`}`;
  switch (near) {
    case 'hunk':
      return remark === null ? `explained by ${where}` : `explained by ${where}: see the remark there`;
    case 'function':
      return `the patch changes the function that has the duty: ${where}`;
    case 'file':
      return `the patch changes the file that has the duty: ${where}`;
    case 'elsewhere':
      return 'no hunk of the patch explains it';
  }
}

export function effectSection({ effects, patches }: ReviewReport): readonly string[] {
  if (effects.length === 0) return [];
  const shown = effects.slice(0, MOST_EFFECTS);
  const left = effects.length - shown.length;
  const line = ({ patch, path, line: at, text }: EffectReport): readonly string[] => {
    const which = patches.length > 1 ? `patch ${patches[patch]?.number ?? patch + 1}, ` : '';
    return wrap(`${which}${clean(path, 120)}:${at}: ${clean(text)}`, '  ', '    ');
  };
  return [
    'What it does to the protocol',
    ...shown.flatMap(line),
    ...(left > 0 ? [`  ${plural(left, 'more line')}; --format json lists all`] : []),
  ];
}
