/** Whether a duty that held before the patch is still kept on every path after it. */
import type { Op, Path, Paths } from '../code/paths.ts';

/** `maybe`: code that no hunk shows may do it. */
export type Holds = 'yes' | 'no' | 'maybe';

export interface Breach {
  readonly path: Path;
  /** What must be true for it, of what the patch brought in; empty: always. */
  readonly conditions: readonly string[];
  /** It was seen to hold before, not only supposed. */
  readonly seen: boolean;
}

/**
 * The breach with the fewest conditions. A new function, without `pre`, is held
 * to the duty itself. What no hunk shows is the same before and after: where
 * the duty was seen before and is not seen any more, it is gone.
 */
export function breachOf(
  pre: Paths | undefined,
  post: Paths | undefined,
  holds: (path: Path) => Holds,
): Breach | undefined {
  if (post === undefined || post.truncated || pre?.truncated === true) return undefined;
  const broken = post.paths.filter((path) => holds(path) !== 'yes');
  if (broken.length === 0) return undefined;
  const never = broken.length === post.paths.length;
  // Gone for good, or not done on any path.
  const always =
    never && (somePath(pre, (path) => holds(path) === 'yes') || broken.every((path) => holds(path) === 'no'));
  const found = broken.flatMap((path): readonly Breach[] => {
    const one = pre === undefined ? freshBreach(path, post, holds, always) : brokenSince(path, pre, holds, always);
    return one === undefined ? [] : [one];
  });
  return found.sort((a, b) => a.conditions.length - b.conditions.length)[0];
}

function brokenSince(path: Path, pre: Paths, holds: (path: Path) => Holds, always: boolean): Breach | undefined {
  const fits = pre.paths.filter((old) => !conflict(old, path));
  const before = (fits.length === 0 ? pre.paths : fits).map(holds);
  const least: Holds = holds(path);
  const mayBe = least === 'no' && before.includes('maybe');
  if (!before.includes('yes') && !mayBe) return undefined;
  const mixed = before.includes('no') || (least === 'maybe' && before.includes('maybe'));
  if (mixed && !(always && before.includes('yes'))) return undefined;
  const keys = new Set(pre.paths.flatMap((old) => [...old.decisions.keys()]));
  const fresh = [...path.decisions].filter(([key]) => !keys.has(key));
  return { path, conditions: always ? [] : fresh.map(conditionText), seen: before.includes('yes') };
}

/** In a new function: what tells this path from all that keep the duty. */
function freshBreach(path: Path, post: Paths, holds: (path: Path) => Holds, always: boolean): Breach | undefined {
  if (holds(path) === 'maybe') return undefined;
  if (always) return { path, conditions: [], seen: true };
  const good = post.paths.filter((other) => holds(other) === 'yes');
  const telling = [...path.decisions].filter(
    ([key, is]) => good.length > 0 && good.every((other) => other.decisions.get(key) === !is),
  );
  return telling.length === 0 ? undefined : { path, conditions: telling.map(conditionText), seen: true };
}

function conflict(a: Path, b: Path): boolean {
  for (const [key, is] of a.decisions) if (b.decisions.has(key) && b.decisions.get(key) !== is) return true;
  return false;
}

function conditionText([key, is]: readonly [string, boolean]): string {
  const plain = key.replaceAll(/@\d+/g, '');
  if (is) return plain;
  return / /.test(plain) ? `!(${plain})` : `!${plain}`;
}

/** Every such call is made so, and at least one; before the patch none was. */
export function turned(
  pre: Paths | undefined,
  post: Paths | undefined,
  isCall: (op: Op) => boolean,
  isSo: (op: Op) => boolean,
): Op | undefined {
  if (post === undefined || post.truncated || pre?.truncated === true) return undefined;
  if (somePath(pre, ({ ops }) => ops.some((op) => isCall(op) && isSo(op)))) return undefined;
  const calls = post.paths.flatMap(({ ops }) => ops.filter(isCall));
  return calls.every(isSo) ? calls[0] : undefined;
}

export const everyPath = (paths: Paths | undefined, test: (path: Path) => boolean): boolean =>
  paths !== undefined && !paths.truncated && paths.paths.length > 0 && paths.paths.every(test);

export const somePath = (paths: Paths | undefined, test: (path: Path) => boolean): boolean =>
  paths?.paths.some(test) ?? false;
