/**
 * Reads the arguments of one event from the bytes, where they are decimal
 * numbers and plain names. Anything else, such as a value beyond 15 digits, is
 * left to the event's own decoder, which it must never differ from.
 */
import { type ArgValues, type DeclaredFormat, furtherPairs } from '../../catalog/declaration.ts';
import type { ByteEntry, ByteTable } from './byte-table.ts';
import { NOT_SCANNED } from './prefix-scanner.ts';

const LINE_END = 10;
const ZERO = 48;
/** Exact in a `number`, whatever the digits. */
const MAX_DIGITS = 15;
const LONGEST_TAIL = 200;
const LONGEST_NAME = 80;

/** Letters that a name may have: none of them stands in a time stamp's end, or begins what follows a name. */
const NAME_LETTERS = /[A-Ya-z0-9_./-]/;
const IS_NAME = Uint8Array.from({ length: 256 }, (_, code) => (NAME_LETTERS.test(String.fromCharCode(code)) ? 1 : 0));
/** What may be the middle of a time stamp, or of a line that another one overwrote. */
const SUSPICIOUS = /[^ -~]|@|Z |_write|\s$/;

type Pairs = Readonly<Record<string, string>>;
type Values = (number | string)[];

/** `scan`: the text is none that this format prints. */
const NO_MATCH = -2;

class ScannedFormat {
  readonly #literals: readonly Uint8Array[];
  readonly #isText: readonly boolean[];
  readonly #names: readonly string[];
  readonly #template: Readonly<Record<string, number | string>>;
  readonly #values: Values;
  readonly #texts: ByteTable<string>;

  constructor({ literals, conversions, names }: DeclaredFormat, texts: ByteTable<string>) {
    this.#literals = literals.map((literal) => Buffer.from(literal));
    this.#isText = conversions.map((conversion) => conversion === 's');
    this.#names = names;
    this.#template = Object.fromEntries(names.map((name, index) => [name, this.#isText[index] === true ? '' : 0]));
    this.#values = names.map(() => 0);
    this.#texts = texts;
  }

  /** Where the format ends, or one of the two values above. */
  scan(view: DataView, buffer: Buffer, from: number): number {
    const isText = this.#isText;
    let at = this.#literal(view, from, 0);
    let certain = true;
    for (let index = 0; at >= 0 && index < isText.length; index += 1) {
      if (isText[index] === true) {
        certain = false;
        at = this.#text(view, buffer, at, index);
      } else {
        at = this.#number(view, at, index);
      }
      if (at >= 0) at = this.#literal(view, at, index + 1);
    }
    return at === NO_MATCH && !certain ? NOT_SCANNED : at;
  }

  /** What the last scan found. */
  args(): ArgValues {
    // A copy with all its keys is filled faster than an object that grows.
    const args: Record<string, number | string> = { ...this.#template };
    const names = this.#names;
    for (let index = 0; index < names.length; index += 1) args[names[index] ?? ''] = this.#values[index] ?? 0;
    return args;
  }

  #literal(view: DataView, at: number, index: number): number {
    const literal = this.#literals[index];
    if (literal === undefined) return at;
    for (let offset = 0; offset < literal.length; offset += 1) {
      if (view.getUint8(at + offset) !== literal[offset]) return NO_MATCH;
    }
    return at + literal.length;
  }

  #number(view: DataView, from: number, index: number): number {
    let at = from;
    let value = 0;
    for (;;) {
      const digit = view.getUint8(at) - ZERO;
      if (digit >>> 0 > 9) break;
      value = value * 10 + digit;
      at += 1;
    }
    // A sign, or a value that is not exact in a `number`.
    if (at === from || at - from > MAX_DIGITS) return NOT_SCANNED;
    this.#values[index] = value;
    return at;
  }

  #text(view: DataView, buffer: Buffer, from: number, index: number): number {
    let at = from;
    while (IS_NAME[view.getUint8(at)] === 1 && at - from <= LONGEST_NAME) at += 1;
    const known = this.#texts.find(view, from, at - from);
    if (known !== undefined) {
      this.#values[index] = known.value;
      return at;
    }
    const text = buffer.toString('latin1', from, at);
    if (text === '' || SUSPICIOUS.test(text)) return NOT_SCANNED;
    this.#texts.add(view, from, at - from, text);
    this.#values[index] = text;
    return at;
  }
}

export class FormatScanner {
  readonly #view: DataView;
  readonly #buffer: Buffer;
  readonly #formats: readonly ScannedFormat[];
  readonly #tails: ByteTable<Pairs>;
  readonly #endsInText: boolean;
  #tail: ByteEntry<Pairs> | undefined;
  args: ArgValues = {};
  extra: Pairs | undefined = undefined;

  constructor(
    view: DataView,
    buffer: Buffer,
    formats: readonly DeclaredFormat[],
    tables: { readonly texts: ByteTable<string>; readonly tails: ByteTable<Pairs> },
  ) {
    this.#view = view;
    this.#buffer = buffer;
    // One that is left out leaves those behind it out, too: they are tried in order.
    const end = formats.findIndex((format) => !isScannable(format));
    this.#formats = formats.slice(0, end < 0 ? formats.length : end).map((one) => new ScannedFormat(one, tables.texts));
    this.#endsInText = formats.some(
      ({ conversions, literals }) => conversions.at(-1) === 's' && literals.at(-1) === '',
    );
    this.#tails = tables.tails;
  }

  /** Where the line ends, before `filled`. Sets `args` and `extra`. */
  scan(from: number, filled: number): number {
    for (let index = 0; index < this.#formats.length; index += 1) {
      const format = this.#formats[index];
      const at = format?.scan(this.#view, this.#buffer, from) ?? NOT_SCANNED;
      if (at === NO_MATCH) continue;
      if (at < 0 || format === undefined) return NOT_SCANNED;
      const end = this.#lineEnd(at, filled);
      if (end >= 0) this.args = format.args();
      return end;
    }
    return NOT_SCANNED;
  }

  #lineEnd(at: number, filled: number): number {
    this.extra = undefined;
    if (at >= filled) return NOT_SCANNED;
    if (this.#view.getUint8(at) === LINE_END) return at;
    if (this.#endsInText) return NOT_SCANNED;
    const tail = this.#tailAt(at, filled);
    if (tail === undefined) return NOT_SCANNED;
    this.extra = tail.value;
    return at + tail.length;
  }

  #tailAt(at: number, filled: number): ByteEntry<Pairs> | undefined {
    const view = this.#view;
    const before = this.#tail;
    if (before !== undefined && at + before.length < filled) {
      if (view.getUint8(at + before.length) === LINE_END && before.standsAt(view, at)) return before;
    }
    const limit = Math.min(filled, at + LONGEST_TAIL);
    let end = at;
    while (end < limit && view.getUint8(end) !== LINE_END) end += 1;
    if (end >= limit) return undefined;
    const known = this.#tails.find(view, at, end - at) ?? this.#newTail(at, end);
    if (known !== undefined) this.#tail = known;
    return known;
  }

  #newTail(at: number, end: number): ByteEntry<Pairs> | undefined {
    const text = this.#buffer.toString('latin1', at, end);
    const pairs = SUSPICIOUS.test(text) ? undefined : furtherPairs(text);
    return pairs && this.#tails.add(this.#view, at, end - at, pairs);
  }
}

/** All conversions are decimal, or text that ends where the next literal begins. */
function isScannable({ literals, conversions }: DeclaredFormat): boolean {
  return conversions.every((conversion, index) => {
    const next = literals[index + 1] ?? '';
    if (conversion === 's')
      return next === '' ? index === conversions.length - 1 : !NAME_LETTERS.test(next.slice(0, 1));
    return /^[diu]$/.test(conversion) && !/^\d/.test(next);
  });
}
