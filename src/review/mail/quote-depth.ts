/** How deep each line is quoted, and its text without the marks. */
import { canBeFolded } from '../patch/fold.ts';
import type { TextLine } from './message.ts';

export interface QuotedLine {
  readonly text: string;
  readonly depth: number;
  readonly inputLine: number;
}

/** What begins at the first column of a patch, so that it tells whether a blank follows the marks. */
const STRUCTURE = /^(?:diff --git |@@ -\d|index [\da-f]+\.\.|--- \S|\+\+\+ \S)/;
const MARKS = /^>(?: ?>)*/;
/** Deeper quoting is no quoting: it is text. */
const MOST_MARKS = 64;

export function quoteDepths(lines: readonly TextLine[]): readonly QuotedLine[] {
  const blankFollows = !lines.some(({ text }) => {
    const marks = MARKS.exec(text)?.[0] ?? '';
    return marks !== '' && STRUCTURE.test(text.slice(marks.length));
  });
  return lines.map(({ text, inputLine }) => {
    const marks = MARKS.exec(text.slice(0, 2 * MOST_MARKS))?.[0] ?? '';
    if (marks === '') return { text, depth: 0, inputLine };
    const behind = text.slice(marks.length);
    return {
      text: blankFollows && behind.startsWith(' ') ? behind.slice(1) : behind,
      depth: marks.replaceAll(' ', '').length,
      inputLine,
    };
  });
}

export function hasStructure(lines: readonly QuotedLine[]): boolean {
  return lines.some(({ text }) => STRUCTURE.test(text));
}

/** The depth at which the patch stands: that of most lines that only a diff has; 0 without any. */
export function patchDepth(lines: readonly QuotedLine[]): number {
  const counts = new Map<number, number>();
  for (const { text, depth } of lines) if (STRUCTURE.test(text)) counts.set(depth, (counts.get(depth) ?? 0) + 1);
  let best = 0;
  for (const [depth, count] of counts) if (count > (counts.get(best) ?? 0)) best = depth;
  return best;
}

/**
 * A mailer that folds what it quotes leaves the rest of the line without
 * marks: a single line between two of the patch that goes on where the first
 * ended is no comment.
 */
export function refolded(lines: readonly QuotedLine[], depth: number): readonly QuotedLine[] {
  if (depth === 0) return lines;
  return lines.map((line, at) => {
    const [above, below] = [lines[at - 1], lines[at + 1]];
    const between = line.depth < depth && above?.depth === depth && below?.depth === depth;
    if (!between || !/^[-+ @]/.test(above.text) || /^[-+ ]/.test(line.text)) return line;
    const marks = '> '.repeat(depth);
    return canBeFolded(marks + above.text, line.text) === 'never' ? line : { ...line, depth };
  });
}
