/**
 * Puts two sequences of steps side by side by their structure: sections with
 * sections of the same name, and within them steps of the same name, in order.
 */
import type { MigrationReport, StepReport, StepSection } from '../report/report.ts';

export interface AlignedStep {
  readonly section: StepSection;
  readonly base: StepReport | null;
  readonly head: StepReport | null;
}

interface Section {
  readonly name: StepSection;
  readonly rows: readonly StepReport[];
}

type Steps = MigrationReport['steps'];

export function alignSteps(base: Steps, head: Steps): readonly AlignedStep[] {
  const pairs = align(sectionsOf(base.rows), sectionsOf(head.rows), (a, b) => (a.name === b.name ? 1 : 0));
  return pairs.flatMap(([before, after]) => alignSection(before, after));
}

function alignSection(before: Section | undefined, after: Section | undefined): readonly AlignedStep[] {
  const section = before?.name ?? after?.name ?? 'iterate';
  const rows = align(before?.rows ?? [], after?.rows ?? [], likeness);
  return rows.map(([base, head]) => ({ section, base: base ?? null, head: head ?? null }));
}

/** Of several steps of one name the ones that were made alike are the same. */
function likeness(a: StepReport, b: StepReport): number {
  return a.name === b.name ? 10 + (factsDiffer(a, b).length === 0 ? 1 : 0) : 0;
}

/** Facts that both show and that are not the same. */
export function factsDiffer(a: StepReport, b: StepReport): readonly string[] {
  return Object.keys(a.facts).filter((fact) => b.facts[fact] !== undefined && b.facts[fact] !== a.facts[fact]);
}

function sectionsOf(rows: readonly StepReport[]): readonly Section[] {
  const sections: { name: StepSection; rows: StepReport[] }[] = [];
  for (const row of rows) {
    const last = sections.at(-1);
    // Each checkpoint is a section of its own.
    const begins = row.name === 'guest stops for a checkpoint';
    if (last?.name === row.section && !begins) last.rows.push(row);
    else sections.push({ name: row.section, rows: [row] });
  }
  return sections;
}

/**
 * The alignment of the greatest likeness; the first of several equal ones. A
 * likeness of 0 is no match.
 */
export function align<T>(
  base: readonly T[],
  head: readonly T[],
  likenessOf: (a: T, b: T) => number,
): readonly (readonly [T | undefined, T | undefined])[] {
  const scores = scoreTable(base, head, likenessOf);
  const at = (i: number, j: number): number => scores[i]?.[j] ?? 0;
  const pairs: (readonly [T | undefined, T | undefined])[] = [];
  let i = 0;
  let j = 0;
  while (i < base.length || j < head.length) {
    const [a, b] = [base[i], head[j]];
    const like = a === undefined || b === undefined ? 0 : likenessOf(a, b);
    if (like > 0 && at(i, j) === like + at(i + 1, j + 1)) {
      pairs.push([a, b]);
      i += 1;
      j += 1;
    } else if (a !== undefined && (b === undefined || at(i + 1, j) >= at(i, j + 1))) {
      pairs.push([a, undefined]);
      i += 1;
    } else {
      pairs.push([undefined, b]);
      j += 1;
    }
  }
  return pairs;
}

/** Of each pair of positions, the greatest likeness of what follows. */
function scoreTable<T>(
  base: readonly T[],
  head: readonly T[],
  likenessOf: (a: T, b: T) => number,
): readonly (readonly number[])[] {
  const scores = Array.from({ length: base.length + 1 }, () => new Array<number>(head.length + 1).fill(0));
  for (let i = base.length - 1; i >= 0; i -= 1) {
    for (let j = head.length - 1; j >= 0; j -= 1) {
      const [a, b] = [base[i], head[j]];
      const like = a === undefined || b === undefined ? 0 : likenessOf(a, b);
      const matched = like > 0 ? like + (scores[i + 1]?.[j + 1] ?? 0) : 0;
      const row = scores[i];
      if (row !== undefined) row[j] = Math.max(matched, scores[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return scores;
}
