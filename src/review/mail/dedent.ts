/** A mail that stands indented as a whole, as a page or a tool shows it. */
import type { TextLine } from './message.ts';

const STRUCTURE = /^([ \t]*)(?:diff --git \S|@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@)/;

/** Without the blanks that stand before every line that only a diff has. */
export function dedented(lines: readonly TextLine[]): readonly TextLine[] {
  const indents = lines.flatMap(({ text }) => STRUCTURE.exec(text)?.[1] ?? []);
  const [indent = ''] = indents;
  if (indent === '' || indents.some((other) => other !== indent)) return lines;
  return lines.map((line) => {
    if (line.text.startsWith(indent)) return { ...line, text: line.text.slice(indent.length) };
    return line.text.trim() === '' ? { ...line, text: '' } : line;
  });
}
