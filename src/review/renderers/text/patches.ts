/** A patch: its files and hunks, and what had to be mended. */
import { plural } from '../../../base/text.ts';
import { clean, clip, wrap } from '../../../report/renderers/text/layout.ts';
import type { FileReport, HunkReport, PatchReport } from '../../report.ts';
import type { ReviewRenderOptions } from '../renderer.ts';
import { patchTitle, statesOf } from './headline.ts';

const MOST_FILES = 200;
const MOST_HUNKS = 50;

export function patchSection(patch: PatchReport, { verbose }: ReviewRenderOptions): readonly string[] {
  const files = verbose ? patch.files : patch.files.slice(0, MOST_FILES);
  const left = patch.files.length - files.length;
  return [
    ...wrap(patchTitle(patch), '', '  '),
    ...(patch.from === null ? [] : wrap(`by ${clean(patch.from, 200)}`, '  ')),
    ...files.flatMap((file) => fileLines(file, verbose)),
    ...(left > 0 ? [`  ${plural(left, 'more file')}; --verbose lists all`] : []),
    ...wrap(totalOf(patch), '  '),
  ];
}

function totalOf(patch: PatchReport): string {
  const total = `${plural(patch.files.length, 'file')}, +${patch.additions} -${patch.deletions}`;
  const { diffstat } = patch;
  if (diffstat === null) return total;
  const same =
    diffstat.files === patch.files.length &&
    diffstat.additions === patch.additions &&
    diffstat.deletions === patch.deletions;
  if (same) return `${total}, as its diffstat says`;
  return `${total}; its diffstat says ${plural(diffstat.files, 'file')}, +${diffstat.additions} -${diffstat.deletions}`;
}

function fileLines(file: FileReport, verbose: boolean): readonly string[] {
  const change = file.change === 'modified' ? '' : `, ${file.change}`;
  const from = file.oldPath === file.path ? '' : ` from ${clean(file.oldPath, 120)}`;
  const name = file.path === '' ? 'a file that is not named' : clean(file.path, 120);
  const told = verbose ? file.hunks : file.hunks.filter(({ state }) => state !== 'clean');
  const shown = verbose ? told : told.slice(0, MOST_HUNKS);
  const hunks = `${plural(file.hunks.length, 'hunk')}${statesOf(file.hunks)}`;
  return [
    ...wrap(`${name}${change}${from}: +${file.additions} -${file.deletions}, ${hunks}`, '  ', '    '),
    ...shown.flatMap(hunkLines),
    ...(shown.length < told.length
      ? [`    ${plural(told.length - shown.length, 'more hunk')}; --verbose lists all`]
      : []),
  ];
}

function hunkLines(hunk: HunkReport): readonly string[] {
  const note = hunk.note === '' ? '' : `: ${clean(hunk.note)}`;
  return wrap(`${hunkPlace(hunk)} ${hunk.state}${note}`, '    ', '      ');
}

/** `@@ -171,6 +171,28 @@ typedef struct SaveVMHandlers` */
export function hunkName(hunk: HunkReport): string {
  return hunk.section === '' ? hunkPlace(hunk) : `${hunkPlace(hunk)} ${clip(hunk.section, 50)}`;
}

function hunkPlace(hunk: HunkReport): string {
  return `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`;
}
