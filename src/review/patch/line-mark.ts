/** How the lines of a diff look, by their first column. */

/** How a line looks: `+`, `-`, context, empty (context, its blank lost), `\`, or none of a patch. */
export type LineMark = '+' | '-' | ' ' | '' | '\\' | '?';

export function markOf(line: string): LineMark {
  const first = line[0] ?? '';
  if (first === '' || first === '+' || first === '-' || first === ' ' || first === '\\') return first;
  return first === '\t' ? ' ' : '?';
}

/** Lines of the old file that it is. */
export function oldShare(mark: LineMark): number {
  return mark === '-' || mark === ' ' || mark === '' ? 1 : 0;
}

/** Lines of the new file that it is. */
export function newShare(mark: LineMark): number {
  return mark === '+' || mark === ' ' || mark === '' ? 1 : 0;
}

/** Where a mail ends; a list's archive may have lost the blank. */
export function isSignature(line: string): boolean {
  return /^--\s*$/.test(line);
}

/** A line of a patch right behind a hunk that has all of its lines: it has others then. */
export function looksLikeMore(line: string): boolean {
  return /^[-+]/.test(line) && !isSignature(line) && !/^- \S/.test(line);
}
