/**
 * Prints an event by its declaration, as QEMU's log back end does with printf:
 * straight into bytes, and from the first argument on that differs from the
 * line before, for most lines of a long log repeat the one before them.
 */
import type { ArgValues } from '../../catalog/declaration.ts';
import { putDecimal } from './digits.ts';

type Value = number | bigint | string;

interface Piece {
  /** What stands before the conversion. */
  readonly literal: Uint8Array;
  readonly argument: string;
  readonly print: (value: Value) => string;
  /** A whole number from 0 to below this is printed by its digits. */
  readonly plainBelow: number;
  /** What an argument that is absent stands for. */
  readonly absent: Value | undefined;
}

/** `, NAME=%u` behind the format: arguments that no name in C stands for; 0 when absent. */
export type ExtraCounts = readonly string[];

const CONVERSION = /%#?[0-9]*(?<length>hh|h|ll|l|z)?(?<kind>[dixups])/g;
const LINE_FEED = '\n';
const UTF8 = new TextEncoder();
/** A number with so many digits is below this. */
const POWERS: readonly number[] = Array.from({ length: 17 }, (_, digits) => 10 ** digits);
/** The longest number: 20 digits and a sign. */
const NUMBER_BYTES = 24;

export class EventText {
  readonly #declaration: string;
  readonly #pieces: readonly Piece[];
  readonly #tail: Uint8Array;
  /** Where the text begins: what stands before it is the caller's. */
  readonly #front: number;
  /** Of the line before: its arguments, where each piece began, and where it ended. */
  readonly #values: (Value | undefined)[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #bytes: Uint8Array;
  #end = 0;
  /** Views of the bytes, by where they end: lines of one event differ little in length. */
  readonly #views = new Map<number, Uint8Array>();
  #viewsFrom = 0;

  /** Of `name(type a, type b) "format"`; with room for so many bytes before the text. */
  constructor(declaration: string, extra: ExtraCounts = [], front = 0) {
    this.#declaration = declaration;
    this.#front = front;
    this.#bytes = new Uint8Array(front + 256);
    const open = declaration.indexOf('(');
    const close = declaration.indexOf(') "');
    const parameters = declaration.slice(open + 1, close);
    const names = parameters === 'void' ? [] : parameters.split(', ').map((one) => one.replace(/^.*[ *]/, ''));
    const format = declaration.slice(close + 3, -1);
    const pieces: Piece[] = [];
    let literal = `${declaration.slice(0, open)} `;
    let at = 0;
    for (const match of format.matchAll(CONVERSION)) {
      const { length = '', kind = '' } = match.groups ?? {};
      const argument = names[pieces.length];
      if (argument === undefined) throw new Error(`more conversions than arguments: ${declaration}`);
      literal += format.slice(at, match.index);
      pieces.push({
        literal: UTF8.encode(literal),
        argument,
        absent: undefined,
        ...conversion(kind, /[lz]/.test(length)),
      });
      literal = '';
      at = match.index + match[0].length;
    }
    literal += format.slice(at);
    for (const argument of extra) {
      pieces.push({ literal: UTF8.encode(`${literal}, ${argument}=`), argument, absent: 0, ...conversion('u', true) });
      literal = '';
    }
    this.#pieces = pieces;
    this.#tail = UTF8.encode(literal + LINE_FEED);
  }

  /** `EVENT ARGS` and a line feed, valid until the next call; an event without arguments ends in a blank. */
  print(args: ArgValues): Uint8Array {
    this.put(args);
    return this.from(this.#front);
  }

  /** The bytes hold the text of these arguments. */
  holds(args: ArgValues): boolean {
    if (this.#end === 0) return false;
    const pieces = this.#pieces;
    for (let index = 0; index < pieces.length; index += 1) {
      const piece = pieces[index];
      if (piece !== undefined && this.#values[index] !== args[piece.argument]) return false;
    }
    return true;
  }

  /** Lays the text of these arguments into the bytes. True: their views are others now. */
  put(args: ArgValues): boolean {
    if (this.#end === 0) return this.#putFrom(0, args);
    const pieces = this.#pieces;
    for (let index = 0; index < pieces.length; index += 1) {
      const piece = pieces[index];
      if (piece === undefined || this.#values[index] === args[piece.argument]) continue;
      // A value as long as the one before takes its place.
      if (!this.#replace(piece, index, args)) return this.#putFrom(index, args);
    }
    return false;
  }

  /** The bytes from there on, what stands before the text included, to the end of the line. */
  from(start: number): Uint8Array {
    if (start !== this.#viewsFrom) this.#views.clear();
    this.#viewsFrom = start;
    const known = this.#views.get(this.#end);
    if (known !== undefined) return known;
    const view = this.#bytes.subarray(start, this.#end);
    this.#views.set(this.#end, view);
    return view;
  }

  #replace(piece: Piece, index: number, args: ArgValues): boolean {
    const value = args[piece.argument];
    if (typeof value !== 'number' || !isPlain(piece, value)) return false;
    const end = this.#ends[index] ?? 0;
    const at = (this.#starts[index] ?? 0) + piece.literal.length;
    if (value >= (POWERS[end - at] ?? 0) || (value < (POWERS[end - at - 1] ?? 0) && end - at > 1)) return false;
    putDecimal(this.#bytes, at, value);
    this.#values[index] = value;
    return true;
  }

  #putFrom(first: number, args: ArgValues): true {
    this.#end = 0;
    let at = this.#starts[first] ?? this.#front;
    for (let index = first; index < this.#pieces.length; index += 1) {
      const piece = this.#pieces[index];
      if (piece === undefined) break;
      this.#starts[index] = at;
      at = this.#printPiece(piece, at, args);
      this.#ends[index] = at;
      this.#values[index] = args[piece.argument];
    }
    this.#end = this.#put(this.#tail, at);
    return true;
  }

  #printPiece(piece: Piece, at: number, args: ArgValues): number {
    const value = args[piece.argument] ?? piece.absent;
    if (value === undefined) throw new Error(`no argument ${piece.argument} for ${this.#declaration}`);
    const next = this.#put(piece.literal, at);
    if (typeof value === 'number' && isPlain(piece, value)) {
      this.#reserve(next + NUMBER_BYTES);
      return putDecimal(this.#bytes, next, value);
    }
    return this.#put(UTF8.encode(piece.print(value)), next);
  }

  #put(bytes: Uint8Array, at: number): number {
    this.#reserve(at + bytes.length);
    this.#bytes.set(bytes, at);
    return at + bytes.length;
  }

  #reserve(count: number): void {
    if (count <= this.#bytes.length) return;
    const bytes = new Uint8Array(2 * count);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#views.clear();
  }
}

/** Printed by its digits. */
function isPlain({ plainBelow }: Piece, value: number): boolean {
  return value >= 0 && value < plainBelow && Number.isInteger(value);
}

/** Integers wrap at their width, as in C. */
function conversion(kind: string, wide: boolean): Pick<Piece, 'print' | 'plainBelow'> {
  const bits = wide ? 64 : 32;
  const plainBelow = wide ? Number.MAX_SAFE_INTEGER : 2 ** 31;
  const limit = 2 ** (bits - 1);
  switch (kind) {
    case 'd':
    case 'i':
      return {
        plainBelow,
        print: (value) => (isWithin(value, -limit, limit) ? String(value) : String(BigInt.asIntN(bits, BigInt(value)))),
      };
    case 'u':
      return {
        plainBelow,
        print: (value) => (isWithin(value, 0, limit) ? String(value) : String(BigInt.asUintN(bits, BigInt(value)))),
      };
    case 'x':
      return { plainBelow: 10, print: (value) => BigInt.asUintN(bits, BigInt(value)).toString(16) };
    default:
      return { plainBelow: 0, print: String };
  }
}

function isWithin(value: Value, low: number, end: number): boolean {
  return typeof value === 'number' && value >= low && value < end;
}
