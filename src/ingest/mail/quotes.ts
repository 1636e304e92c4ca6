/** Quote marks, indentation and the hunks of patches. */
import type { MailLine } from './mime.ts';

/** A line without its quote marks and its indentation. */
export interface BodyLine {
  readonly source: MailLine;
  /** How deep it is quoted. */
  readonly depth: number;
  readonly indented: boolean;
  readonly text: string;
}

/** `> `, `>>`, `> > `, `| `, and `PX> ` of mailers that quote with initials. */
const QUOTE = /^(?:[ \t]{0,4}(?:[A-Z][A-Za-z]{0,3})?>|[ \t]{0,4}\|)+/;

/** What an author puts before a trace line: `[a] `, `=> `, and the file or line number that grep prints. */
const LABEL =
  /^(?:\[[a-z\d]{1,2}\] +|[=-]+> +|\* +|(?:[A-Za-z][\w./]*[:-] ?)?(?:\d+(?:[:-] ?|\t| {2,}))?)(?=\d{4}-\d\d-\d\dT|\d+@\d)/;

/** And behind it: `<--- here`, `[a]`, `// too late`. */
const REMARK = /\s+(?:<[-=~]+.*|\u2190.*|(?:\/\/|#) .*|\[[a-z\d]{1,2}\]\s*)$/;

/** No trace line is longer; the patterns above would take their time with one. */
const LONGEST_LINE = 1 << 14;

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

export function unquote(source: MailLine): BodyLine {
  // Mailers write blanks at the beginning of a line as no-break spaces.
  const plain = source.text.replaceAll('\u00a0', ' ').replace(/^\ufeff/, '');
  const quote = QUOTE.exec(plain)?.[0] ?? '';
  const behind = plain.slice(quote.length);
  const text = behind.trimStart();
  const depth = quote.replace(/[^>|]/g, '').length;
  const indented = behind.length - text.length > (depth > 0 ? 1 : 0);
  return { source, depth, indented, text: text.length > LONGEST_LINE ? text : withoutNotes(decodeLeftovers(text)) };
}

function withoutNotes(text: string): string {
  return text.replace(LABEL, '').replace(REMARK, '');
}

/** Quoted-printable that a reply has quoted undecoded: no trace line prints `=3D` by itself. */
function decodeLeftovers(text: string): string {
  return text.includes('=3D') ? text.replaceAll('=3D', '=').replaceAll('=20', ' ') : text;
}

/**
 * The lines that stand in hunks of a patch: trace lines there belong to a file,
 * not to a run. A hunk ends after its lines, or where a reviewer's words begin.
 */
export function linesOfHunks(lines: readonly BodyLine[]): ReadonlySet<BodyLine> {
  const inside = new Set<BodyLine>();
  let open: { readonly depth: number; old: number; new: number } | undefined;
  for (const line of lines) {
    const { depth } = line;
    const hunk = HUNK.exec(line.text);
    if (hunk !== null) {
      open = { depth, old: Number(hunk[1] ?? 1), new: Number(hunk[2] ?? 1) };
      continue;
    }
    if (open === undefined || depth !== open.depth) continue;
    const mark = line.indented ? ' ' : (line.text[0] ?? ' ');
    if (mark !== '+' && mark !== '-' && mark !== ' ' && mark !== '\\') {
      open = undefined;
      continue;
    }
    inside.add(line);
    if (mark === '-' || mark === ' ') open.old -= 1;
    if (mark === '+' || mark === ' ') open.new -= 1;
    if (open.old <= 0 && open.new <= 0) open = undefined;
  }
  return inside;
}
