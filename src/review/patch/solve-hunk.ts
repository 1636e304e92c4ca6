/**
 * Which of the lines between two hunk headers belong to the hunk, which were
 * folded off the line above, and which somebody wrote in between. The header's
 * counts decide: among all readings that fit them, the one that cuts least.
 */
import { foldGuess, hasWideLines } from './fold.ts';
import { isSignature, markOf, newShare, oldShare } from './line-mark.ts';
import { type Fate, type HunkCounts, type SearchBudget, searchHunk } from './search-hunk.ts';

/** No mailer folds one line so often. */
const MOST_FOLDS = 8;

/**
 * The fate of each line; undefined if no reading fits the counts, or if finding
 * one would take too long. `header` is the `@@` line, which may be folded, too.
 */
export function solveHunk(
  header: string,
  lines: readonly string[],
  counts: HunkCounts,
  budget: SearchBudget,
): readonly Fate[] | undefined {
  if (counts.oldLines > lines.length || counts.newLines > lines.length) return undefined;
  return plainFates(lines, counts) ?? searchHunk(header, lines, counts, budget);
}

/** The usual case: the counts are used up before anything strange comes. */
function plainFates(lines: readonly string[], counts: HunkCounts): readonly Fate[] | undefined {
  let [oldLeft, newLeft] = [counts.oldLines, counts.newLines];
  let at = 0;
  while (oldLeft > 0 || newLeft > 0) {
    const line = lines[at];
    const mark = line === undefined ? '?' : markOf(line);
    if (mark === '?') return undefined;
    oldLeft -= oldShare(mark);
    newLeft -= newShare(mark);
    if (oldLeft < 0 || newLeft < 0) return undefined;
    at += 1;
  }
  if (lines[at]?.startsWith('\\') === true) at += 1;
  const end = at + foldedBehind(lines, at);
  // A list item, or a line of the hunk whose place a folded rest has taken.
  if (/^[-+]/.test(lines[end] ?? '') && !isSignature(lines[end] ?? '')) return undefined;
  return lines.map((_, index) => (index < at ? 'keep' : index < end ? 'fold' : 'drop'));
}

/** How many lines are the folded end of the line above `at`. */
function foldedBehind(lines: readonly string[], at: number): number {
  let count = 0;
  while (count < MOST_FOLDS) {
    const [above, line] = [lines[at + count - 1], lines[at + count]];
    if (above === undefined || line === undefined) break;
    const guess = foldGuess(above, line, { wide: hasWideLines(lines), below: lines[at + count + 1] });
    if (guess === 'never' || guess === 'marked') break;
    count += 1;
  }
  return count;
}
