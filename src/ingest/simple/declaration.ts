/**
 * How a record's arguments are laid out and printed. A record does not say
 * what is in it: only the event's declaration does, so a declaration counts
 * only when the record is exactly as long as it demands.
 */
import type { ByteOrder } from './layout.ts';
import { type Argument, type ArgumentKind, compileFormat, type Printer } from './printf.ts';

/** A declaration as QEMU's trace-events files have it, taken apart when first needed. */
export class RecordDeclaration {
  readonly #params: string;
  readonly #formats: string;
  readonly kinds: readonly ArgumentKind[];
  #printer: Printer | undefined;
  #compiled = false;

  /** `params` without the parentheses; `formats` are the C string literals and macros behind them. */
  constructor(params: string, formats: string) {
    this.#params = params.replaceAll(/\s+/g, ' ').trim();
    this.#formats = formats;
    this.kinds = this.#params === '' || this.#params === 'void' ? [] : this.#params.split(',').map(kindOf);
  }

  /** The same arguments in the same order, though another format may print them. */
  reads(other: RecordDeclaration): boolean {
    return this.#params === other.#params;
  }

  /** undefined when the format does not go with the arguments. */
  get printer(): Printer | undefined {
    if (!this.#compiled) {
      const format = joinLiterals(this.#formats);
      this.#printer = format === undefined ? undefined : compileFormat(format, this.kinds);
      this.#compiled = true;
    }
    return this.#printer;
  }
}

/** What tracetool takes for a string; every other pointer is recorded as a number. */
function kindOf(param: string): ArgumentKind {
  if (/^ ?(?:const )?char ?\*(?!.*\*)/.test(param)) return 'text';
  return /^ ?bool \w/.test(param) ? 'flag' : 'number';
}

const DECLARATION = /^(?:[a-z]+\s+)*([A-Za-z_]\w*)\s*\(([^()]*)\)\s*(.*)$/s;

/** A line of a trace-events file, undefined when it is none. */
export function parseDeclaration(line: string): { name: string; declaration: RecordDeclaration } | undefined {
  const match = DECLARATION.exec(line);
  if (match === null) return undefined;
  const [, name = '', params = '', formats = ''] = match;
  const isFormat = /^(?:"|[A-Z]\w*)/.test(formats) || (formats === '' && params.trim() === 'void');
  if (!isFormat) return undefined;
  return { name, declaration: new RecordDeclaration(params, formats) };
}

const PIECE = /\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|PRI([diouxX])(8|16|32|64|PTR|MAX)|([A-Z][A-Za-z_]*))/y;

const LENGTHS: Readonly<Record<string, string>> = { 8: 'hh', 16: 'h', 32: '', 64: 'l', PTR: 'l', MAX: 'l' };

/** `"size %" PRIu64 " bytes"` to `size %lu bytes`; undefined with a macro that is not known. */
function joinLiterals(formats: string): string | undefined {
  let text = '';
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < formats.trimEnd().length) {
    const match = PIECE.exec(formats);
    if (match === null) return undefined;
    const [, literal, conversion, size, macro] = match;
    if (macro !== undefined) return undefined;
    text += literal === undefined ? `${LENGTHS[size ?? ''] ?? ''}${conversion}` : unescaped(literal);
  }
  return text;
}

function unescaped(literal: string): string {
  return literal.replaceAll(/\\(.)/g, (_whole, character: string) => (character === 'n' ? '\n' : character));
}

/** The bytes of a record's arguments. */
export interface ArgumentBytes {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  readonly order: ByteOrder;
}

/** undefined when the arguments do not end exactly where the record does, or can't be these. */
function readArguments(kinds: readonly ArgumentKind[], { bytes, from, to, order }: ArgumentBytes) {
  const values: Argument[] = [];
  let at = from;
  for (const kind of kinds) {
    if (at + (kind === 'text' ? 4 : 8) > to) return undefined;
    if (kind !== 'text') {
      const value = order.u64(bytes, at);
      if (kind === 'flag' && value > 1) return undefined;
      values.push(value);
      at += 8;
      continue;
    }
    const start = at + 4;
    const length = order.u32(bytes, at);
    if (length > to - start) return undefined;
    at = start + length;
    values.push(bytes.toString('utf8', start, at));
  }
  return at === to ? values : undefined;
}

/** Arguments by the one declaration that they fit; undefined when none or several different ones do. */
export function fitDeclaration(
  declarations: readonly RecordDeclaration[],
  from: ArgumentBytes,
): { readonly declaration: RecordDeclaration; readonly values: readonly Argument[] } | undefined {
  let fit: { declaration: RecordDeclaration; values: readonly Argument[] } | undefined;
  for (const declaration of declarations) {
    if (fit?.declaration.reads(declaration) === true) continue;
    const values = readArguments(declaration.kinds, from);
    if (values === undefined) continue;
    if (fit !== undefined) return undefined;
    fit = { declaration, values };
  }
  return fit;
}
