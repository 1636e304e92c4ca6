/** Untrusted text in Markdown. */
import { elide, marked } from '../../../base/text.ts';

const PROSE = 600;

function clean(text: string, limit: number): string {
  const { head, omitted, tail } = elide(text, limit);
  return omitted === 0 ? marked(head) : `${marked(head)} [${omitted} characters omitted] ${marked(tail)}`;
}

/**
 * One line of text. What could act is escaped, also what GitHub makes links and
 * signs of by itself; a mention or a reference is broken by a code span.
 */
export function inline(text: string, limit = PROSE): string {
  return clean(text, limit)
    .replace(/[\\`*[\]<>|~&$]|(?<!\w)_|_(?!\w)/g, '\\$&')
    .replace(/:(?=\/\/|[\w+-]+:)|(?<=mailto|xmpp):|(?<=www)\.|(?<=^\d+)\.(?=\s|$)|^[-+=](?=[-+=\s]|$)/gi, '\\$&')
    .replace(/[@#]/g, '`$&`');
}

/** Quoted as it is. The span is longer than any run of backquotes in it; a bar would end the cell of a table. */
export function codeSpan(text: string, limit = 200): string {
  const shown = clean(text, limit).replaceAll('|', '¦');
  const fence = '`'.repeat(longestRun(shown) + 1);
  const pad = shown.startsWith('`') || shown.endsWith('`') || shown === '' ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Lines as they are, in a fence longer than any run of backquotes in them. */
export function fenced(lines: readonly { readonly label: string; readonly text: string }[], limit: number): string {
  const shown = lines.map(({ label, text }) => `${clean(label, 150)}: ${clean(text, limit)}`);
  const fence = '`'.repeat(Math.max(3, ...shown.map((line) => longestRun(line) + 1)));
  return [`${fence}text`, ...shown, fence].join('\n');
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/** The cells are Markdown already. */
export function table(
  titles: readonly string[],
  numeric: readonly boolean[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map((_, at) => (numeric[at] === true ? '--:' : '---'))), ...rows.map(line)].join(
    '\n',
  );
}

export function folded(title: string, blocks: readonly string[]): string {
  return [`<details>\n<summary>${title}</summary>`, ...blocks, '</details>'].join('\n\n');
}
