/**
 * The tokens of C code, as far as a hunk shows it. Comments leave the stream
 * and are kept by line; directives leave it too, and `#define` with a body is
 * kept as a macro. A hunk may begin or end inside a comment.
 */
import type { Chunk, CodeLine } from './image.ts';

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'mark';
  readonly text: string;
  readonly line: CodeLine;
  /** Columns before the first character of its line. */
  readonly indent: number;
  /** The first of its line. */
  readonly first: boolean;
}

export interface Macro {
  readonly name: string;
  readonly params: readonly string[];
  readonly body: readonly Token[];
}

export interface Comment {
  readonly line: CodeLine;
  readonly text: string;
}

export interface TokenText {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
  readonly macros: readonly Macro[];
}

const TAB = 8;
/** Longer lines are no code of QEMU's; what stands behind is dropped. */
const LONGEST_LINE = 4000;
const LEXEME =
  /\s+|\/\/.*|\/\*|"(?:[^"\\]|\\.)*"?|L?'(?:[^'\\]|\\.)*'?|[A-Za-z_$][\w$]*|(?:0[xX][\da-fA-F]+|\d[\w.]*)|->|\+\+|--|<<=|>>=|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|\/=|%=|&=|\|=|\^=|<<|>>|\.\.\.|##|[\s\S]/y;
/** A line of a block comment in QEMU's style. */
const INSIDE_COMMENT = /^\s*\*(?:\s|\/|$)/;

export function tokenize(chunk: Chunk): TokenText {
  return new Lexer().read(chunk);
}

class Lexer {
  readonly #tokens: Token[] = [];
  readonly #comments: Comment[] = [];
  readonly #macros: Macro[] = [];
  #inComment = false;
  /** Tokens of a directive that goes on in the next line. */
  #directive: Token[] | undefined;
  /** Of each `#if` around the line: whether its branch is left out; undefined where the text does not tell. */
  readonly #left: (boolean | undefined)[] = [];

  read(chunk: Chunk): TokenText {
    this.#inComment = beginsInComment(chunk.lines);
    for (const line of chunk.lines) this.#line(line);
    this.#endDirective();
    return { tokens: this.#tokens, comments: this.#comments, macros: this.#macros };
  }

  #line(line: CodeLine): void {
    const text = line.text.length > LONGEST_LINE ? line.text.slice(0, LONGEST_LINE) : line.text;
    const goesOn = text.endsWith('\\');
    if (this.#inComment && !INSIDE_COMMENT.test(text) && !text.includes('*/')) {
      // A comment whose end the hunk does not show would swallow the code.
      if (/[;{}]\s*$/.test(text)) this.#inComment = false;
    }
    const into: Token[] = [];
    this.#lexemes(goesOn ? text.slice(0, -1) : text, line, into);
    const isDirective = this.#directive !== undefined || into[0]?.text === '#';
    if (!isDirective) {
      if (this.#left.includes(true)) return;
      for (const token of into) this.#tokens.push(token);
      return;
    }
    this.#directive = [...(this.#directive ?? []), ...into];
    if (!goesOn) this.#endDirective();
  }

  #lexemes(text: string, line: CodeLine, into: Token[]): void {
    const indent = indentOf(text);
    let at = 0;
    while (at < text.length) {
      if (this.#inComment) {
        const end = text.indexOf('*/', at);
        this.#comments.push({ line, text: text.slice(at, end < 0 ? undefined : end) });
        if (end < 0) return;
        this.#inComment = false;
        at = end + 2;
        continue;
      }
      LEXEME.lastIndex = at;
      const lexeme = LEXEME.exec(text)?.[0] ?? text.charAt(at);
      at += lexeme.length;
      if (lexeme === '/*') this.#inComment = true;
      else if (lexeme.startsWith('//')) this.#comments.push({ line, text: lexeme.slice(2) });
      else if (lexeme.trim() !== '')
        into.push({ kind: kindOf(lexeme), text: lexeme, line, indent, first: into.length === 0 });
    }
  }

  #endDirective(): void {
    const [, word, name, ...rest] = this.#directive ?? [];
    this.#directive = undefined;
    if (word !== undefined) this.#nest(word, rest.length === 0 ? name?.text : undefined);
    if (word?.text !== 'define' || name === undefined || rest[0]?.text !== '(') return;
    const close = rest.findIndex(({ text }) => text === ')');
    const params = rest.slice(1, close).flatMap(({ kind, text }) => (kind === 'word' ? [text] : []));
    this.#macros.push({ name: name.text, params, body: rest.slice(close + 1) });
  }

  /** Only `#if 0` and `#if 1` are settled by the text; of the others both branches are read. */
  #nest(word: Token, condition: string | undefined): void {
    const { text } = word;
    const settled = condition === '0' || condition === '1';
    if (text.startsWith('if')) this.#left.push(text === 'if' && settled ? condition === '0' : undefined);
    else if (text === 'endif') this.#left.pop();
    else if (text.startsWith('el')) {
      const left = this.#left.pop();
      this.#left.push(left === undefined ? undefined : !left);
    }
    if (this.#left.at(-1) === true) this.#leaveMark(word);
  }

  /** An empty statement in place of what is left out: the change is seen, and has a line. */
  #leaveMark({ line }: Token): void {
    if (/^[;{}]$/.test(this.#tokens.at(-1)?.text ?? ';')) {
      // Indented: the directive stands at the margin, the code around it need not.
      this.#tokens.push({ kind: 'mark', text: ';', line, indent: TAB, first: true });
    }
  }
}

/** The end of a comment comes before any begins, or its lines look like the middle of one. */
function beginsInComment(lines: readonly CodeLine[]): boolean {
  for (const { text } of lines) {
    const end = text.indexOf('*/');
    const begin = text.indexOf('/*');
    if (begin >= 0 && (end < 0 || begin < end)) return false;
    if (end >= 0) return true;
    if (text.trim() !== '' && !INSIDE_COMMENT.test(text)) return false;
  }
  return lines.some(({ text }) => INSIDE_COMMENT.test(text));
}

function kindOf(lexeme: string): Token['kind'] {
  if (/^(?:"|L?')/.test(lexeme)) return 'string';
  if (/^[A-Za-z_$]/.test(lexeme)) return 'word';
  return /^\d/.test(lexeme) ? 'number' : 'mark';
}

export function indentOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (character === ' ') columns += 1;
    else if (character === '\t') columns += TAB - (columns % TAB);
    else break;
  }
  return columns;
}
