/** What people said, below the line that they said it about. */
import { plural } from '../../../base/text.ts';
import { clean } from '../../../report/renderers/text/layout.ts';
import type { CommentReport, ReviewReport } from '../../report.ts';

const MOST_LINES = 60;
const MOST_COMMENTS = 500;

/** One block for each place. */
export function commentSections(report: ReviewReport): readonly (readonly string[])[] {
  const shown = report.comments.slice(0, MOST_COMMENTS);
  const left = report.comments.length - shown.length;
  const sections: string[][] = [];
  let last = '';
  for (const comment of shown) {
    const place = placeLines(comment, report);
    if (sections.length === 0 || place.join('\n') !== last) sections.push([...place]);
    last = place.join('\n');
    sections.at(-1)?.push(...commentLines(comment));
  }
  return left > 0 ? [...sections, [`${plural(left, 'more comment')}; --format json lists all`]] : sections;
}

function placeLines(comment: CommentReport, report: ReviewReport): readonly string[] {
  const patch = comment.patch === null ? undefined : report.patches[comment.patch];
  const which =
    report.patches.length > 1 && patch !== undefined ? `patch ${patch.number ?? (comment.patch ?? 0) + 1}, ` : '';
  if (comment.path === null) {
    return [patch === undefined ? 'On the series as a whole' : `On ${which}its message or the whole`];
  }
  const line = comment.line === null ? '' : `:${comment.line}`;
  const file = patch?.files.find(({ path }) => path === comment.path);
  const hunk = comment.hunk === null ? undefined : file?.hunks[comment.hunk];
  const above = comment.hunkLine === null ? undefined : hunk?.lines[comment.hunkLine];
  const mark = above === undefined ? '' : { context: ' ', added: '+', deleted: '-' }[above.kind];
  return [
    `${which === '' ? 'On ' : `On ${which}`}${clean(comment.path, 120)}${line}`,
    ...(above === undefined ? [] : [`  > ${mark}${clean(above.text.replaceAll('\t', '        '), 200)}`]),
  ];
}

function commentLines({ author, text, input, inputLine }: CommentReport): readonly string[] {
  const lines = text.split('\n');
  const shown = lines.slice(0, MOST_LINES).map((line) => `    ${clean(line.replaceAll('\t', '        '))}`.trimEnd());
  const left = lines.length - shown.length;
  return [
    `  ${author === null ? 'somebody unnamed' : clean(author, 80)} (${clean(input, 120)}:${inputLine})`,
    ...shown,
    ...(left > 0 ? [`    ${plural(left, 'more line')}`] : []),
  ];
}
