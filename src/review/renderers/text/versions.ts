/** What changed since the older version, and what became of the lines that were commented. */
import { plural } from '../../../base/text.ts';
import { clean, clip, wrap } from '../../../report/renderers/text/layout.ts';
import type { CommentChange, HunkChange, PatchChange, PatchReport, ReviewReport, VersionChange } from '../../report.ts';
import type { ReviewRenderOptions } from '../renderer.ts';
import { patchTitle } from './headline.ts';
import { hunkName } from './patches.ts';

const MOST_HUNKS = 100;
const MOST_COMMENTS = 500;
const FIRST_WORDS = 70;

export function versionSections(report: ReviewReport, options: ReviewRenderOptions): readonly (readonly string[])[] {
  const { versions } = report;
  if (versions === null) return [];
  const patches = versions.patches.map((patch) => patchLines(patch, report, versions.base.patches, options));
  return [['Since the older version', ...patches.flat()], commentLines(versions.comments)];
}

function patchLines(
  patch: PatchChange,
  report: ReviewReport,
  base: readonly PatchReport[],
  { verbose }: ReviewRenderOptions,
): readonly string[] {
  const older = patch.base === null ? undefined : base[patch.base];
  const newer = patch.head === null ? undefined : report.patches[patch.head];
  const named = newer ?? older;
  const told = patch.hunks.filter(({ change }) => verbose || change !== 'unchanged');
  const inOnePatch = patch.change === 'new' || patch.change === 'dropped';
  const shown = inOnePatch ? [] : told.slice(0, verbose ? told.length : MOST_HUNKS);
  const message = patch.messageChanged ? ', other message' : '';
  return [
    ...wrap(`${patch.change}: ${named === undefined ? 'a patch' : patchTitle(named)}`, '  ', '    '),
    ...(inOnePatch ? [] : wrap(`${countsOf(patch.hunks)}${message}`, '    ', '      ')),
    ...shown.flatMap((hunk) => hunkLines(hunk, older, newer)),
    ...(inOnePatch || shown.length === told.length ? [] : [`    ${plural(told.length - shown.length, 'more hunk')}`]),
  ];
}

function countsOf(hunks: readonly HunkChange[]): string {
  const kinds: readonly VersionChange[] = ['unchanged', 'moved', 'changed', 'dropped', 'new'];
  const counts = kinds.map((kind) => ({ kind, count: hunks.filter(({ change }) => change === kind).length }));
  const parts = counts.filter(({ count }) => count > 0).map(({ kind, count }) => `${count} ${kind}`);
  return `${plural(hunks.length, 'hunk')}: ${parts.join(', ')}`;
}

function hunkLines(
  { change, base, head }: HunkChange,
  older: PatchReport | undefined,
  newer: PatchReport | undefined,
): readonly string[] {
  const place = head ?? base;
  const patch = head === null ? older : newer;
  const hunk = place === null ? undefined : patch?.files.find(({ path }) => path === place.path)?.hunks[place.hunk];
  if (place === null || hunk === undefined) return [];
  const from = base !== null && head !== null && base.path !== head.path ? ` (was in ${clean(base.path, 120)})` : '';
  return wrap(`${change}: ${clean(place.path, 120)} ${hunkName(hunk)}${from}`, '    ', '      ');
}

function commentLines(comments: readonly CommentChange[]): readonly string[] {
  if (comments.length === 0) return [];
  const shown = comments.slice(0, MOST_COMMENTS);
  const count = (lines: CommentChange['lines']): number => comments.filter((one) => one.lines === lines).length;
  const left = comments.length - shown.length;
  return [
    ...wrap(
      `Comments on the older version: the lines of ${count('changed')} changed, of ${count('unchanged')} did not, of ${count('gone')} are gone`,
      '',
      '  ',
    ),
    ...shown.flatMap((one, at) => commentLine(one, shown[at - 1])),
    ...(left > 0 ? [`  ${plural(left, 'more comment')}; --format json lists all`] : []),
  ];
}

/** The place is said once for all that stands there. */
function commentLine(one: CommentChange, above: CommentChange | undefined): readonly string[] {
  const place = placeOf(one);
  const words = clip(one.comment.text.replace(/\s+/g, ' '), FIRST_WORDS);
  return [
    ...(above !== undefined && placeOf(above) === place ? [] : wrap(place, '  ', '    ')),
    ...wrap(`${clean(one.comment.author ?? 'somebody unnamed', 80)}: ${words}`, '    ', '      '),
  ];
}

function placeOf({ comment, lines, path, line }: CommentChange): string {
  if (comment.path === null) return `${lines}: the patch as a whole`;
  const old = `${clean(comment.path, 120)}${comment.line === null ? '' : `:${comment.line}`}`;
  const file = path === null || path === comment.path ? '' : ` ${clean(path, 120)}`;
  return `${lines}: ${old}${line === null ? '' : `, now${file === '' ? ' line' : file} ${line}`}`;
}
