/** Values of settings as users write them. Each reader returns undefined for what it does not read. */

export interface ValueKind<T> {
  /** What is allowed, for lists and errors: `true|false`. */
  readonly form: string;
  readonly example: string;
  read(text: string): T | undefined;
}

export const SWITCH: ValueKind<boolean> = {
  form: 'true|false',
  example: 'true',
  read: (text) => (text === 'true' || text === 'on' ? true : text === 'false' || text === 'off' ? false : undefined),
};

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

function readSize(text: string): number | undefined {
  const { number = '', unit = '' } =
    /^(?<number>\d+(?:\.\d+)?)(?<unit>[KMGT]?)(?:i?B)?(?:\/s)?$/i.exec(text)?.groups ?? {};
  const value = Math.round(Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN));
  return number !== '' && Number.isSafeInteger(value) ? value : undefined;
}

/** Bytes; K, M, G and T are powers of 1024, as in QEMU. */
export function size(low: number, high: number): ValueKind<number> {
  return within({ form: 'SIZE', example: '256M', read: readSize }, low, high);
}

export function rate(high: number): ValueKind<number> {
  return within({ form: 'BYTES/s', example: '100M', read: readSize }, 0, high);
}

export function whole(low: number, high: number): ValueKind<number> {
  const read = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);
  return within({ form: 'N', example: String(low), read }, low, high);
}

export function milliseconds(high: number): ValueKind<number> {
  const read = (text: string): number | undefined => {
    const digits = /^(\d{1,15})(?:ms)?$/.exec(text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  return within({ form: 'MS', example: '300', read }, 0, high);
}

export function choice<const T extends string>(names: readonly T[]): ValueKind<T> {
  const form = names.join('|');
  return { form, example: form, read: (text) => names.find((name) => name === text) };
}

/** `false` for never, `true` where there is a time for it. */
export function moment(always: number | undefined): ValueKind<number | false> {
  const time = milliseconds(MAX_MS);
  const read = (text: string): number | false | undefined => {
    if (text === 'false') return false;
    return text === 'true' ? always : time.read(text);
  };
  return { form: always === undefined ? 'MS|false' : 'true|false|MS', example: '500', read };
}

/** Amounts and rates of a module or a guest. */
export const BYTES = size(0, 2 ** 50);
export const RATE = rate(2 ** 47);

/** A day. */
export const MAX_MS = 86_400_000;

function within(kind: ValueKind<number>, low: number, high: number): ValueKind<number> {
  const read = (text: string): number | undefined => {
    const value = kind.read(text);
    return value !== undefined && value >= low && value <= high ? value : undefined;
  };
  return { ...kind, form: kind.form === 'N' ? `${low}..${high}` : kind.form, read };
}
