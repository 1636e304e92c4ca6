/** Sums over the parts of a query's answer. */
import type { Op, Path } from '../code/paths.ts';
import { add, constant, type Value } from '../code/values.ts';

export const PARTS: readonly string[] = ['precopy', 'stopcopy', 'postcopy'];

/** Which part, or the total, a symbol stands for. */
function partOf(name: string): string {
  const plain = name.replace(/@\d+$/, '');
  return plain.slice(plain.lastIndexOf('.') + 1).replace(/_bytes$/, '');
}

/** The object whose part it is, if it is one's. */
const ownerOf = (name: string): string => name.slice(0, Math.max(name.lastIndexOf('.'), 0));

/** `MAX(pending.precopy_bytes, pending.stopcopy_bytes)` counts only one of them. */
function choicesOf(name: string): readonly string[] {
  const [, args] = /^(?:MAX|MIN)\((.+)\)$/i.exec(name) ?? [];
  const choices = args?.split(', ') ?? [];
  return choices.every((one) => /^[\w.@]+$/.test(one)) ? choices : [];
}

/** The figures of an answer that a condition names. */
export function partsNamed(key: string): readonly string[] {
  const named = [...key.matchAll(/\b(total|precopy|stopcopy|postcopy)_bytes\b/g)].map(([, part = '']) => part);
  return [...new Set(named)];
}

/** How often each part is in the sum; undefined where something else is in it, or one part of two objects: it adds them up. */
export function partsIn(value: Value): ReadonlyMap<string, number> | undefined {
  if (value.kind !== 'sum' || value.constant !== 0) return undefined;
  const parts = new Map<string, number>();
  const owners = new Map<string, string>();
  const terms = [...value.terms].flatMap(([name, factor]) => {
    const choices = choicesOf(name);
    return choices.length === 0 ? [[name, factor] as const] : choices.map((one) => [one, 0] as const);
  });
  for (const [name, factor] of terms) {
    const part = partOf(name);
    if (part !== 'total' && !PARTS.includes(part)) return undefined;
    const owner = ownerOf(name);
    if ((owners.get(part) ?? owner) !== owner) return undefined;
    owners.set(part, owner);
    parts.set(part, (parts.get(part) ?? 0) + factor);
  }
  return parts;
}

export type SumFault = { readonly missing: readonly string[]; readonly wrong: readonly string[] };

/** What is wrong with it as the sum of the three; undefined where nothing is, or where it can't be told. */
export function faultOf(value: Value): SumFault | undefined {
  const parts = partsIn(value);
  if (parts === undefined || parts.has('total')) return undefined;
  const missing = PARTS.filter((part) => !parts.has(part));
  const wrong = [...parts].filter(([, factor]) => factor !== 1).map(([part]) => part);
  return missing.length + wrong.length === 0 ? undefined : { missing, wrong };
}

/** Holds the whole total, by name or as its sum. */
export function isWhole(value: Value): boolean {
  const parts = partsIn(value);
  if (parts === undefined) return false;
  return (parts.size === 1 && parts.get('total') === 1) || faultOf(value) === undefined;
}

/** What the path leaves in the target. */
export function leftIn(
  path: Path,
  isTarget: (target: string) => boolean,
): { readonly value: Value; readonly ops: readonly Op[] } | undefined {
  let value: Value | undefined;
  const ops: Op[] = [];
  for (const op of path.ops) {
    if (op.kind !== 'assign' || !isTarget(op.target)) continue;
    value = op.adds ? add(value ?? constant(0), op.value, 1) : op.value;
    ops.push(op);
  }
  return value === undefined ? undefined : { value, ops };
}
