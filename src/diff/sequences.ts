/** Which of many runs stands for its side: the first that went through its steps as most did. */
import type { MigrationFacts } from '../report/run-facts.ts';
import type { PairReport } from './diff.ts';
import type { Member, Slot } from './pair-up.ts';

export interface Representatives {
  readonly base: Member;
  readonly head: Member;
  readonly report: PairReport;
}

export function representativesOf({ base, head }: Slot, pair: number): Representatives | undefined {
  const [before, after] = [mostCommon(base), mostCommon(head)];
  if (before === undefined || after === undefined) return undefined;
  return {
    base: before.member,
    head: after.member,
    report: {
      pair,
      base: nameOf(before.member),
      head: nameOf(after.member),
      baseRuns: countRuns(base, before.shape, after.shape),
      headRuns: countRuns(head, after.shape, before.shape),
    },
  };
}

function nameOf({ run, migration: { index, kind, outcome } }: Member): PairReport['base'] {
  return { run: run.name, index, kind, outcome, qemu: run.facts.qemu };
}

function countRuns(members: readonly Member[], own: string, other: string): PairReport['baseRuns'] {
  const like = (shape: string): number => members.filter(({ migration }) => shapeOf(migration) === shape).length;
  return { count: members.length, alike: like(own), likeOther: like(other) };
}

function mostCommon(members: readonly Member[]): { readonly member: Member; readonly shape: string } | undefined {
  const byShape = new Map<string, Member[]>();
  for (const member of members) {
    const shape = shapeOf(member.migration);
    byShape.set(shape, [...(byShape.get(shape) ?? []), member]);
  }
  const [best] = [...byShape].sort(([, a], [, b]) => b.length - a.length);
  const member = best?.[1][0];
  return best === undefined || member === undefined ? undefined : { member, shape: best[0] };
}

/** Its steps and how they were made, without numbers. */
function shapeOf({ steps }: MigrationFacts): string {
  return JSON.stringify(steps.rows.map(({ section, name, facts }) => [section, name, facts]));
}
