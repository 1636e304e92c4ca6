/**
 * Some pages put more blanks before lines that begin with one: the context of
 * a patch and its diffstat stand too far right, its added lines do not.
 */

/** How many blanks too many stand before each line of context. */
export function surplusIndent(
  message: readonly string[],
  context: readonly string[],
  changed: readonly string[],
): number {
  const indents = context.filter((line) => line.trim() !== '' && line.startsWith(' ')).map(indentOf);
  const least = indents.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (!Number.isFinite(least) || least < 2) return 0;
  const stat = message
    .filter((line) => / \| +\d+ [-+]+$| \d+ insertions?\(\+\)| \d+ deletions?\(-\)/.test(line))
    .map(indentOf);
  const statLeast = stat.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (Number.isFinite(statLeast)) return statLeast < 2 ? 0 : Math.min(statLeast, least) - 1;
  return isOffGrid(
    indents,
    changed.map((line) => indentOf(line.slice(1))),
  )
    ? least - 1
    : 0;
}

/** Code is indented by twos or fours; context of which most is not, beside changed lines that are, has been moved. */
function isOffGrid(context: readonly number[], changed: readonly number[]): boolean {
  const most = (values: readonly number[], rest: number): boolean =>
    values.length > 0 && values.filter((value) => value % 4 === rest).length >= values.length * 0.6;
  return (
    most(changed, 0) &&
    [1, 2, 3].some((rest) =>
      most(
        context.map((value) => value - 1),
        rest,
      ),
    )
  );
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
