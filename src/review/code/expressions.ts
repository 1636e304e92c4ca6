/** Expressions of C, as far as conditions, calls, sums and assignments need them. What is not understood stays text. */
import { closing } from './functions.ts';
import type { CodeLine } from './image.ts';
import type { Token } from './tokens.ts';

export type Expr =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'member'; readonly of: Expr; readonly name: string }
  | { readonly kind: 'call'; readonly callee: Expr; readonly args: readonly Expr[]; readonly line: CodeLine }
  | { readonly kind: 'unary'; readonly op: string; readonly of: Expr }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'assign'; readonly op: string; readonly left: Expr; readonly right: Expr; readonly line: CodeLine }
  | { readonly kind: 'choice'; readonly condition: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly kind: 'other'; readonly text: string };

const BINDING: Readonly<Record<string, number>> = {
  ',': 1,
  '=': 2,
  '+=': 2,
  '-=': 2,
  '*=': 2,
  '/=': 2,
  '|=': 2,
  '&=': 2,
  '^=': 2,
  '%=': 2,
  '<<=': 2,
  '>>=': 2,
  '?': 3,
  '||': 4,
  '&&': 5,
  '|': 6,
  '^': 7,
  '&': 8,
  '==': 9,
  '!=': 9,
  '<': 10,
  '>': 10,
  '<=': 10,
  '>=': 10,
  '<<': 11,
  '>>': 11,
  '+': 12,
  '-': 12,
  '*': 13,
  '/': 13,
  '%': 13,
};
const ASSIGNMENT = 2;
const CHOICE = 3;
const PREFIX = 14;
/** Deeper than any code; what nests deeper stays text. */
const MAX_DEPTH = 60;
const TYPE_WORDS =
  /^(?:const|unsigned|signed|struct|enum|union|volatile|int|long|short|char|bool|void|float|double|size_t|\w+_t)$/;

export function parseExpression(tokens: readonly Token[]): Expr {
  if (tokens.length === 0) return { kind: 'other', text: '' };
  const parser = new Parser(tokens);
  const expr = parser.parse(0);
  return parser.atEnd ? expr : { kind: 'other', text: tokens.map(({ text }) => text).join(' ') };
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  parse(least: number): Expr {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      this.#depth -= 1;
      return this.#restAsText();
    }
    let left = this.#postfix(this.#prefix());
    for (;;) {
      const token = this.#tokens[this.#at];
      const power = token === undefined ? undefined : BINDING[token.text];
      if (token === undefined || power === undefined || power < least) break;
      this.#at += 1;
      left = this.#infix(left, token, power);
    }
    this.#depth -= 1;
    return left;
  }

  #infix(left: Expr, token: Token, power: number): Expr {
    if (power === ASSIGNMENT) {
      return { kind: 'assign', op: token.text, left, right: this.parse(ASSIGNMENT), line: token.line };
    }
    if (power === CHOICE) {
      const yes = this.parse(ASSIGNMENT);
      if (this.#tokens[this.#at]?.text === ':') this.#at += 1;
      return { kind: 'choice', condition: left, yes, no: this.parse(CHOICE) };
    }
    return { kind: 'binary', op: token.text, left, right: this.parse(power + 1) };
  }

  #prefix(): Expr {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token === undefined) return { kind: 'other', text: '' };
    if (['!', '-', '+', '~', '&', '*', '++', '--'].includes(token.text)) {
      return { kind: 'unary', op: token.text, of: this.parse(PREFIX) };
    }
    if (token.text === '(') return this.#parenthesis();
    if (token.text === '{') return this.#braces();
    if (token.kind === 'word') return { kind: 'name', name: token.text };
    if (token.kind === 'number') return { kind: 'number', text: token.text };
    if (token.kind === 'string') return this.#strings(token.text);
    return { kind: 'other', text: token.text };
  }

  /** A format is strings and macros side by side. */
  #strings(first: string): Expr {
    let text = first;
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === undefined || (token.kind !== 'string' && !/^PRI[a-zA-Z]+\d*$/.test(token.text))) break;
      text += token.text;
      this.#at += 1;
    }
    return { kind: 'string', text };
  }

  #parenthesis(): Expr {
    const open = this.#at - 1;
    const close = closing(this.#tokens, open);
    const inner = this.#tokens.slice(open + 1, close);
    if (close !== undefined && isType(inner) && beginsOperand(this.#tokens[close + 1])) {
      this.#at = close + 1;
      return this.parse(PREFIX);
    }
    const expr = this.parse(0);
    if (this.#tokens[this.#at]?.text === ')') this.#at += 1;
    return expr;
  }

  #braces(): Expr {
    const close = closing(this.#tokens, this.#at - 1) ?? this.#tokens.length;
    this.#at = close + 1;
    return { kind: 'other', text: '{}' };
  }

  #postfix(of: Expr): Expr {
    let expr = of;
    for (;;) {
      const token = this.#tokens[this.#at];
      const next = this.#tokens[this.#at + 1];
      if (token?.text === '(') expr = this.#call(expr, token.line);
      else if ((token?.text === '.' || token?.text === '->') && next?.kind === 'word') {
        this.#at += 2;
        expr = { kind: 'member', of: expr, name: next.text };
      } else if (token?.text === '[') {
        this.#at = (closing(this.#tokens, this.#at) ?? this.#tokens.length) + 1;
      } else if (token?.text === '++' || token?.text === '--') {
        this.#at += 1;
        expr = { kind: 'unary', op: token.text, of: expr };
      } else return expr;
    }
  }

  #call(callee: Expr, line: CodeLine): Expr {
    this.#at += 1;
    const args: Expr[] = [];
    while (!this.atEnd && this.#tokens[this.#at]?.text !== ')') {
      const before = this.#at;
      args.push(this.parse(ASSIGNMENT));
      if (this.#tokens[this.#at]?.text === ',') this.#at += 1;
      else if (this.#at === before) this.#at += 1;
      else if (this.#tokens[this.#at]?.text !== ')' && !this.atEnd) this.#skipArgument();
    }
    this.#at += 1;
    return { kind: 'call', callee, args, line };
  }

  /** What stands behind an argument that was understood in part. */
  #skipArgument(): void {
    let depth = 0;
    for (; !this.atEnd; this.#at += 1) {
      const text = this.#tokens[this.#at]?.text;
      if (depth === 0 && (text === ',' || text === ')')) break;
      if (text === '(') depth += 1;
      if (text === ')') depth -= 1;
    }
    if (this.#tokens[this.#at]?.text === ',') this.#at += 1;
  }

  #restAsText(): Expr {
    const text = this.#tokens
      .slice(this.#at)
      .map((token) => token.text)
      .join(' ');
    this.#at = this.#tokens.length;
    return { kind: 'other', text };
  }
}

function isType(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  if (tokens.length === 0 || tokens.some(({ kind, text }) => kind !== 'word' && text !== '*')) return false;
  if (last?.text === '*') return true;
  return tokens.every(({ text }) => TYPE_WORDS.test(text));
}

function beginsOperand(token: Token | undefined): boolean {
  return (
    token !== undefined && (token.kind !== 'mark' || token.text === '(' || token.text === '&' || token.text === '*')
  );
}

/** The same text for what means the same: `->` is `.`, `&x` and `*x` are x. */
export function textOf(expr: Expr): string {
  switch (expr.kind) {
    case 'name':
      return expr.name;
    case 'number':
    case 'string':
    case 'other':
      return expr.text;
    case 'member':
      return `${textOf(expr.of)}.${expr.name}`;
    case 'call':
      return `${textOf(expr.callee)}(${expr.args.map(textOf).join(', ')})`;
    case 'unary':
      return expr.op === '&' || expr.op === '*' ? textOf(expr.of) : `${expr.op}${textOf(expr.of)}`;
    case 'binary':
      return `${textOf(expr.left)} ${expr.op} ${textOf(expr.right)}`;
    case 'assign':
      return `${textOf(expr.left)} ${expr.op} ${textOf(expr.right)}`;
    case 'choice':
      return `${textOf(expr.condition)} ? ${textOf(expr.yes)} : ${textOf(expr.no)}`;
  }
}
