/** Which migration of the one side is compared with which of the other: in their order, by kind and outcome. */
import type { MigrationFacts } from '../report/run-facts.ts';
import { align } from './align.ts';
import type { DiffRun, UnpairedReport } from './diff.ts';

/** Above it the migrations are paired by their place alone. */
const MAX_CELLS = 4_000_000;

export interface Member {
  readonly run: DiffRun;
  readonly migration: MigrationFacts;
}

/** One migration as every run of both sides has it; the first of each side is its first run's. */
export interface Slot {
  readonly base: readonly Member[];
  readonly head: readonly Member[];
}

export interface Pairing {
  readonly slots: readonly Slot[];
  readonly unpaired: readonly UnpairedReport[];
}

export function pairUp(base: readonly DiffRun[], head: readonly DiffRun[]): Pairing {
  const [firstBase, firstHead] = [membersOf(base[0]), membersOf(head[0])];
  const unpaired: UnpairedReport[] = [];
  const others = {
    base: base.slice(1).map((run) => mateTo(firstBase, run, 'base', unpaired)),
    head: head.slice(1).map((run) => mateTo(firstHead, run, 'head', unpaired)),
  };
  const slots: Slot[] = [];
  for (const [mine, theirs] of pairMembers(firstBase, firstHead)) {
    if (mine === undefined) unpaired.push(...lonely('head', theirs));
    else if (theirs === undefined) unpaired.push(...lonely('base', mine));
    else {
      const mates = (lists: readonly Mates[], of: Member): readonly Member[] =>
        lists.flatMap((list) => list.get(of) ?? []);
      slots.push({ base: [mine, ...mates(others.base, mine)], head: [theirs, ...mates(others.head, theirs)] });
    }
  }
  return { slots, unpaired };
}

type Mates = ReadonlyMap<Member, Member>;

/** By migration of the side's first run, the one of `run` that matches it. */
function mateTo(first: readonly Member[], run: DiffRun, side: 'base' | 'head', unpaired: UnpairedReport[]): Mates {
  const mates = new Map<Member, Member>();
  for (const [one, other] of pairMembers(first, membersOf(run))) {
    if (one !== undefined && other !== undefined) mates.set(one, other);
    else if (one === undefined) unpaired.push(...lonely(side, other));
  }
  return mates;
}

function membersOf(run: DiffRun | undefined): readonly Member[] {
  return run === undefined ? [] : run.facts.migrations.map((migration) => ({ run, migration }));
}

function lonely(side: 'base' | 'head', member: Member | undefined): readonly UnpairedReport[] {
  if (member === undefined) return [];
  const { index, kind, outcome } = member.migration;
  return [{ side, run: member.run.name, index, kind, outcome }];
}

function pairMembers(
  a: readonly Member[],
  b: readonly Member[],
): readonly (readonly [Member | undefined, Member | undefined])[] {
  if (a.length * b.length <= MAX_CELLS) return align(a, b, (x, y) => likeness(x.migration, y.migration));
  const longer = a.length > b.length ? a : b;
  return longer.map((_, at): readonly [Member | undefined, Member | undefined] => [a[at], b[at]]);
}

/** Two of different kinds are still better compared than not at all. */
function likeness(a: MigrationFacts, b: MigrationFacts): number {
  const unknown = a.kind === 'unknown' || b.kind === 'unknown';
  const kind = a.kind === b.kind ? 3 : unknown ? 2 : 1;
  return 10 + kind * 2 + (a.outcome === b.outcome ? 1 : 0);
}
