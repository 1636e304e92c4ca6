/**
 * Statements of a function as far as hunks show it. What stands before the
 * first line or between two hunks is `unseen`; a block whose head is not shown
 * is `inside`.
 */
import { type Expr, parseExpression } from './expressions.ts';
import { closing, type FunctionText } from './functions.ts';
import type { CodeLine } from './image.ts';
import type { Token } from './tokens.ts';

export type Statement =
  | { readonly kind: 'expression'; readonly expr: Expr; readonly line: CodeLine }
  | {
      readonly kind: 'if';
      readonly condition: Expr;
      readonly yes: Block;
      readonly no: Block;
      readonly line: CodeLine;
    }
  /** Runs at least once in what matters: a FOREACH over the modules, or a block behind WITH_... */
  | {
      readonly kind: 'block';
      readonly name: string;
      readonly head: Expr;
      readonly body: Block;
      readonly line: CodeLine;
    }
  | { readonly kind: 'while'; readonly condition: Expr; readonly body: Block; readonly line: CodeLine }
  | { readonly kind: 'switch'; readonly on: Expr; readonly body: Block; readonly line: CodeLine }
  | { readonly kind: 'return'; readonly value: Expr | undefined; readonly line: CodeLine }
  | { readonly kind: 'goto'; readonly label: string; readonly line: CodeLine }
  | { readonly kind: 'label'; readonly name: string; readonly line: CodeLine }
  | { readonly kind: 'case'; readonly value: Expr | undefined; readonly line: CodeLine }
  | { readonly kind: 'break' | 'continue'; readonly line: CodeLine }
  /** `index`: the how many-th of its function. */
  | { readonly kind: 'inside'; readonly body: Block; readonly index: number }
  | { readonly kind: 'unseen' };

export type Block = readonly Statement[];

const UNSEEN: Statement = { kind: 'unseen' };
const MAX_DEPTH = 40;
/** Tokens of a statement; longer ones are tables. */
const LONGEST = 2000;

export function parseBody(text: FunctionText): Block {
  const parser = new BlockParser(text.parts);
  const body = parser.body();
  return [...(text.opened ? [] : [UNSEEN]), ...body, ...(text.closed ? [] : [UNSEEN])];
}

/** The body of a macro. */
export function parseTokens(tokens: readonly Token[]): Block {
  return new BlockParser([tokens], true).body();
}

class BlockParser {
  readonly #tokens: readonly Token[];
  /** Indices of the tokens that a gap stands before. */
  readonly #gaps: ReadonlySet<number>;
  readonly #gapsTaken = new Set<number>();
  readonly #whole: boolean;
  #at = 0;
  #depth = 0;
  #insides = 0;

  /** `whole`: the last statement ends with the text. */
  constructor(parts: readonly (readonly Token[])[], whole = false) {
    this.#whole = whole;
    this.#tokens = parts.flat();
    let begin = 0;
    const gaps = new Set<number>();
    for (const part of parts) {
      if (begin > 0) gaps.add(begin);
      begin += part.length;
    }
    this.#gaps = gaps;
  }

  /** All of it: what closes a block that was never opened makes what stands before it `inside`. */
  body(): Block {
    let done: Statement[] = [];
    while (this.#at < this.#tokens.length) {
      this.#gap(done);
      if (this.#text() === '}') {
        this.#at += 1;
        // What is above the last gap stands outside of the block.
        const gap = done.findLastIndex(({ kind }) => kind === 'unseen');
        done = [...done.slice(0, gap + 1), this.#inside(done.slice(gap + 1))];
        if (this.#text() === 'else') this.#strayElse(done);
      } else this.#statement(done);
    }
    return done;
  }

  #inside(body: Block): Statement {
    this.#insides += 1;
    return { kind: 'inside', body, index: this.#insides };
  }

  /** The other branch of an `if` that is not shown. */
  #strayElse(into: Statement[]): void {
    this.#at += 1;
    const body: Statement[] = [];
    this.#branch(body, 0);
    into.push(this.#inside(body));
  }

  #text(offset = 0): string | undefined {
    return this.#tokens[this.#at + offset]?.text;
  }

  #gap(into: Statement[]): void {
    if (!this.#gaps.has(this.#at) || this.#gapsTaken.has(this.#at)) return;
    this.#gapsTaken.add(this.#at);
    into.push(UNSEEN);
  }

  /** A block in braces, or one statement. `indent` is that of its head. */
  #branch(into: Statement[], indent: number): void {
    if (this.#text() !== '{') {
      if (this.#at < this.#tokens.length) this.#statement(into);
      else into.push(UNSEEN);
      return;
    }
    this.#at += 1;
    this.#depth += 1;
    for (;;) {
      const token = this.#tokens[this.#at];
      const gap = this.#gaps.has(this.#at) && !this.#gapsTaken.has(this.#at);
      // Behind a gap a line no deeper than the head stands outside of the block.
      if (token === undefined || (gap && token.indent <= indent && token.text !== '}')) {
        into.push(UNSEEN);
        break;
      }
      if (gap) this.#gap(into);
      if (token.text === '}') {
        this.#at += 1;
        break;
      }
      this.#statement(into);
    }
    this.#depth -= 1;
  }

  #statement(into: Statement[]): void {
    const token = this.#tokens[this.#at];
    if (token === undefined) return;
    const { line } = token;
    if (this.#depth > MAX_DEPTH) {
      this.#at = this.#tokens.length;
      into.push(UNSEEN);
      return;
    }
    this.#depth += 1;
    this.#byWord(token, line, into);
    this.#depth -= 1;
  }

  #byWord(token: Token, line: CodeLine, into: Statement[]): void {
    switch (token.text) {
      case '{':
        this.#branch(into, token.indent);
        return;
      case ';':
        this.#at += 1;
        return;
      case 'if':
        this.#if(token, into);
        return;
      case 'else':
        this.#strayElse(into);
        return;
      case 'while':
      case 'for':
      case 'switch':
        this.#loop(token, into);
        return;
      case 'do':
        this.#do(into);
        return;
      case 'return':
      case 'goto':
      case 'break':
      case 'continue':
      case 'case':
      case 'default':
        this.#jump(token, into);
        return;
      default:
        if (this.#text(1) === ':' && token.kind === 'word') {
          this.#at += 2;
          into.push({ kind: 'label', name: token.text, line });
        } else this.#expression(token, into);
    }
  }

  /** The tokens in the parentheses that follow. */
  #parenthesis(): readonly Token[] {
    const open = this.#at;
    if (this.#text() !== '(') return [];
    const close = this.#closing(open);
    const gap = this.#gapWithin(close);
    this.#at = gap ?? close + 1;
    return gap === undefined ? this.#tokens.slice(open + 1, close) : [];
  }

  /** The first gap in front of that token. */
  #gapWithin(end: number): number | undefined {
    for (const gap of this.#gaps) if (gap > this.#at && gap <= end) return gap;
    return undefined;
  }

  #closing(open: number): number {
    return closing(this.#tokens, open) ?? this.#tokens.length;
  }

  #if(token: Token, into: Statement[]): void {
    this.#at += 1;
    const head = this.#parenthesis();
    const condition = parseExpression(head);
    const yes: Statement[] = [];
    const no: Statement[] = [];
    this.#branch(yes, token.indent);
    if (this.#text() === 'else' && !this.#gaps.has(this.#at)) {
      this.#at += 1;
      this.#branch(no, token.indent);
    }
    into.push({ kind: 'if', condition, yes, no, line: lineOf([token, ...head]) });
  }

  #loop(token: Token, into: Statement[]): void {
    this.#at += 1;
    const head = this.#parenthesis();
    const body: Statement[] = [];
    this.#branch(body, token.indent);
    const { line } = token;
    if (token.text === 'while') into.push({ kind: 'while', condition: parseExpression(head), body, line });
    else if (token.text === 'switch') into.push({ kind: 'switch', on: parseExpression(head), body, line });
    else into.push({ kind: 'block', name: 'for', head: { kind: 'other', text: '' }, body, line });
  }

  /** Also the usual way to write a macro of several statements: that one runs once. */
  #do(into: Statement[]): void {
    const token = this.#tokens[this.#at];
    const body: Statement[] = [];
    this.#at += 1;
    this.#branch(body, token?.indent ?? 0);
    into.push(...body);
    if (this.#text() !== 'while' || token === undefined) return;
    this.#at += 1;
    const head = this.#parenthesis();
    if (head.length === 0 || head[0]?.text === '0' || head[0]?.text === 'false') return;
    into.push({ kind: 'while', condition: parseExpression(head), body, line: token.line });
  }

  #jump(token: Token, into: Statement[]): void {
    this.#at += 1;
    const { line, text } = token;
    const isCase = text === 'case' || text === 'default';
    const end = this.#until(isCase ? ':' : ';');
    const rest = this.#tokens.slice(this.#at, end);
    this.#at = this.#text(end - this.#at) === '}' ? end : end + 1;
    const value = rest.length === 0 ? undefined : parseExpression(rest);
    if (text === 'return') into.push({ kind: 'return', value, line });
    else if (text === 'goto') into.push({ kind: 'goto', label: rest[0]?.text ?? '', line });
    else if (isCase) into.push({ kind: 'case', value, line });
    else into.push({ kind: text === 'break' ? 'break' : 'continue', line });
  }

  /** Index of the mark outside of parentheses, of a brace that closes the block, or of the end. */
  #until(mark: string): number {
    let depth = 0;
    for (let at = this.#at; at < this.#tokens.length; at += 1) {
      const text = this.#tokens[at]?.text;
      if (depth <= 0 && (text === mark || text === '}')) return at;
      if (text === '(' || text === '{' || text === '[') depth += 1;
      if (text === ')' || text === '}' || text === ']') depth -= 1;
    }
    return this.#tokens.length;
  }

  #expression(token: Token, into: Statement[]): void {
    const open = this.#text(1) === '(' ? this.#at + 1 : -1;
    const close = open < 0 ? -1 : this.#closing(open);
    // NAME(...) { ... }
    if (open >= 0 && this.#tokens[close + 1]?.text === '{') {
      const head = parseExpression(this.#tokens.slice(this.#at, close + 1));
      this.#at = close + 1;
      const body: Statement[] = [];
      this.#branch(body, token.indent);
      into.push({ kind: 'block', name: token.text, head, body, line: token.line });
      return;
    }
    const end = this.#until(';');
    const gap = this.#gapWithin(end);
    const tokens = this.#tokens.slice(this.#at, end);
    const ended = this.#tokens[end]?.text === ';' || (this.#whole && end >= this.#tokens.length);
    const whole = ended && gap === undefined && tokens.length <= LONGEST;
    this.#at = gap ?? (this.#tokens[end]?.text === ';' ? end + 1 : end);
    // Cut off by the end of a hunk.
    if (!whole) into.push(UNSEEN);
    else for (const part of declarators(tokens)) into.push(expressionOf(part));
  }
}

function expressionOf(tokens: readonly Token[]): Statement {
  return { kind: 'expression', expr: parseExpression(tokens), line: lineOf(tokens) };
}

/** The first line that the patch changes, else the first. */
function lineOf(tokens: readonly Token[]): CodeLine {
  const token = tokens.find(({ line }) => line.changed) ?? tokens[0];
  return token?.line ?? { text: '', patch: 0, file: 0, hunk: 0, hunkLine: 0, changed: false };
}

/** `int a = f(), *b;` as what it assigns; any other statement as it is. */
function declarators(tokens: readonly Token[]): readonly (readonly Token[])[] {
  if (!isDeclaration(tokens)) return [tokens];
  const found: (readonly Token[])[] = [];
  let begin = 0;
  let depth = 0;
  for (let at = 0; at <= tokens.length; at += 1) {
    const text = tokens[at]?.text;
    if (text === '(' || text === '{' || text === '[') depth += 1;
    if (text === ')' || text === '}' || text === ']') depth -= 1;
    if (at < tokens.length && (text !== ',' || depth > 0)) continue;
    const equals = tokens.findIndex((token, index) => index >= begin && index < at && token.text === '=');
    if (equals > 0) found.push(tokens.slice(equals - 1, at));
    begin = at + 1;
  }
  return found;
}

function isDeclaration(tokens: readonly Token[]): boolean {
  const [a, b] = tokens;
  if (a?.kind !== 'word' || b === undefined) return false;
  if (b.kind === 'word') return true;
  const stars = tokens.findIndex(({ text }, at) => at > 0 && text !== '*');
  return (
    b.text === '*' && tokens[stars]?.kind === 'word' && [undefined, '=', ',', '['].includes(tokens[stars + 1]?.text)
  );
}
