/**
 * An event is declared as in QEMU's trace-events files, `name(args) "format"`,
 * with plain printf conversions in place of the PRI macros. The types below
 * read the names and kinds of its arguments off that text, so that adding an
 * event to the catalogue is adding a line.
 */
import { normalise, parseUint64, type Uint64 } from '../base/uint64.ts';

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

/** An argument by name, as LTTng and simpletrace.py show it. */
export interface Field {
  readonly name: string;
  /** Without quotes and escapes. */
  readonly value: string;
  /** A text, not a number. */
  readonly quoted: boolean;
}

export interface Decoder {
  decode(rest: string): Decoded | undefined;
  /** The same from arguments by name: all that are declared, in their order; further ones may follow. */
  decodeFields(fields: readonly Field[]): Decoded | undefined;
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

/** The same, broken off at the end of the line. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  d: '-?[0-9]*',
  i: '-?[0-9]*',
  u: '[0-9]*',
  x: '(?:0x?)?[0-9a-fA-F]*',
  p: '(?:0x?[0-9a-fA-F]*|\\(n?i?l?\\)?)?',
};

type ArgKind = 'decimal' | 'hexadecimal' | 'text';

interface Parameter {
  readonly name: string;
  readonly kind: ArgKind;
  readonly conversion: string;
}

/** A format cut at its conversions: literal, conversion, literal, ..., literal. */
interface Format {
  readonly literals: readonly string[];
  readonly conversions: readonly string[];
}

/** A declaration for those who read it from bytes. */
export interface DeclaredFormat extends Format {
  /** Of the arguments, one for each conversion. */
  readonly names: readonly string[];
}

export function declaredFormat(declaration: string): DeclaredFormat {
  const { names, format } = splitDeclaration(declaration);
  return { names, ...cutFormat(format) };
}

export function compileDeclaration(declaration: string): Decoder {
  const { names, format } = splitDeclaration(declaration);
  const parts = cutFormat(format);
  const parameters = names.map((name, index): Parameter => {
    const conversion = parts.conversions[index] ?? 's';
    return { name, kind: kindOf(conversion), conversion };
  });
  const source = parts.literals
    .map((literal, index) => escapeRegExp(literal) + (PATTERNS[parts.conversions[index] ?? ''] ?? ''))
    .join('');
  const endsInText = format.endsWith('%s');
  const whole = new RegExp(`^${source}${endsInText ? '' : '(?:,? (\\S.*))?'}\\s*$`, 's');
  const pairs = rememberingLast(parsePairs);
  let beginning: RegExp | undefined;
  return {
    decode: (rest) => decodeWith(whole, parameters, pairs, rest),
    decodeFields: (fields) => decodeFieldsWith(parameters, fields),
    isCutShort: (rest) => {
      // Only torn lines come here: compiled when the first one does.
      beginning ??= new RegExp(`^${beginningOf(parts, 0)}$`, 's');
      return beginning.test(rest);
    },
  };
}

function cutFormat(format: string): Format {
  const literals: string[] = [];
  const conversions: string[] = [];
  let at = 0;
  for (const match of format.matchAll(CONVERSION)) {
    literals.push(format.slice(at, match.index));
    conversions.push(match[1] ?? 's');
    at = match.index + match[0].length;
  }
  literals.push(format.slice(at));
  return { literals, conversions };
}

function kindOf(conversion: string): ArgKind {
  if (conversion === 's' || conversion === 'p') return 'text';
  return conversion === 'x' ? 'hexadecimal' : 'decimal';
}

/** `key=value` pairs behind the whole format, the last one broken off. */
const PAIRS = '(?:, [^,=]+=[^,]*)*(?:,(?: [^,=]*)?)?';

/** Matches every beginning of what the format prints from its literal `index` on. */
function beginningOf(format: Format, index: number): string {
  const literal = format.literals[index] ?? '';
  const conversion = format.conversions[index];
  const behind = conversion === undefined ? PAIRS : beginningOfConversion(format, index, conversion);
  return [...literal].reduceRight((rest, character) => `(?:${escapeRegExp(character)}${rest})?`, behind);
}

function beginningOfConversion(format: Format, index: number, conversion: string): string {
  const next = format.literals[index + 1] ?? '';
  const beginning = BEGINNINGS[conversion] ?? textUpTo(next);
  const whole = PATTERNS[conversion] ?? '(.*?)';
  const complete = conversion === 's' ? textUpTo(next) : whole.replace(/^\(/, '(?:');
  return `(?:${beginning}|${complete}${beginningOf(format, index + 1)})`;
}

/**
 * Text in the middle of a format is a name: it has no blank where the format
 * has one behind it. Else every changed format that begins with a name would
 * read as cut short.
 */
function textUpTo(literal: string): string {
  if (literal === '') return '.*';
  return literal.startsWith(' ') || literal.startsWith(',') ? '[^ ,]*' : `(?:(?!${escapeRegExp(literal)}).)*`;
}

function splitDeclaration(declaration: string): { names: readonly string[]; format: string } {
  const open = declaration.indexOf('(');
  const close = declaration.indexOf(') "', open);
  const params = declaration.slice(open + 1, close);
  const names = params === 'void' ? [] : params.split(', ').map((param) => param.replace(/^.*[ *]/, ''));
  return { names, format: declaration.slice(close + 3, -1) };
}

type Pairs = Readonly<Record<string, string>>;

function decodeWith(
  whole: RegExp,
  parameters: readonly Parameter[],
  pairs: (text: string) => Pairs | undefined,
  rest: string,
): Decoded | undefined {
  const match = whole.exec(rest);
  if (match === null) return undefined;
  const args: Record<string, Uint64 | string> = {};
  for (const [index, { name, kind }] of parameters.entries()) {
    const text = match[index + 1] ?? '';
    args[name] = kind === 'text' ? text : kind === 'decimal' ? parseUint64(text) : parseHexadecimal(text);
  }
  const tail = match[parameters.length + 1];
  if (tail === undefined) return { args, extra: undefined };
  const extra = pairs(tail);
  return extra === undefined ? undefined : { args, extra };
}

function decodeFieldsWith(parameters: readonly Parameter[], fields: readonly Field[]): Decoded | undefined {
  const args: Record<string, Uint64 | string> = {};
  for (const [index, { name, conversion }] of parameters.entries()) {
    const field = fields[index];
    const value = field?.name === name ? fieldValue(field, conversion) : undefined;
    if (value === undefined) return undefined;
    args[name] = value;
  }
  const further = fields.slice(parameters.length);
  if (further.length === 0) return { args, extra: undefined };
  return { args, extra: Object.fromEntries(further.map(({ name, value }) => [name, value])) };
}

const INTEGER = /^(?:0x[0-9a-f]{1,16}|-?[0-9]{1,20})$/i;

/** What the text of the log would have shown for the field; undefined when it is of another kind. */
function fieldValue({ value, quoted }: Field, conversion: string): Uint64 | string | undefined {
  if (conversion === 's') return quoted ? value : undefined;
  if (quoted || !INTEGER.test(value)) return undefined;
  if (conversion === 'p') return /^(?:0x)?0+$/i.test(value) ? '(nil)' : value.toLowerCase();
  const number = parseUint64(value);
  // A negative number in 64 bits without a sign: %d shows the sign.
  const signed = conversion === 'd' || conversion === 'i';
  return signed && typeof number === 'bigint' ? normalise(BigInt.asIntN(64, number)) : number;
}

function parseHexadecimal(text: string): Uint64 {
  return parseUint64(text.startsWith('0x') ? text : `0x${text}`);
}

/** Millions of queries end in the same pairs as the one before. */
function rememberingLast<T>(make: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly made: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, made: make(text) };
    return last.made;
  };
}

/** What may stand behind a format that does not end in text. */
export function furtherPairs(tail: string): Pairs | undefined {
  const pairs = /^,? (\S.*)$/s.exec(tail)?.[1];
  return pairs === undefined ? undefined : parsePairs(pairs);
}

/** `a=1, b c=2` to a record; undefined when a piece is no pair. */
function parsePairs(text: string): Pairs | undefined {
  const pairs: [string, string][] = [];
  for (const piece of text.split(', ')) {
    const equals = piece.indexOf('=');
    if (equals <= 0) return undefined;
    pairs.push([piece.slice(0, equals), piece.slice(equals + 1).trimEnd()]);
  }
  // Not by assignment: a key may be called __proto__.
  return Object.fromEntries(pairs);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
