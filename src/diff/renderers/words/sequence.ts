/** The aligned sequence as rows, unchanged stretches folded. */
import { formatBytes } from '../../../base/units.ts';
import type { StepReport } from '../../../report/report.ts';
import type { Diff, StepDiff } from '../../diff.ts';

/** Unchanged steps shown around a difference. */
const CONTEXT = 1;

export type SequenceRow =
  | { readonly kind: 'section'; readonly name: string }
  | { readonly kind: 'folded'; readonly count: number; readonly from: string; readonly to: string }
  | { readonly kind: 'step'; readonly step: StepDiff; readonly base: Cell | null; readonly head: Cell | null };

export interface Cell {
  readonly text: string;
  readonly line: string;
}

/** A step that the other log can't show is no difference, and is folded as the equal ones are. */
function isEqual(step: StepDiff): boolean {
  return (step.change === 'same' || step.notShown) && step.rules.length === 0;
}

export function sequenceRows(diff: Diff, pair: number, all: boolean): readonly SequenceRow[] {
  const steps = diff.steps.filter((step) => step.pair === pair);
  const near = (at: number): boolean =>
    steps.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some((step) => !isEqual(step));
  const rows: SequenceRow[] = [];
  let folded: StepDiff[] = [];
  let section = '';
  const fold = (): void => {
    const [first, last] = [folded[0], folded.at(-1)];
    if (first === undefined || last === undefined) return;
    rows.push({ kind: 'folded', count: folded.length, from: nameOf(first), to: nameOf(last) });
    folded = [];
  };
  for (const [at, step] of steps.entries()) {
    if (!all && !near(at)) {
      folded.push(step);
      continue;
    }
    fold();
    if (step.section !== section) rows.push({ kind: 'section', name: step.section });
    section = step.section;
    rows.push({ kind: 'step', step, base: cellOf(step, 'base'), head: cellOf(step, 'head') });
  }
  fold();
  return rows;
}

function nameOf({ base, head }: StepDiff): string {
  return (head ?? base)?.name ?? '';
}

function cellOf(step: StepDiff, which: 'base' | 'head'): Cell | null {
  const own = step[which];
  if (own === null) return null;
  const differing = step.differs.map(({ fact, [which]: value }) => briefFact(fact, value));
  const all = Object.entries(own.facts).map(([fact, value]) => briefFact(fact, value));
  const shown = step.change === 'changed' ? differing : step.change === 'same' ? [] : all;
  const details = [...shown, ...detailsOf(own)];
  const [first, last] = own.lines;
  return {
    text: `${own.name}${own.count > 1 ? ` x${own.count}` : ''}${details.length > 0 ? `: ${details.join(', ')}` : ''}`,
    line: own.count > 1 ? `:${first}-${last}` : `:${last}`,
  };
}

/** A cell is narrow; the sentences above it say it in full. */
function briefFact(fact: string, value: string): string {
  const count = /^with (\d+) syncs/.exec(value)?.[1];
  const sync = value.startsWith('without a sync') ? 'no sync' : count === undefined ? 'synced' : `${count} syncs`;
  switch (fact) {
    case 'sync':
      return sync;
    case 'estimate queries':
      return `estimates ${sync}`;
    case 'exact queries':
      return `exact ${sync}`;
    case 'BQL':
      return `BQL ${value}`;
    case 'last_stage':
      return `last_stage=${value}`;
    case 'syncs':
      return `syncs: ${value}`;
    default:
      return value;
  }
}

function detailsOf({ name, queries, totalBytes }: StepReport): readonly string[] {
  const total =
    totalBytes === null ? [] : [formatBytes(typeof totalBytes === 'string' ? BigInt(totalBytes) : totalBytes)];
  if (queries === null) return name === 'sync' ? [] : total;
  const { estimate, exact, unspecified } = queries;
  return unspecified > 0 ? [`${unspecified} queries`] : [`${estimate} estimate, ${exact} exact`];
}

/** Steps that one side's logs never show. */
export function notShown(diff: Diff): readonly string[] {
  return (['base', 'head'] as const).flatMap((which) => {
    const other = which === 'base' ? 'head' : 'base';
    const names = new Set(
      diff.steps.flatMap((step) => (step.notShown && step[which] === null ? (step[other]?.name ?? []) : [])),
    );
    if (names.size === 0) return [];
    return [
      `not in ${which}'s log (not recorded, outside of it, or no event of that version): ${[...names].join(', ')}`,
    ];
  });
}
