/** Two sides in, the diff out. */
import { UserError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import { VERSION } from '../base/version.ts';
import type { Diff, DiffRun, SideReport } from './diff.ts';
import { diffMetrics } from './metrics.ts';
import { type Member, pairUp, type Slot } from './pair-up.ts';
import { diffRules } from './rules.ts';
import { representativesOf } from './sequences.ts';
import { diffSteps, placeRules, shownBy } from './steps.ts';
import { changesOf } from './words.ts';

export interface CompareRequest {
  readonly base: readonly DiffRun[];
  readonly head: readonly DiffRun[];
  /** Compare only the migration of this index. */
  readonly baseMigration: number | undefined;
  readonly headMigration: number | undefined;
}

/** @throws UserError when a run has not the migration that is asked for. */
export function compareRuns(request: CompareRequest): Omit<Diff, 'gate'> {
  const base = request.base.map((run) => onlyMigration(run, request.baseMigration, 'base'));
  const head = request.head.map((run) => onlyMigration(run, request.headMigration, 'head'));
  const { slots, unpaired } = pairUp(base, head);
  if (slots.length === 0) throw new UserError(nothingToCompare(base, head));
  const members = { base: slots.flatMap((slot) => slot.base), head: slots.flatMap((slot) => slot.head) };
  const shown = { base: shownBy(members.base), head: shownBy(members.head) };
  const representatives = slots.flatMap((slot, pair) => representativesOf(slot, pair) ?? []);
  const pairs = representatives.map(({ report }) => report);
  const aligned = representatives.flatMap((two) => diffSteps(two.report.pair, two, shown));
  const { steps, rules } = placeRules(aligned, diffRules(shownFirst(slots, representatives)), pairs);
  return {
    schema: 'qtrace-diff/1',
    qtrace: VERSION,
    ...{ base: describeSide(request.base), head: describeSide(request.head) },
    ...{ pairs, unpaired },
    notes: notesOf(request.base, request.head, representatives),
    ...{ rules, changes: changesOf(steps, pairs), steps },
    metrics: diffMetrics(slots),
  };
}

function onlyMigration(run: DiffRun, index: number | undefined, side: 'base' | 'head'): DiffRun {
  if (index === undefined) return run;
  const { migrations } = run.facts;
  const chosen = migrations.filter((migration) => migration.index === index);
  if (chosen.length > 0) return { ...run, facts: { ...run.facts, migrations: chosen } };
  const known = migrations.length === 0 ? 'it has none' : `there are 0 to ${migrations.length - 1}`;
  throw new UserError(`${run.name} has no migration ${index} for --${side}-migration; ${known}`);
}

function nothingToCompare(base: readonly DiffRun[], head: readonly DiffRun[]): string {
  const empty = [base[0], head[0]].find((run) => run?.facts.migrations.length === 0);
  return `${empty?.name ?? 'one of the sides'} shows no migration that could be compared; name the log of a source`;
}

function describeSide(runs: readonly DiffRun[]): SideReport {
  return {
    runs: runs.map(({ name, source, facts }) => ({
      ...{ name, source },
      qemu: facts.qemu,
      migrations: facts.migrations.length,
      weakened: facts.inputs.flatMap((input) =>
        input.problems.filter(({ weakens }) => weakens).map(({ code }) => `${input.name}: ${code}`),
      ),
    })),
  };
}

type Two = NonNullable<ReturnType<typeof representativesOf>>;

/** The runs whose steps are shown before the others. */
function shownFirst(slots: readonly Slot[], representatives: readonly Two[]): readonly Slot[] {
  const first = (members: readonly Member[], shown: Member | undefined): readonly Member[] =>
    shown === undefined ? members : [shown, ...members.filter((member) => member !== shown)];
  return slots.map((slot, pair) => ({
    base: first(slot.base, representatives[pair]?.base),
    head: first(slot.head, representatives[pair]?.head),
  }));
}

function notesOf(
  base: readonly DiffRun[],
  head: readonly DiffRun[],
  representatives: readonly Two[],
): readonly string[] {
  const runs = [...base, ...head];
  const rulesets = new Set(runs.map(({ facts }) => facts.ruleset));
  const versions = new Set(runs.flatMap(({ facts }) => facts.qemu ?? []));
  const damaged = runs.filter(({ facts }) => facts.inputs.some(({ problems }) => problems.some((one) => one.weakens)));
  const empty = runs.filter(({ facts }) => facts.migrations.length === 0);
  const cut = representatives.filter(
    ({ base: a, head: b }) => a.migration.steps.omitted + b.migration.steps.omitted > 0,
  );
  return [
    ...(versions.size > 1
      ? [`judged by the duties of different versions of QEMU (${[...versions].join(', ')}): a difference may be theirs`]
      : []),
    ...(rulesets.size > 1 ? ['not all were judged by the same rules: a changed verdict may be a changed rule'] : []),
    ...(damaged.length > 0
      ? [`lines are missing or damaged in ${plural(damaged.length, 'log')}: ${namesOf(damaged)}`]
      : []),
    ...(empty.length > 0 ? [`no migration is shown by ${namesOf(empty)}: not compared`] : []),
    ...(cut.length > 0 ? ['of the longest sequences of steps the middle is left out'] : []),
  ];
}

const NAMED = 5;

function namesOf(runs: readonly DiffRun[]): string {
  const names = runs.slice(0, NAMED).map(({ name }) => name);
  return [...names, ...(runs.length > NAMED ? [`${runs.length - NAMED} more`] : [])].join(', ');
}
