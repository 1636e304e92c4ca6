/**
 * The functions that the hunks of a file show, each with as much of its body
 * as is seen, and what stands outside of functions: prototypes, members that
 * point to functions, and designated initialisers. Hunks of one function are
 * joined, with a gap between them.
 */
import type { Chunk, CodeLine } from './image.ts';
import { type Comment, type Macro, type Token, tokenize } from './tokens.ts';

export interface FunctionText {
  readonly name: string;
  /** Undefined where neither the text nor the hunk's header shows them whole. */
  readonly params: readonly Param[] | undefined;
  /** Of the body, hunk by hunk, without its outer braces. */
  readonly parts: readonly (readonly Token[])[];
  /** Its opening brace is seen. */
  readonly opened: boolean;
  /** Its closing brace is seen. */
  readonly closed: boolean;
  readonly header: CodeLine | undefined;
}

export interface Param {
  /** Empty where a prototype leaves it out. */
  readonly name: string;
  /** All words before the name. */
  readonly type: string;
}

export interface Prototype {
  readonly name: string;
  readonly params: readonly Param[];
  readonly line: CodeLine;
  /** A member of a struct that points to a function. */
  readonly member: boolean;
}

/** `.field = value` in an initialiser. */
export interface Initializer {
  readonly field: string;
  readonly value: string;
  readonly line: CodeLine;
}

export interface FileText {
  readonly functions: readonly FunctionText[];
  readonly prototypes: readonly Prototype[];
  readonly initializers: readonly Initializer[];
  readonly comments: readonly Comment[];
  readonly macros: readonly Macro[];
  /** The function that goes on behind each hunk. */
  readonly openAfter: readonly (string | undefined)[];
}

/** Mailers add a blank or two; no code inside a function has so few. */
const OUTSIDE = 2;
const KEYWORDS = new Set(['if', 'while', 'for', 'switch', 'return', 'sizeof', 'do', 'else', 'case', 'goto', 'defined']);

/**
 * The section of a hunk is that of the old file. `old`: that side, which tells
 * what a function is called on the new one that the hunks before renamed.
 */
export function readFunctions(chunks: readonly Chunk[], old?: FileText): FileText {
  const reader = new FileReader(old?.openAfter ?? []);
  for (const chunk of chunks) reader.chunk(chunk);
  return reader.finish();
}

interface Open {
  readonly name: string;
  readonly params: readonly Param[] | undefined;
  readonly parts: Token[][];
  readonly opened: boolean;
  readonly header: CodeLine | undefined;
}

class FileReader {
  readonly #functions: FunctionText[] = [];
  readonly #prototypes: Prototype[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #comments: Comment[] = [];
  readonly #macros: Macro[] = [];
  readonly #openAfter: (string | undefined)[] = [];
  readonly #oldNames: readonly (string | undefined)[];
  #open: Open | undefined;

  constructor(oldNames: readonly (string | undefined)[]) {
    this.#oldNames = oldNames;
  }

  chunk(chunk: Chunk): void {
    const { tokens, comments, macros } = tokenize(chunk);
    this.#comments.push(...comments);
    this.#macros.push(...macros);
    let at = 0;
    const first = tokens[0];
    const inside = first !== undefined && beginsInside(first);
    const section = sectionHeader(chunk.section);
    // A label at the left margin is what git shows where the function has one above the hunk.
    const nameless = /^\s*(?:\w+:.*)?$/.test(chunk.section);
    const before = this.#openAfter.length - 1;
    const goesOn =
      inside &&
      (section === undefined ? nameless : section.name === this.#open?.name || section.name === this.#oldNames[before]);
    if (!goesOn) this.#leave(false);
    if (inside && section !== undefined) {
      // The opening brace alone: the header stands right above the hunk.
      const opened = first.text === '{' && first.indent <= OUTSIDE;
      this.#open ??= { ...section, parts: [], opened, header: undefined };
    }
    if (inside) at = this.#body(tokens, 0);
    while (at < tokens.length) at = this.#outside(tokens, at);
    this.#openAfter.push(this.#open?.name);
  }

  finish(): FileText {
    this.#leave(false);
    return {
      functions: this.#functions,
      prototypes: this.#prototypes,
      initializers: this.#initializers,
      comments: this.#comments,
      macros: this.#macros,
      openAfter: this.#openAfter,
    };
  }

  #leave(closed: boolean): void {
    if (this.#open !== undefined) this.#functions.push({ ...this.#open, closed });
    this.#open = undefined;
  }

  /** Takes the tokens up to the brace that closes the function; without an open one they are a struct's or a list's. */
  #body(tokens: readonly Token[], from: number): number {
    let at = from;
    for (; at < tokens.length; at += 1) {
      const token = tokens[at];
      if (token !== undefined && token.text === '}' && token.first && token.indent <= OUTSIDE) break;
    }
    const begin = tokens[from]?.text === '{' && (tokens[from]?.indent ?? 0) <= OUTSIDE ? from + 1 : from;
    const part = tokens.slice(begin, at);
    if (this.#open === undefined) this.#members(part);
    else this.#open.parts.push(part);
    const closed = at < tokens.length;
    if (this.#open === undefined || closed) {
      if (this.#open !== undefined && looksLikeMembers(this.#open.parts)) {
        this.#members(part);
        this.#open = undefined;
      } else this.#leave(closed);
    }
    return at + 1;
  }

  /** One declaration or definition. Returns where the next begins. */
  #outside(tokens: readonly Token[], from: number): number {
    let depth = 0;
    for (let at = from; at < tokens.length; at += 1) {
      const text = tokens[at]?.text;
      if (text === '(') depth += 1;
      else if (text === ')') depth -= 1;
      else if (text === ';' && depth <= 0) {
        this.#declaration(tokens.slice(from, at));
        return at + 1;
      } else if (text === '}' && depth <= 0) return at + 1;
      else if (text === '{') return this.#definition(tokens, from, at);
    }
    this.#declaration(tokens.slice(from));
    return tokens.length;
  }

  #definition(tokens: readonly Token[], from: number, brace: number): number {
    const head = headerOf(tokens.slice(from, brace));
    const isFunction = head !== undefined && tokens[brace - 1]?.text === ')';
    if (isFunction) {
      const header = tokens[from + head.nameAt]?.line;
      this.#open = { name: head.name, params: head.params, parts: [], opened: true, header };
      return this.#body(tokens, brace + 1);
    }
    this.#open = undefined;
    return this.#body(tokens, brace + 1);
  }

  #declaration(tokens: readonly Token[]): void {
    const head = headerOf(tokens);
    const line = head === undefined ? undefined : tokens[head.nameAt]?.line;
    if (head?.params === undefined || line === undefined) {
      this.#members(tokens);
      return;
    }
    this.#prototypes.push({ name: head.name, params: head.params, line, member: false });
  }

  /** Members of a struct, or the lines of an initialiser. */
  #members(tokens: readonly Token[]): void {
    for (const [at, token] of tokens.entries()) {
      const [a, b, c] = [tokens[at + 1], tokens[at + 2], tokens[at + 3]];
      if (token.text === '.' && a?.kind === 'word' && b?.text === '=' && c?.kind === 'word') {
        this.#initializers.push({ field: a.text, value: c.text, line: c.line });
      }
      if (token.text === '(' && a?.text === '*' && b?.kind === 'word' && c?.text === ')') this.#pointer(tokens, at, b);
    }
  }

  #pointer(tokens: readonly Token[], at: number, name: Token): void {
    const open = at + 4;
    const close = closing(tokens, open);
    if (tokens[open]?.text !== '(' || close === undefined) return;
    const params = paramsOf(tokens.slice(open + 1, close));
    this.#prototypes.push({ name: name.text, params, line: name.line, member: true });
  }
}

function beginsInside(first: Token): boolean {
  if (first.indent > OUTSIDE) return true;
  // A label, or the braces of the function.
  return first.text === '{' || first.text === '}' || /^(?:out|err|fail|done|end)\w*$/.test(first.text);
}

/** A hunk above which git found a struct shows its members. */
function looksLikeMembers(parts: readonly (readonly Token[])[]): boolean {
  const tokens = parts[0] ?? [];
  return tokens[0]?.text === '.' && tokens[1]?.kind === 'word' && tokens[2]?.text === '=';
}

interface Header {
  readonly name: string;
  readonly nameAt: number;
  readonly params: readonly Param[] | undefined;
}

/** `static void name(params)`, `params` undefined where its end is missing. */
function headerOf(tokens: readonly Token[]): Header | undefined {
  const open = tokens.findIndex(({ text }) => text === '(' || text === '=');
  const name = tokens[open - 1];
  if (tokens[open]?.text !== '(' || name?.kind !== 'word' || KEYWORDS.has(name.text) || open < 2) return undefined;
  if (tokens[0]?.text === 'typedef') return undefined;
  const close = closing(tokens, open);
  const params = close === undefined ? undefined : paramsOf(tokens.slice(open + 1, close));
  return { name: name.text, nameAt: open - 1, params };
}

/** The same from what stands behind the second `@@`; a struct or a list is none. */
function sectionHeader(section: string): Omit<Header, 'nameAt'> | undefined {
  const line = { text: section, patch: 0, file: 0, hunk: 0, hunkLine: 0, changed: false };
  const { tokens } = tokenize({ hunk: 0, section: '', lines: [line] });
  const header = headerOf(tokens);
  return header === undefined ? undefined : { name: header.name, params: header.params };
}

export function closing(tokens: readonly Token[], open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    const text = tokens[at]?.text;
    if (text === '(' || text === '[' || text === '{') depth += 1;
    else if (text === ')' || text === ']' || text === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}

export function paramsOf(tokens: readonly Token[]): readonly Param[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (token.text === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  const params = parts.filter((part) => part.length > 0).map(paramOf);
  return params.length === 1 && params[0]?.type === '' && params[0].name === 'void' ? [] : params;
}

function paramOf(tokens: readonly Token[]): Param {
  const words = tokens.map(({ text }) => text);
  const pointer = words.indexOf('*');
  if (words[pointer - 1] === '(' && words[pointer + 1] !== undefined) {
    return { name: words[pointer + 1] ?? '', type: 'function' };
  }
  const last = tokens.findLast(({ kind }) => kind === 'word');
  const at = last === undefined ? -1 : tokens.lastIndexOf(last);
  return { name: last?.text ?? '', type: words.slice(0, Math.max(at, 0)).join(' ') };
}
