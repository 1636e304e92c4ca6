/**
 * A forward search over (line, old lines left, new lines left) for the reading
 * of a hunk that costs least. It is kept small by what a cut must look like: it
 * begins at a line that no patch has, and ends soon behind one.
 */
import { FOLD_COST, type FoldGuess, foldGuess, hasWideLines } from './fold.ts';
import { isSignature, type LineMark, looksLikeMore, markOf, newShare, oldShare } from './line-mark.ts';

export type Fate = 'keep' | 'fold' | 'drop';

export interface HunkCounts {
  readonly oldLines: number;
  readonly newLines: number;
}

/** Costs: the least sum is the reading. */
const CUT = 100;
const DROP_MARKED = 90;
const DROP_MARKED_BEHIND = 100;
const DROP_CONTEXT = 30;
const DROP_BLANK = 1;
const DROP_WORDS = 1;
/** Right behind the hunk's last line stands what looks like its end. */
const DROP_FOLDED = 30;
/** An empty line behind words is theirs, and where context keeps its blank it is none. */
const KEEP_EMPTY_BEHIND_WORDS = 90;
const KEEP_EMPTY = 60;
const KEEP_SIGNATURE = 100;

/** A cut goes on at most so many lines behind the last one that no patch has. */
const REACH = 120;

/** What all searches of a mail may cost together; at its end the rest stays unresolved. */
export class SearchBudget {
  steps = 1_500_000;
}

interface State {
  readonly old: number;
  readonly new: number;
  /** Inside a cut. */
  readonly cut: boolean;
  readonly cost: number;
  readonly fate: Fate;
  readonly before: State | undefined;
}

function dropCost(mark: LineMark, line: string): number {
  if (mark === '?') return DROP_WORDS;
  if (mark === '\\' || isSignature(line)) return 0;
  if (mark === '') return DROP_BLANK;
  return mark === ' ' ? DROP_CONTEXT : DROP_MARKED;
}

export function searchHunk(
  header: string,
  lines: readonly string[],
  counts: HunkCounts,
  budget: SearchBudget,
): readonly Fate[] | undefined {
  const view = lookAhead(lines);
  let states: State[] = [
    { old: counts.oldLines, new: counts.newLines, cut: false, cost: 0, fate: 'keep', before: undefined },
  ];
  for (const [at, line] of lines.entries()) {
    const next = new Map<number, State>();
    const above = lines[at - 1] ?? header;
    for (const state of states) {
      budget.steps -= 1;
      for (const one of successors(state, line, above, view, at)) {
        if (one.old > (view.oldAhead[at + 1] ?? 0) || one.new > (view.newAhead[at + 1] ?? 0)) continue;
        const key = (one.old * (counts.newLines + 1) + one.new) * 2 + (one.cut ? 1 : 0);
        const known = next.get(key);
        if (known === undefined || one.cost < known.cost) next.set(key, one);
      }
    }
    if (budget.steps < 0) return undefined;
    states = [...next.values()];
    if (states.length === 0) return undefined;
  }
  const best = states.filter((state) => state.old === 0 && state.new === 0).sort((a, b) => a.cost - b.cost)[0];
  return best === undefined ? undefined : fatesOf(best, lines.length);
}

function* successors(state: State, line: string, above: string, view: View, at: number): Generator<State> {
  const cuts = view.cuts[at] ?? 'never';
  const mark = markOf(line);
  const done = state.old === 0 && state.new === 0;
  const after = (more: Partial<State> & { readonly fate: Fate }, cost: number): State => ({
    old: state.old,
    new: state.new,
    cut: false,
    ...more,
    cost: state.cost + cost,
    before: state,
  });
  if (mark !== '?') {
    const [oldLeft, newLeft] = [state.old - oldShare(mark), state.new - newShare(mark)];
    const cost = keepCost(mark, line, state.cut, view.keepsBlanks);
    if (oldLeft >= 0 && newLeft >= 0) yield after({ fate: 'keep', old: oldLeft, new: newLeft }, cost);
  }
  const fold = state.cut ? 'never' : foldGuess(above, line, { wide: view.wide, below: view.lines[at + 1] });
  if (fold !== 'never') yield after({ fate: 'fold' }, FOLD_COST[fold]);
  if (cuts === 'may-begin' || (cuts === 'may-go-on' && state.cut) || done) {
    const unfolds = done && !state.cut ? costOfMore(fold, mark, line) : 0;
    yield after({ fate: 'drop', cut: true }, dropCost(mark, line) + unfolds + (state.cut || done ? 0 : CUT));
  }
}

/** Whether a cut may begin at the line, or only go on there. */
type Cuts = 'may-begin' | 'may-go-on' | 'never';

function keepCost(mark: LineMark, line: string, behindWords: boolean, keepsBlanks: boolean): number {
  if (mark === '') return (behindWords ? KEEP_EMPTY_BEHIND_WORDS : 0) + (keepsBlanks ? KEEP_EMPTY : 0);
  return /^-- ?$/.test(line) ? KEEP_SIGNATURE : 0;
}

/** What speaks against the hunk having ended above the line. */
function costOfMore(fold: FoldGuess, mark: LineMark, line: string): number {
  if (mark === '?') return fold === 'never' ? 0 : DROP_FOLDED;
  return looksLikeMore(line) ? DROP_MARKED_BEHIND : 0;
}

interface View {
  readonly lines: readonly string[];
  readonly cuts: readonly Cuts[];
  /** At most so many old and new lines can still come. */
  readonly oldAhead: readonly number[];
  readonly newAhead: readonly number[];
  /** Empty lines of context still have their blank. */
  readonly keepsBlanks: boolean;
  /** Some line is wider than mailers make them. */
  readonly wide: boolean;
}

function lookAhead(lines: readonly string[]): View {
  const cuts: Cuts[] = [];
  const oldAhead: number[] = [];
  const newAhead: number[] = [];
  [oldAhead[lines.length], newAhead[lines.length]] = [0, 0];
  let strangeAhead = Number.POSITIVE_INFINITY;
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    const mark = markOf(lines[at] ?? '');
    oldAhead[at] = (oldAhead[at + 1] ?? 0) + oldShare(mark);
    newAhead[at] = (newAhead[at + 1] ?? 0) + newShare(mark);
    strangeAhead = mark === '?' ? 0 : strangeAhead + 1;
    // A blank line above words is theirs.
    const begins = mark === '?' || (mark === '' && cuts[at + 1] === 'may-begin');
    cuts[at] = begins ? 'may-begin' : strangeAhead <= REACH ? 'may-go-on' : 'never';
  }
  let strangeBehind = Number.POSITIVE_INFINITY;
  for (const [at, line] of lines.entries()) {
    strangeBehind = markOf(line) === '?' ? 0 : strangeBehind + 1;
    if (strangeBehind <= REACH && cuts[at] === 'never') cuts[at] = 'may-go-on';
  }
  return { lines, cuts, oldAhead, newAhead, keepsBlanks: lines.includes(' '), wide: hasWideLines(lines) };
}

function fatesOf(last: State, count: number): readonly Fate[] {
  const fates = new Array<Fate>(count);
  let state: State | undefined = last;
  for (let at = count - 1; at >= 0 && state !== undefined; at -= 1) {
    fates[at] = state.fate;
    state = state.before;
  }
  return fates;
}
