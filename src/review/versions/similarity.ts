/** How much two patches, or two hunks, have in common: the lines that they add and delete. */
import type { Hunk, HunkLine, PatchFile } from '../series.ts';

const MARKS: Readonly<Record<HunkLine['kind'], string>> = { context: ' ', added: '+', deleted: '-' };

export function marked(line: HunkLine): string {
  return MARKS[line.kind] + line.text.trimEnd();
}

/** Added and deleted lines that say something: braces and blank lines are in every hunk. */
export function changedLines(hunk: Hunk): readonly string[] {
  return hunk.lines.filter(({ kind, text }) => kind !== 'context' && /\w/.test(text)).map(marked);
}

export function changedLinesOf(files: readonly PatchFile[]): readonly string[] {
  return files.flatMap(({ hunks }) => hunks.flatMap(changedLines));
}

/** Shared lines, counted as often as they stand in both, by all lines: 0 to 1. */
export function similarity(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  const counts = new Map<string, number>();
  for (const line of a) counts.set(line, (counts.get(line) ?? 0) + 1);
  let shared = 0;
  for (const line of b) {
    const left = counts.get(line) ?? 0;
    if (left === 0) continue;
    counts.set(line, left - 1);
    shared += 1;
  }
  return (2 * shared) / (a.length + b.length);
}
