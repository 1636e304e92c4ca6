/**
 * Finds the files and hunks of a diff by the lines that only a diff has. What
 * lies between two of them is taken as it comes: which of it belongs to the
 * hunk is settled by the hunk's counts, elsewhere.
 */
import { isExtendedHeader } from './file-header.ts';
import type { HunkCounts } from './search-hunk.ts';

export interface HunkDraft {
  /** Index of the `@@` line. */
  readonly at: number;
  readonly oldStart: number;
  readonly newStart: number;
  readonly counts: HunkCounts;
  readonly section: string;
  /** A merge's: `@@@`, with two old sides. */
  readonly combined: boolean;
  /** Indices of the lines up to the next one that only a diff has. */
  readonly body: number[];
}

export interface FileDraft {
  /** Indices of the lines of its header. */
  readonly header: number[];
  readonly hunks: HunkDraft[];
  /** Indices of lines between its header and its first hunk that are neither. */
  readonly loose: number[];
}

const HUNK = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)$/;
const COMBINED = /^@@@+ -(\d{1,9})(?:,(\d{1,9}))? .*\+(\d{1,9})(?:,(\d{1,9}))? @@@+(.*)$/;
const NEW_FILE = /^(?:diff --(?:git|cc|combined) \S|Index: \S)/;

export function isHunkHeader(line: string): boolean {
  return HUNK.test(line) || COMBINED.test(line);
}

/** `--- old`, `+++ new`, `@@`: the beginning of a file in a diff without git's lines. */
export function isPlainFileStart(lines: readonly string[], at: number): boolean {
  return /^--- \S/.test(lines[at] ?? '') && /^\+\+\+ \S/.test(lines[at + 1] ?? '') && isHunkHeader(lines[at + 2] ?? '');
}

/** `lines` begin with the first line of the diff. Indices are those of `lines`. */
export function findStructure(lines: readonly string[]): readonly FileDraft[] {
  const files: FileDraft[] = [];
  let hunk: HunkDraft | undefined;
  let binary = false;
  const begin = (header: number[]): FileDraft => {
    const file: FileDraft = { header, hunks: [], loose: [] };
    files.push(file);
    hunk = undefined;
    binary = false;
    return file;
  };
  for (const [at, line] of lines.entries()) {
    const file = files.at(-1);
    const plainStart = line.startsWith('--- ') && isPlainFileStart(lines, at);
    if (NEW_FILE.test(line)) begin([at]);
    else if (plainStart && (file === undefined || file.hunks.length > 0) && !needsMore(lines, hunk)) begin([at]);
    else if (line.startsWith('@@') && isHunkHeader(line)) {
      const owner = file ?? begin([]);
      hunk = draftOf(line, at);
      owner.hunks.push(hunk);
    } else if (hunk !== undefined) hunk.body.push(at);
    else if (file !== undefined) {
      if (isExtendedHeader(line) || (binary && /^(?:literal \d|delta \d|[A-Za-z]\S{1,70}$|$)/.test(line))) {
        file.header.push(at);
        binary ||= line === 'GIT binary patch';
      } else file.loose.push(at);
    }
  }
  return files;
}

/** Its lines so far, counted as they stand, are fewer than its header says: `--- x` may be one of them. */
function needsMore(lines: readonly string[], hunk: HunkDraft | undefined): boolean {
  if (hunk === undefined || hunk.body.length >= hunk.counts.oldLines + hunk.counts.newLines) return false;
  const texts = hunk.body.map((at) => lines[at] ?? '');
  const oldLeft = hunk.counts.oldLines - texts.filter((text) => /^(?:[- ]|$)/.test(text)).length;
  const newLeft = hunk.counts.newLines - texts.filter((text) => /^(?:[+ ]|$)/.test(text)).length;
  return oldLeft > 0 && newLeft > 0 && texts.every((text) => /^(?:[-+ \\]|$)/.test(text));
}

function draftOf(line: string, at: number): HunkDraft {
  const combined = line.startsWith('@@@');
  const [, oldStart = '0', oldLines = '1', newStart = '0', newLines = '1', section = ''] =
    (combined ? COMBINED : HUNK).exec(line) ?? [];
  return {
    at,
    oldStart: Number(oldStart),
    newStart: Number(newStart),
    counts: { oldLines: Number(oldLines), newLines: Number(newLines) },
    section: section.trim(),
    combined,
    body: [],
  };
}
