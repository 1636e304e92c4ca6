/**
 * Lines of at most 100 columns out of untrusted text. Everything that comes
 * from a trace passes `clean` or `rawLine`, so that no control character
 * reaches a terminal and no megabyte reaches a mail.
 */
import { shorten, visible } from '../../../base/text.ts';
import type { LineReport } from '../../report.ts';

export const COLUMNS = 100;
const PROSE_LIMIT = 1000;
const RAW_LIMIT = 1000;
const FILE_LIMIT = 120;

/** Shortened first: a line may have megabytes, and escapes make it longer. */
export function clean(text: string, limit = PROSE_LIMIT): string {
  return visible(shorten(text, limit));
}

/** Clean text of at most `width` columns, for a cell of a table. */
export function clip(text: string, width: number): string {
  const cleaned = clean(text, width * 2);
  return cleaned.length <= width ? cleaned : `${cut(cleaned, width - 3)}...`;
}

/** The last `width` columns: the end of a path tells files apart. */
export function ending(text: string, width: number): string {
  const cleaned = clean(text.slice(-RAW_LIMIT));
  if (cleaned.length <= width) return cleaned;
  return `...${cleaned.slice(3 - width).replace(/^[\udc00-\udfff]/, '')}`;
}

/** `src.log:2619: <the raw line>`: the one kind of line that may be longer than the page. */
export function rawLine(line: LineReport, indent: string): string {
  return `${indent}${place(line)}: ${clean(line.text, RAW_LIMIT)}`;
}

/** `src.log:2619` */
export function place(line: { readonly file: string; readonly line: number }): string {
  return `${clean(line.file, FILE_LIMIT)}:${line.line}`;
}

/** Words of one paragraph; the lines after the first begin with `rest`. */
export function wrap(text: string, first: string, rest = first, columns = COLUMNS): readonly string[] {
  return flow(text.split(' '), first, rest, columns);
}

/** Things that stay on one line each (`active 0.003205 :19 ->`), filled into lines. */
export function flow(chunks: readonly string[], first: string, rest: string, columns = COLUMNS): readonly string[] {
  const room = columns - Math.max(first.length, rest.length);
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const piece of chunks.flatMap((chunk) => pieces(chunk, room))) {
    if (!empty && line.length + 1 + piece.length > columns) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? piece : ` ${piece}`;
    empty = false;
  }
  return [...lines, line.trimEnd()];
}

/** The filled blocks with an empty line between them. */
export function paragraphs(blocks: readonly (readonly string[])[]): readonly string[] {
  return blocks.filter((block) => block.length > 0).flatMap((block, at) => (at === 0 ? block : ['', ...block]));
}

/** Every item but the last with its separator, for `flow`. */
export function separated(items: readonly string[], separator: string): readonly string[] {
  return items.map((item, at) => (at < items.length - 1 ? item + separator : item));
}

/** A word longer than a line is broken where the line ends. */
function pieces(chunk: string, room: number): readonly string[] {
  const found: string[] = [];
  let left = chunk;
  while (left.length > room) {
    const piece = cut(left, room);
    found.push(piece);
    left = left.slice(piece.length);
  }
  return left === '' ? found : [...found, left];
}

/** Never between the two halves of a surrogate pair. */
function cut(text: string, length: number): string {
  const code = text.charCodeAt(length - 1);
  const splits = code >= 0xd800 && code <= 0xdbff;
  return text.slice(0, splits ? length - 1 : length);
}
