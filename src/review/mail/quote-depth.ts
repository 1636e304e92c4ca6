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

/** A text that is quoted as a whole, without its outermost marks. */
export function withoutCommonMarks(lines: readonly QuotedLine[]): readonly QuotedLine[] {
  const written = lines.filter(({ text, depth }) => depth > 0 || text.trim() !== '');
  const common = written.reduce((least, { depth }) => Math.min(least, depth), MOST_MARKS);
  return common === 0 ? lines : lines.map((line) => ({ ...line, depth: Math.max(0, line.depth - common) }));
}

export function hasStructure(lines: readonly QuotedLine[]): boolean {
  return lines.some(({ text }) => STRUCTURE.test(text));
}

/**
 * The depth at which the patch stands: that of most lines that only a diff has;
 * 0 without any. A reply speaks of what it quotes: a diff of its own is a word of it.
 */
export function patchDepth(lines: readonly QuotedLine[], isReply: boolean): number {
  const counts = new Map<number, number>();
  for (const { text, depth } of lines) if (STRUCTURE.test(text)) counts.set(depth, (counts.get(depth) ?? 0) + 1);
  if (isReply && counts.size > 1) counts.delete(0);
  let best = 0;
  for (const [depth, count] of counts) if (count > (counts.get(best) ?? 0)) best = depth;
  return best;
}

const CODE_END = /[;,{}()"\\]$/;
/** A mailer folds one line into no more. */
const MOST_PARTS = 4;

/**
 * A mailer that folds what it quotes leaves the rest of the line without
 * marks: lines between two of the patch that go on where the first ended, one
 * after the other and without a blank line, are no comment.
 */
export function refolded(lines: readonly QuotedLine[], depth: number): readonly QuotedLine[] {
  if (depth === 0) return lines;
  const marks = '> '.repeat(depth);
  const mended = [...lines];
  for (const [at, line] of lines.entries()) {
    if (line.depth !== depth || !/^[-+ @]/.test(line.text)) continue;
    const count = partsBehind(lines, at, marks + line.text);
    for (let part = at + 1; part <= at + count; part += 1) {
      const rest = lines[part];
      if (rest !== undefined) mended[part] = { ...rest, depth };
    }
  }
  return mended;
}

/** How many lines behind `at` are the rest of it. */
function partsBehind(lines: readonly QuotedLine[], at: number, first: string): number {
  const { depth } = lines[at] ?? { depth: 0 };
  let count = 0;
  let above = first;
  for (let next = lines[at + 1]; next !== undefined && next.depth < depth; next = lines[at + count + 1]) {
    // Behind a blank line somebody speaks; then only what ends like code is a rest.
    if (next.text === '') return CODE_END.test(above) ? count : 0;
    if (count >= MOST_PARTS || /^[-+ ]/.test(next.text) || canBeFolded(above, next.text) === 'never') return 0;
    above = next.text;
    count += 1;
  }
  return lines[at + count + 1]?.depth === depth ? count : 0;
}
