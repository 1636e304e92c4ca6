/** Where the diff begins in the text of a mail: a commit message may hold lines that look like one. */
import { isHunkHeader, isPlainFileStart } from './structure.ts';

const DIFFSTAT = /^ *(\d{1,7}) files? changed(?:, (\d{1,9}) insertions?\(\+\))?(?:, (\d{1,9}) deletions?\(-\))?\s*$/;

export interface Diffstat {
  readonly files: number;
  readonly additions: number;
  readonly deletions: number;
}

/** Index of the first line of the diff; undefined without one. */
export function findStart(lines: readonly string[]): number | undefined {
  const stat = lines.findIndex((line) => DIFFSTAT.test(line));
  const separator = stat >= 0 ? stat : lines.findIndex((line, at) => /^--- ?$/.test(line) && leadsToDiff(lines, at));
  const behind = firstDiffLine(lines, separator + 1);
  if (behind !== undefined || separator < 0) return behind;
  return firstDiffLine(lines, 0);
}

/** The last one before the diff is the patch's own: a message may quote another's. */
export function findDiffstat(lines: readonly string[], end: number): Diffstat | undefined {
  const line = lines.slice(0, end).findLast((text) => DIFFSTAT.test(text));
  const [, files, additions = '0', deletions = '0'] = line === undefined ? [] : (DIFFSTAT.exec(line) ?? []);
  if (files === undefined) return undefined;
  return { files: Number(files), additions: Number(additions), deletions: Number(deletions) };
}

/** Behind the `---` of git stand the diff, its statistics, or a note. */
function leadsToDiff(lines: readonly string[], at: number): boolean {
  return firstDiffLine(lines, at + 1) !== undefined;
}

function firstDiffLine(lines: readonly string[], from: number): number | undefined {
  for (let at = from; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (/^diff --(?:git|cc|combined) \S/.test(line) && isFollowedByHeader(lines, at)) return at;
    if (line.startsWith('--- ') && isPlainFileStart(lines, at)) return at;
    if (line.startsWith('@@') && isHunkHeader(line)) return at;
  }
  return undefined;
}

/** `diff --git` stands in messages, too; in a diff some line of git's follows. */
function isFollowedByHeader(lines: readonly string[], at: number): boolean {
  return /^(?:index [\da-f]|--- |old mode|new file|deleted file|similarity|rename |copy |Binary|new mode|GIT binary|mode |diff --git)/.test(
    lines.slice(at + 1, at + 3).find((line) => line !== '') ?? '',
  );
}
