/**
 * format=flowed (RFC 3676) undone: a line that ends with a blank goes on in the
 * next one of the same quote depth. Patches are sent this way although they
 * should not be; a short line of theirs that ends with a blank goes nowhere.
 */
import type { TextLine } from './message.ts';

/** No mailer breaks a shorter line; a blank line of context is one. */
const SHORTEST_BROKEN = 40;

export function unflow(lines: readonly TextLine[]): readonly TextLine[] {
  const joined: TextLine[] = [];
  let open = false;
  let lastMarks = '';
  for (const { text, inputLine } of lines) {
    const marks = /^>*/.exec(text)?.[0] ?? '';
    const behind = text.slice(marks.length);
    // The blank that the mailer has put before a line that begins with a blank, or behind its marks.
    const own = behind.startsWith(' ') ? behind.slice(1) : behind;
    const previous = joined.at(-1);
    if (open && previous !== undefined && marks === lastMarks && own !== '') {
      joined[joined.length - 1] = { ...previous, text: previous.text + own };
    } else joined.push({ text: marks === '' ? own : `${marks} ${own}`, inputLine });
    open = own.endsWith(' ') && own !== '-- ' && own.length >= SHORTEST_BROKEN;
    lastMarks = marks;
  }
  return joined;
}
