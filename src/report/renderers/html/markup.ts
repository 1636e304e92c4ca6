/**
 * Markup as a type of its own: what is put into an `html` template is text and
 * is escaped, unless it is markup already. So no page can forget to escape what
 * comes from a trace or a mail, in an element or in a quoted attribute.
 */
import { marked } from '../../../base/text.ts';

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** `undefined` is nothing; a list is its items one after the other. */
export type Piece = string | number | Markup | undefined | readonly Piece[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or a quoted attribute: nothing in it acts, and nothing in it is invisible. */
export function escapeText(text: string): string {
  return marked(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let text = strings[0] ?? '';
  for (const [at, piece] of pieces.entries()) text += textOf(piece) + (strings[at + 1] ?? '');
  return new Markup(text);
}

/** Markup that is known to be safe: qtrace's own, or made by `html` before. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function textOf(piece: Piece): string {
  if (piece === undefined) return '';
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'string') return escapeText(piece);
  if (typeof piece === 'number') return String(piece);
  return piece.map(textOf).join('');
}
