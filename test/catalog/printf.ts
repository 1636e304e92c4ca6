/** Prints events as QEMU does, independently of the decoder: the C side of a declaration. */
import fc from 'fast-check';
import { type Declaration, EVENT_GROUPS } from '../../src/catalog/events.ts';

export const DECLARATIONS: readonly Declaration[] = Object.values(EVENT_GROUPS).flat();

export interface Signature {
  readonly name: string;
  readonly params: readonly string[];
  readonly format: string;
}

export function signatureOf(declaration: string): Signature {
  const match = /^(\w+)\((.*?)\) "(.*)"$/.exec(declaration);
  if (match === null) throw new Error(`no declaration: ${declaration}`);
  const [, name = '', params = '', format = ''] = match;
  return { name, format, params: params === 'void' ? [] : params.split(', ') };
}

/** `const char *file` to `file`. */
export function paramName(param: string): string {
  return /(\w+)$/.exec(param)?.[1] ?? '';
}

type Value = bigint | string;

const CONVERSIONS = /%(#?)(hh|h|ll|l|z)?([duxps])/g;

/** The conversions of a format in order, `lu` for `%lu`. */
export function conversionsOf(format: string): readonly string[] {
  return [...format.matchAll(CONVERSIONS)].map(([, , length = '', kind]) => `${length}${kind}`);
}

function print(format: string, values: readonly Value[]): string {
  const left = [...values];
  return format.replace(CONVERSIONS, (_text, _alternate, _length, kind: string) => {
    const value = left.shift();
    if (value === undefined) throw new Error(`too few arguments: ${format}`);
    return typeof value === 'bigint' && kind === 'x' ? value.toString(16) : String(value);
  });
}

const integer = (min: bigint, max: bigint): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max));

/** Names of blocks, devices, files: no text that its own format could not tell from what follows. */
const word = fc.stringMatching(/^[A-Za-z0-9._/-]{1,20}$/);
/** Free text at the end of a line: anything but a line end; blanks at its end are not kept. */
const free = fc.oneof(
  word,
  fc.string({ maxLength: 40 }).map((text) => text.trimEnd()),
  fc.constantFrom('{"id": "libvirt-1", "arguments": {"uri": "tcp:[::1]:4444"}}', 'a=1, b=2', ''),
);
const pointer = fc.oneof(
  fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map((value) => `0x${value.toString(16)}`),
  fc.constant('(nil)'),
);

function argument(conversion: string, last: boolean): fc.Arbitrary<Value> {
  switch (conversion) {
    case 's':
      return last ? free : word;
    case 'p':
      return pointer;
    case 'd':
      return integer(-(2n ** 31n), 2n ** 31n - 1n);
    case 'ld':
      return integer(-(2n ** 63n), 2n ** 63n - 1n);
    case 'u':
    case 'x':
      return integer(0n, 2n ** 32n - 1n);
    case 'lu':
    case 'zu':
    case 'zx':
      return integer(0n, 2n ** 64n - 1n);
    default:
      throw new Error(`conversion without an arbitrary: ${conversion}`);
  }
}

/** What a report calls the value: a number as far as that is exact. */
function exactValue(value: Value): number | bigint | string {
  if (typeof value === 'string') return value;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value;
}

export interface Printed {
  /** The text behind the event's name. */
  readonly text: string;
  readonly args: Readonly<Record<string, number | bigint | string>>;
}

/** Texts of a declaration, with the arguments they were printed from. */
export function printed({ params, format }: Signature): fc.Arbitrary<Printed> {
  const conversions = conversionsOf(format);
  const values = conversions.map((conversion, index) =>
    argument(conversion, index === conversions.length - 1 && format.endsWith('%s')),
  );
  return fc.tuple(...values).map((all) => ({
    text: print(format, all),
    args: Object.fromEntries(all.map((value, index) => [paramName(params[index] ?? ''), exactValue(value)])),
  }));
}
