/**
 * Some pages put more blanks before lines that begin with one: the context of
 * a patch and its diffstat stand too far right, its added lines do not.
 */

/**
 * How many blanks too many stand before each line of context. `damaged`: some
 * hunk had to be mended; in a clean patch odd indentation is its author's.
 */
export function surplusIndent(
  message: readonly string[],
  context: readonly string[],
  changed: readonly string[],
  damaged: boolean,
): number {
  const indents = context.filter((line) => line.trim() !== '').map(indentOf);
  const least = indents.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (!Number.isFinite(least) || least < 2) return 0;
  const stat = message
    .filter((line) => / \| +\d+ [-+]+$| \d+ insertions?\(\+\)| \d+ deletions?\(-\)/.test(line))
    .map(indentOf);
  const statLeast = stat.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (Number.isFinite(statLeast)) return statLeast < 2 ? 0 : Math.min(statLeast, least) - 1;
  if (!damaged) return 0;
  return isOffGrid(
    indents.map((indent) => indent - 1),
    changed.filter((line) => line.trim().length > 1).map((line) => indentOf(line.slice(1))),
  )
    ? least - 1
    : 0;
}

/** As many lines, and as large a part of them, show that it is no chance. */
const LEAST_LINES = 8;
const MOST_PART = 0.8;

/** Code is indented by fours; context of which most is not, beside changed lines that are, has been moved. */
function isOffGrid(context: readonly number[], changed: readonly number[]): boolean {
  const most = (values: readonly number[], rest: number): boolean =>
    values.length >= LEAST_LINES && values.filter((value) => value % 4 === rest).length >= values.length * MOST_PART;
  return most(changed, 0) && [1, 2, 3].some((rest) => most(context, rest));
}

function indentOf(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0;
}
