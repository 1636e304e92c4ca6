/** The aligned sequence of one pair of migrations, and where in it head breaks rules. */
import type { LineReport, StepReport } from '../report/report.ts';
import { type AlignedStep, alignSteps, factsDiffer } from './align.ts';
import type { PairReport, RuleDiff, StepDiff } from './diff.ts';
import type { Member } from './pair-up.ts';

/** Lines that are recorded or not, and that not every version has. */
const OPTIONAL =
  /^(?:block devices |precopy complete|switchover start|discard bitmap|package sent|RAM saving|(?:iterable|other) devices|downtime |guest |command )/;

/** What a side's logs show at all. */
export interface Shown {
  readonly names: ReadonlySet<string>;
  readonly queries: boolean;
  readonly syncs: boolean;
}

export function shownBy(members: readonly Member[]): Shown {
  const has = (name: string): boolean =>
    members.some(({ migration }) => migration.measures.some((one) => one.name === name && one.value !== null));
  const names = new Set(members.flatMap(({ migration }) => migration.steps.rows.map((row) => row.name)));
  return { names, queries: has('queries'), syncs: has('syncs') };
}

export function diffSteps(
  pair: number,
  { base, head }: { readonly base: Member; readonly head: Member },
  shown: { readonly base: Shown; readonly head: Shown },
): readonly StepDiff[] {
  const aligned = alignSteps(base.migration.steps, head.migration.steps);
  const sections = {
    base: new Set(base.migration.steps.rows.map(({ section }) => section)),
    head: new Set(head.migration.steps.rows.map(({ section }) => section)),
  };
  const [a, b] = [base.migration, head.migration];
  const alike = {
    run: a.kind === b.kind && a.outcome === b.outcome,
    qemu: base.run.facts.qemu === head.run.facts.qemu,
  };
  const outside = { base: outsideOf(aligned, base, 'base'), head: outsideOf(aligned, head, 'head') };
  return aligned.map((step, index) => {
    const { base: before, head: after, section } = step;
    const only = before === null ? after : after === null ? before : null;
    const other = before === null ? 'base' : 'head';
    return {
      ...{ pair, section, base: before, head: after },
      ...changeOf(step),
      notShown:
        only !== null &&
        (outside[other](index) || (sections[other].has(section) && isNotShown(only, shown[other], alike))),
      rules: [],
    };
  });
}

/** Whether a place of the sequence lies before the first or behind the last line of a log that is a part only. */
function outsideOf(
  aligned: readonly AlignedStep[],
  { migration: { steps, outcome } }: Member,
  side: 'base' | 'head',
): (index: number) => boolean {
  const [first, last] = [
    aligned.findIndex((step) => step[side] !== null),
    aligned.findLastIndex((step) => step[side] !== null),
  ];
  const [late, early] = [steps.rows[0]?.name !== 'state setup', outcome === 'running'];
  return (index) => (late && index < first) || (early && index > last);
}

function changeOf({ base, head }: AlignedStep): Pick<StepDiff, 'change' | 'differs'> {
  if (base === null) return { change: 'head-only', differs: [] };
  if (head === null) return { change: 'base-only', differs: [] };
  const differs = factsDiffer(base, head).map((fact) => ({
    fact,
    base: base.facts[fact] ?? '',
    head: head.facts[fact] ?? '',
  }));
  return { change: differs.length > 0 ? 'changed' : 'same', differs };
}

/** Where the runs are not of one sort, a line that one of them lacks may well be a difference. */
function isNotShown(
  { name }: StepReport,
  other: Shown,
  alike: { readonly run: boolean; readonly qemu: boolean },
): boolean {
  if (name === 'sync') return !other.syncs;
  if (/query$|^iterations$|^queries /.test(name)) return !other.queries;
  return (alike.run || !alike.qemu) && OPTIONAL.test(name) && !other.names.has(name);
}

/** `steps` with the rules that head violates, and each rule with its step, where its run's steps are the ones shown. */
export function placeRules<R extends Omit<RuleDiff, 'step'>>(
  steps: readonly StepDiff[],
  rules: readonly R[],
  pairs: readonly PairReport[],
): { readonly steps: readonly StepDiff[]; readonly rules: readonly (R & Pick<RuleDiff, 'step'>)[] } {
  const at = new Map<number, string[]>();
  const placed = rules.map((rule) => {
    const isShown = pairs[rule.pair]?.head.run === rule.run;
    const step = rule.head === 'violated' && isShown ? stepOf(steps, rule) : undefined;
    if (step !== undefined) at.set(step, [...(at.get(step) ?? []), rule.rule]);
    return { ...rule, step: step ?? null };
  });
  return { steps: steps.map((step, index) => ({ ...step, rules: at.get(index) ?? [] })), rules: placed };
}

/** The step that differs where the evidence stands; else the step that holds its first line. */
function stepOf(steps: readonly StepDiff[], rule: Omit<RuleDiff, 'step'>): number | undefined {
  const evidence = rule.findings[0]?.evidence ?? [];
  const [first] = evidence;
  if (first === undefined) return undefined;
  const own = [...steps.entries()].filter(([, { pair }]) => pair === rule.pair);
  const differing = own.filter(([, step]) => step.change !== 'same' && !step.notShown);
  const holding = (line: LineReport) => (entry: (typeof own)[number]) => holds(entry[1].head, line);
  const home = own.find((entry) => isLineOf(entry[1].head, first) && holding(first)(entry));
  // What differs in another part of the run is not what this rule is about.
  const near = differing.filter(([, { section }]) => home === undefined || section === home[1].section);
  const found =
    differing.find(holding(first)) ??
    near.find((entry) => evidence.some((line) => holding(line)(entry))) ??
    near.find(([index, step]) => step.head === null && isBetween(steps, index, evidence)) ??
    home ??
    own.find(holding(first)) ??
    own.findLast(([, { head }]) => head !== null && head.file === first.file && head.lines[0] <= first.line);
  return found?.[0];
}

function holds(step: StepReport | null, { file, line }: LineReport): boolean {
  return step !== null && step.file === file && step.lines[0] <= line && line <= step.lines[1];
}

/** Folded steps share the lines from the first to the last of them. */
function isLineOf(step: StepReport | null, { text }: LineReport): boolean {
  return step !== null && text.includes(step.event);
}

/** A step that head lacks stands between its neighbours there: the evidence of its absence spans them. */
function isBetween(steps: readonly StepDiff[], index: number, evidence: readonly LineReport[]): boolean {
  const before = steps.slice(0, index).findLast(({ head }) => head !== null)?.head;
  const after = steps.slice(index).find(({ head }) => head !== null)?.head;
  const lines = evidence.filter(({ file }) => file === before?.file).map(({ line }) => line);
  if (before === undefined || before === null || lines.length === 0) return false;
  const next = after?.lines[0] ?? before.lines[1];
  return Math.min(...lines) <= before.lines[1] && next <= Math.max(...lines);
}
