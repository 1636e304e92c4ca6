/**
 * Reads the arguments of one event from the bytes, where they are decimal
 * numbers and plain names. Anything else, such as a value beyond 15 digits, is
 * left to the event's own decoder, which it must never differ from.
 */
import { type ArgValues, type DeclaredFormat, furtherPairs } from '../../catalog/declaration.ts';
import { makerOf } from './arg-makers.ts';
import type { ByteEntry, ByteTable } from './byte-table.ts';
import { NOT_SCANNED } from './prefix-scanner.ts';
import type { Printer } from './scanned-place.ts';

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

/** What stands behind the declared arguments. */
export interface Tail {
  readonly text: string;
  readonly pairs: Pairs;
}

type Values = (number | string)[];

/** What stands behind the name of an event. */
export interface ScannedText {
  readonly format: ScannedFormat;
  readonly args: ArgValues;
  readonly tail: Tail | undefined;
}

/** `scan`: the text is none that this format prints. */
const NO_MATCH = -2;

/** Prints the arguments, too, with the name of their event. */
class ScannedFormat implements Printer {
  /** The first one without the name. */
  readonly literals: readonly Uint8Array[];
  /** All values are numbers. */
  readonly isNumeric: boolean;
  readonly #texts: readonly string[];
  readonly #isText: readonly boolean[];
  readonly #names: readonly string[];
  readonly #make: ReturnType<typeof makerOf>;
  readonly #values: Values;
  /** Those of the arguments made last, which many lines have in common. */
  #made: { readonly values: Values; readonly args: ArgValues } | undefined;
  readonly #words: ByteTable<string>;

  constructor(event: string, { literals, conversions, names }: DeclaredFormat, words: ByteTable<string>) {
    this.#texts = literals.map((literal, index) => (index === 0 ? `${event} ${literal}` : literal));
    this.literals = literals.map((literal) => Buffer.from(literal));
    this.#isText = conversions.map((conversion) => conversion === 's');
    this.isNumeric = !this.#isText.includes(true);
    this.#names = names;
    this.#make = makerOf(names);
    this.#values = names.map(() => 0);
    this.#words = words;
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

  /** What the last scan found; the same object as long as it is the same. */
  args(): ArgValues {
    const values = this.#values;
    const made = this.#made;
    if (made !== undefined && isEqual(made.values, values)) return made.args;
    const args = this.#make(values, 0);
    this.#made = { values: values.slice(), args };
    return args;
  }

  /** Those of numbers that were read elsewhere, from `from` on. */
  argsOf(numbers: Float64Array, from: number): ArgValues {
    return this.#make(numbers, from);
  }

  print(args: ArgValues): string {
    const values = this.#names.map((name) => args[name]);
    return this.#texts.map((literal, index) => `${literal}${values[index] ?? ''}`).join('');
  }

  #literal(view: DataView, at: number, index: number): number {
    const literal = this.literals[index];
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
    // It could not be printed again as it stands.
    if (at - from > 1 && view.getUint8(from) === ZERO) return NOT_SCANNED;
    this.#values[index] = value;
    return at;
  }

  #text(view: DataView, buffer: Buffer, from: number, index: number): number {
    let at = from;
    while (IS_NAME[view.getUint8(at)] === 1 && at - from <= LONGEST_NAME) at += 1;
    const known = this.#words.find(view, from, at - from);
    if (known !== undefined) {
      this.#values[index] = known.value;
      return at;
    }
    const text = buffer.toString('latin1', from, at);
    if (text === '' || SUSPICIOUS.test(text)) return NOT_SCANNED;
    this.#words.add(view, from, at - from, text);
    this.#values[index] = text;
    return at;
  }
}

export class FormatScanner {
  readonly #view: DataView;
  readonly #buffer: Buffer;
  readonly #formats: readonly ScannedFormat[];
  readonly #tails: ByteTable<Tail>;
  readonly #endsInText: boolean;
  /** Which of the formats a text has does not hang on its values. */
  readonly isDistinct: boolean;
  #tail: ByteEntry<Tail> | undefined;
  args: ArgValues = {};
  tail: Tail | undefined = undefined;
  /** What prints the arguments that `scan` found. */
  format: ScannedFormat | undefined = undefined;

  constructor(
    view: DataView,
    buffer: Buffer,
    event: string,
    formats: readonly DeclaredFormat[],
    tables: { readonly texts: ByteTable<string>; readonly tails: ByteTable<Tail> },
  ) {
    this.#view = view;
    this.#buffer = buffer;
    // One that is left out leaves those behind it out, too: they are tried in order.
    const end = formats.findIndex((format) => !isScannable(format));
    this.#formats = formats
      .slice(0, end < 0 ? formats.length : end)
      .map((one) => new ScannedFormat(event, one, tables.texts));
    this.#endsInText = formats.some(
      ({ conversions, literals }) => conversions.at(-1) === 's' && literals.at(-1) === '',
    );
    this.#tails = tables.tails;
    this.isDistinct = formats.length === 1 || !formats.some(({ literals }) => literals.some((text) => /\d/.test(text)));
  }

  /** Where the line ends, before `filled`. Sets the members above. */
  scan(from: number, filled: number): number {
    for (let index = 0; index < this.#formats.length; index += 1) {
      const format = this.#formats[index];
      const at = format?.scan(this.#view, this.#buffer, from) ?? NOT_SCANNED;
      if (at === NO_MATCH) continue;
      if (at < 0 || format === undefined) return NOT_SCANNED;
      const end = this.#lineEnd(at, filled);
      if (end < 0) return NOT_SCANNED;
      this.format = format;
      this.args = format.args();
      return end;
    }
    return NOT_SCANNED;
  }

  #lineEnd(at: number, filled: number): number {
    this.tail = undefined;
    if (at >= filled) return NOT_SCANNED;
    if (this.#view.getUint8(at) === LINE_END) return at;
    if (this.#endsInText) return NOT_SCANNED;
    const tail = this.#tailAt(at, filled);
    if (tail === undefined) return NOT_SCANNED;
    this.tail = tail.value;
    return at + tail.length;
  }

  #tailAt(at: number, filled: number): ByteEntry<Tail> | undefined {
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

  #newTail(at: number, end: number): ByteEntry<Tail> | undefined {
    const text = this.#buffer.toString('latin1', at, end);
    const pairs = SUSPICIOUS.test(text) ? undefined : furtherPairs(text);
    return pairs && this.#tails.add(this.#view, at, end - at, { text, pairs });
  }
}

function isEqual(some: Values, others: Values): boolean {
  for (let index = 0; index < some.length; index += 1) if (some[index] !== others[index]) return false;
  return true;
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
