/**
 * An event is declared as in QEMU's trace-events files, `name(args) "format"`,
 * with plain printf conversions in place of the PRI macros. The types below
 * read the names and kinds of its arguments off that text, so that adding an
 * event to the catalogue is adding a line.
 */
import { parseUint64, type Uint64 } from '../base/uint64.ts';

export type NameOf<D extends string> = D extends `${infer N}(${string}` ? N : never;

type ArgName<A extends string> = A extends `${string} ${infer R}`
  ? ArgName<R>
  : A extends `*${infer R}`
    ? ArgName<R>
    : A;

/** Strings and pointers stay text, everything else is a number. */
type ArgValue<A extends string> = A extends `${string}*${string}` ? string : Uint64;

type ParamsOf<P extends string> = P extends 'void'
  ? object
  : P extends `${infer H}, ${infer T}`
    ? { readonly [K in ArgName<H>]: ArgValue<H> } & ParamsOf<T>
    : { readonly [K in ArgName<P>]: ArgValue<P> };

/** The decoded arguments of a declaration: `{ dirty_pages: Uint64 }`. */
export type ArgsOf<D extends string> = D extends `${string}(${infer P}) "${string}` ? ParamsOf<P> : never;

export type ArgValues = Readonly<Record<string, Uint64 | string>>;

/** What one declaration makes of the text behind an event's name. */
export interface Decoded {
  readonly args: ArgValues;
  /** Further `key=value` pairs behind the declared ones, as a newer QEMU may print. */
  readonly extra: Readonly<Record<string, string>> | undefined;
}

export interface Decoder {
  decode(rest: string): Decoded | undefined;
  /** The text stops in the middle of what the format would print. */
  isCutShort(rest: string): boolean;
}

const CONVERSION = /%#?[0-9]*(?:hh|h|ll|l|z)?([dixups])/g;

/** What a conversion prints. Text is taken up to the next literal, or to the end of the line. */
const PATTERNS: Readonly<Record<string, string>> = {
  d: '(-?[0-9]+)',
  i: '(-?[0-9]+)',
  u: '([0-9]+)',
  x: '((?:0x)?[0-9a-fA-F]+)',
  p: '(0x[0-9a-fA-F]+|\\(nil\\))',
  s: '(.*?)',
};

type ArgKind = 'decimal' | 'hexadecimal' | 'text';

interface Parameter {
  readonly name: string;
  readonly kind: ArgKind;
}

export function compileDeclaration(declaration: string): Decoder {
  const { names, format } = splitDeclaration(declaration);
  const kinds: ArgKind[] = [];
  let source = '';
  const pieces: string[] = [];
  let at = 0;
  for (const match of format.matchAll(CONVERSION)) {
    const conversion = match[1] ?? 's';
    pieces.push(escapeRegExp(format.slice(at, match.index)), PATTERNS[conversion] ?? '(.*?)');
    kinds.push(conversion === 's' || conversion === 'p' ? 'text' : conversion === 'x' ? 'hexadecimal' : 'decimal');
    at = match.index + match[0].length;
  }
  pieces.push(escapeRegExp(format.slice(at)));
  source = pieces.join('');
  const parameters = names.map((name, index): Parameter => ({ name, kind: kinds[index] ?? 'text' }));
  const endsInText = format.endsWith('%s');
  const whole = new RegExp(`^${source}${endsInText ? '' : '(?:,? (\\S.*))?'}\\s*$`, 's');
  return {
    decode: (rest) => decodeWith(whole, parameters, rest),
    isCutShort: (rest) => isPrefix(pieces, rest),
  };
}

function splitDeclaration(declaration: string): { names: readonly string[]; format: string } {
  const open = declaration.indexOf('(');
  const close = declaration.indexOf(') "', open);
  const params = declaration.slice(open + 1, close);
  const names = params === 'void' ? [] : params.split(', ').map((param) => param.replace(/^.*[ *]/, ''));
  return { names, format: declaration.slice(close + 3, -1) };
}

function decodeWith(whole: RegExp, parameters: readonly Parameter[], rest: string): Decoded | undefined {
  const match = whole.exec(rest);
  if (match === null) return undefined;
  const args: Record<string, Uint64 | string> = {};
  for (const [index, { name, kind }] of parameters.entries()) {
    const text = match[index + 1] ?? '';
    args[name] = kind === 'text' ? text : kind === 'decimal' ? parseUint64(text) : parseHexadecimal(text);
  }
  const tail = match[parameters.length + 1];
  if (tail === undefined) return { args, extra: undefined };
  const extra = parsePairs(tail);
  return extra === undefined ? undefined : { args, extra };
}

function parseHexadecimal(text: string): Uint64 {
  return parseUint64(text.startsWith('0x') ? text : `0x${text}`);
}

/** `a=1, b c=2` to a record; undefined when a piece is no pair. */
function parsePairs(text: string): Readonly<Record<string, string>> | undefined {
  const pairs: Record<string, string> = {};
  for (const piece of text.split(', ')) {
    const equals = piece.indexOf('=');
    if (equals <= 0) return undefined;
    pairs[piece.slice(0, equals)] = piece.slice(equals + 1).trimEnd();
  }
  return pairs;
}

/** True when `rest` is what the format prints, broken off somewhere. */
function isPrefix(pieces: readonly string[], rest: string): boolean {
  let at = 0;
  for (const piece of pieces) {
    if (piece === '') continue;
    const match = new RegExp(`^${piece}`, 's').exec(rest.slice(at));
    if (match === null) return literalBegins(piece, rest.slice(at));
    at += match[0].length;
    if (at >= rest.length) return true;
  }
  return false;
}

function literalBegins(piece: string, rest: string): boolean {
  return piece.replaceAll('\\', '').startsWith(rest.trimEnd());
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
