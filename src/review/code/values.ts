/** Values of expressions: known truths, and sums of what is not known. */

export type Value =
  | { readonly kind: 'bool'; readonly is: boolean }
  /** Symbols with their factors; one symbol with factor 1 is that symbol. */
  | { readonly kind: 'sum'; readonly terms: ReadonlyMap<string, number>; readonly constant: number }
  | { readonly kind: 'unknown'; readonly text: string };

export const truth = (is: boolean): Value => ({ kind: 'bool', is });
export const symbol = (text: string): Value => ({ kind: 'sum', terms: new Map([[text, 1]]), constant: 0 });
export const constant = (value: number): Value => ({ kind: 'sum', terms: new Map(), constant: value });
/** No symbol is longer; what is stays unknown. */
const LONGEST = 300;

/** The symbol, where it is one alone. */
export function symbolOf(value: Value): string | undefined {
  if (value.kind !== 'sum' || value.constant !== 0 || value.terms.size !== 1) return undefined;
  const [entry] = value.terms;
  return entry !== undefined && entry[1] === 1 ? entry[0] : undefined;
}

/** True or false, where it is known. */
export function truthOf(value: Value): boolean | undefined {
  if (value.kind === 'bool') return value.is;
  return value.kind === 'sum' && value.terms.size === 0 ? value.constant !== 0 : undefined;
}

export function add(a: Value, b: Value, sign: 1 | -1): Value {
  const [x, y] = [asSum(a), asSum(b)];
  if (x === undefined || y === undefined) return { kind: 'unknown', text: `${valueText(a)} + ${valueText(b)}` };
  const terms = new Map(x.terms);
  for (const [name, factor] of y.terms) {
    const sum = (terms.get(name) ?? 0) + sign * factor;
    if (sum === 0) terms.delete(name);
    else terms.set(name, sum);
  }
  return { kind: 'sum', terms, constant: x.constant + sign * y.constant };
}

function asSum(value: Value) {
  if (value.kind === 'bool') return { terms: new Map<string, number>(), constant: value.is ? 1 : 0 };
  return value.kind === 'sum' ? value : undefined;
}

export function valueText(value: Value): string {
  if (value.kind === 'bool') return String(value.is);
  if (value.kind === 'unknown') return value.text;
  const terms = [...value.terms].map(([name, factor]) => (factor === 1 ? name : `${factor}*${name}`)).sort();
  const parts = value.constant === 0 && terms.length > 0 ? terms : [...terms, String(value.constant)];
  return parts.join(' + ').slice(0, LONGEST);
}
