/** Prints arguments by the format of an event's declaration, as QEMU's log back end would on a 64-bit host. */
import type { Uint64 } from '../../base/uint64.ts';

/** Texts stay text; numbers and pointers are the unsigned 64-bit value of the record. */
export type Argument = Uint64 | string;

/** A flag is a number that can only be 0 or 1. */
export type ArgumentKind = 'text' | 'number' | 'flag';

/** The text of the arguments; there are as many as the format has conversions. */
export type Printer = (values: readonly Argument[]) => string;

const CONVERSION = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(hh|h|ll|l|z|j|t)?([diuxXocsp%])/g;

const BITS: Readonly<Record<string, number>> = { hh: 8, h: 16, l: 64, ll: 64, z: 64, j: 64, t: 64 };

interface Conversion {
  readonly flags: string;
  readonly width: number;
  /** undefined without one. */
  readonly precision: number | undefined;
  readonly bits: number;
  readonly letter: string;
}

type Part = string | Conversion;

/** Wider than any real format; a longer one would only eat memory. */
const MAX_WIDTH = 200;

/** undefined when the format does not go with the arguments. */
export function compileFormat(format: string, kinds: readonly ArgumentKind[]): Printer | undefined {
  const parts = cutFormat(format);
  if (parts === undefined) return undefined;
  const conversions = parts.filter((part) => typeof part !== 'string');
  const fits =
    conversions.length === kinds.length &&
    conversions.every(({ letter }, index) => (letter === 's') === (kinds[index] === 'text'));
  if (!fits) return undefined;
  return (values) => {
    let at = 0;
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : print(part, values[at++] ?? 0);
    return text;
  };
}

/** A lone `%` stands for itself. */
function cutFormat(format: string): readonly Part[] | undefined {
  const parts: Part[] = [];
  let end = 0;
  for (const match of format.matchAll(CONVERSION)) {
    const [whole, flags = '', width, precision, length, letter = ''] = match;
    parts.push(format.slice(end, match.index));
    end = match.index + whole.length;
    if (letter === '%') parts.push('%');
    else if (!isNarrow(width) || !isNarrow(precision)) return undefined;
    else {
      parts.push({
        flags,
        width: Number(width ?? 0),
        precision: whole.includes('.') ? Number(precision ?? 0) : undefined,
        bits: letter === 'p' ? 64 : (BITS[length ?? ''] ?? 32),
        letter,
      });
    }
  }
  parts.push(format.slice(end));
  return parts.filter((part) => part !== '');
}

/** Not so a width that is an argument of its own. */
function isNarrow(width: string | undefined): boolean {
  return width === undefined || Number(width) <= MAX_WIDTH;
}

function print(conversion: Conversion, value: Argument): string {
  const { flags, width, precision } = conversion;
  if (typeof value === 'string') return pad(precision === undefined ? value : value.slice(0, precision), flags, width);
  if (conversion.letter === 'c') return pad(String.fromCharCode(Number(truncate(value, 8))), flags, width);
  const { sign, digits } = numberText(conversion, value);
  const long = digits.padStart(precision ?? 0, '0');
  const zeros = flags.includes('0') && !flags.includes('-') && precision === undefined;
  return pad(sign + (zeros ? long.padStart(width - sign.length, '0') : long), flags, width);
}

function numberText({ flags, bits, letter }: Conversion, value: Uint64): { sign: string; digits: string } {
  switch (letter) {
    case 'd':
    case 'i': {
      const signed = bits === 64 ? wideSigned(value) : Number(BigInt.asIntN(bits, BigInt(value)));
      if (signed < 0) return { sign: '-', digits: `${-signed}` };
      return { sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '', digits: `${signed}` };
    }
    case 'p':
      return value === 0 ? { sign: '', digits: '(nil)' } : { sign: '0x', digits: value.toString(16) };
    case 'x':
    case 'X': {
      const kept = truncate(value, bits);
      const digits = kept.toString(16);
      const sign = flags.includes('#') && kept !== 0 ? `0${letter}` : '';
      return { sign, digits: letter === 'X' ? digits.toUpperCase() : digits };
    }
    case 'o':
      return { sign: '', digits: truncate(value, bits).toString(8) };
    default:
      return { sign: '', digits: truncate(value, bits).toString() };
  }
}

/** What C keeps of the argument: records hold every number as 64 bits, a negative one with its sign extended. */
function truncate(value: Uint64, bits: number): Uint64 {
  if (bits === 64) return value;
  if (typeof value === 'number' && value < 2 ** bits) return value;
  return Number(BigInt.asUintN(bits, BigInt(value)));
}

function wideSigned(value: Uint64): Uint64 {
  return typeof value === 'number' ? value : BigInt.asIntN(64, value);
}

function pad(text: string, flags: string, width: number): string {
  return flags.includes('-') ? text.padEnd(width) : text.padStart(width);
}
