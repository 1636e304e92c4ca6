/** Comparisons of what is pending with the threshold, in the conditions of a run. */
import type { Path, Paths } from '../code/paths.ts';

export interface Comparison {
  readonly key: string;
  /** The bound as a name alone, a part of it, more than it, or something else. */
  readonly bound: 'whole' | 'less' | 'more' | 'other';
  /** What is pending lies below the bound where the condition is this. */
  readonly belowWhen: boolean;
}

const PENDING = /(?:^|[\s.*(])(?:total|precopy|pending)\w*(?:_bytes|_size)?(?:@\d+)?(?![\w.])/;
const THRESHOLD = /thresh/;
const NAME = /^[\w.]+(?:\(\))?(?:@\d+)?$/;

/** Undefined for a condition on other things. */
export function comparisonOf(key: string): Comparison | undefined {
  const [left, right, more] = key.split(' < ');
  if (left === undefined || right === undefined || more !== undefined) return undefined;
  const isLeft = isPending(left) && !isPending(right);
  const isRight = isPending(right) && !isPending(left);
  if (isLeft === isRight) return undefined;
  const [pending, bound] = isLeft ? [left, right] : [right, left];
  return { key, bound: boundOf(pending, bound), belowWhen: isLeft };
}

const isPending = (text: string): boolean => PENDING.test(text) && !THRESHOLD.test(text);

function boundOf(pending: string, bound: string): Comparison['bound'] {
  if (!THRESHOLD.test(bound)) return /^(?:\d[\w.]*|[A-Z][A-Z0-9_]+)$/.test(bound) ? 'less' : 'other';
  const own = scaleOf(bound);
  const other = scaleOf(pending);
  if (own === undefined || other === undefined) return 'other';
  const scale = own - other;
  return scale === 0 ? 'whole' : scale < 0 ? 'less' : 'more';
}

/** -1 where less than the figure is meant, 1 where more; undefined where it can't be told. */
function scaleOf(text: string): number | undefined {
  if (NAME.test(text)) return 0;
  if (/^[\w.@()]+ (?:\/|>>) [\w.]+$/.test(text) || /^MIN\(/.test(text)) return -1;
  if (/^[\w.@()]+ (?:\*|<<) [\w.]+ \/ /.test(text)) return undefined;
  if (/^[\w.@()]+ (?:\*|<<) \d+$/.test(text) || /^MAX\(/.test(text)) return 1;
  if (/^\d+\*[\w.@]+$/.test(text)) return 1;
  const terms = text.split(' + ');
  const isSum = terms.length > 1 && terms.every((term) => /^-?(?:\d+\*)?[\w.@]+$/.test(term));
  if (!isSum) return undefined;
  const minus = terms.filter((term) => term.startsWith('-')).length;
  return minus === 0 ? 1 : minus < terms.length ? -1 : undefined;
}

/** The comparisons that stand before what is wanted, each taken the same way on all paths that reach it. */
export function guardsOf(paths: Paths | undefined, reaches: (path: Path) => boolean): readonly Comparison[] {
  const reaching = (paths?.paths ?? []).filter(reaches);
  const [first] = reaching;
  if (first === undefined || paths?.truncated === true) return [];
  return [...first.decisions.keys()].flatMap((key) => {
    const found = comparisonOf(key);
    const isGuard = found !== undefined && reaching.every(({ decisions }) => decisions.get(key) === found.belowWhen);
    return isGuard ? [found] : [];
  });
}

export const comparisonsIn = (paths: Paths | undefined): readonly Comparison[] => {
  const keys = new Set((paths?.paths ?? []).flatMap(({ decisions }) => [...decisions.keys()]));
  return [...keys].flatMap((key) => comparisonOf(key) ?? []);
};
