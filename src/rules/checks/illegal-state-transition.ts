/**
 * migrate_set_state prints the new state only, and only when it was set. The
 * order is held against the states of the version; what one lost line would
 * explain is never an accusation, nor what races or two processes in one log
 * print. After the first illegal order nothing is known of what follows it, so
 * one finding is all.
 */
import { profileOf } from '../../catalog/profiles.ts';
import { lostBetween, type State, type StateTable } from '../../catalog/states.ts';
import { BANDS, type Band } from '../../catalog/vocabulary.ts';
import type { Migration, StateChange } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { queriesShown } from '../shared.ts';

export const illegalStateTransition = defineRule({
  id: 'illegal-state-transition',
  severity: 'error',
  title: 'A state follows one that it cannot follow',
  demands: 'The states of a migration come in an order that this version of QEMU has.',
  why: 'Management software acts on these states: on a wrong one it starts a second copy of the guest, or none.',
  needs: ['migrate_set_state'],
  qemu: { function: 'migrate_set_state', versions: 'all' },
  limits:
    'Where one lost line, a race with a cancel or a second process in the log would print the same, nothing is said.',
  begin: (migration) => ({ end: () => judge(migration) }),
});

function judge(migration: Migration): Judgement {
  const { states } = migration;
  if (states.length === 0) return undecidable('the log shows no state of the migration', ['migrate_set_state']);
  if (states.length === 1) return notApplicable('the log shows one state of the migration, and so no order');
  const steps = states.slice(1).flatMap((after, index) => {
    const before = states[index];
    return before === undefined ? [] : [judgeStep(migration, before, after)];
  });
  const worst = (verdict: Judgement['verdict']) => steps.find((step) => step.verdict === verdict);
  return worst('violated') ?? worst('undecidable') ?? pass(`the states come in an order that ${nameOf(migration)} has`);
}

/** What may be said of an order in one version. */
type Standing =
  | { readonly is: 'legal' }
  | { readonly is: 'doubtful'; readonly why: string }
  | { readonly is: 'illegal' };

function judgeStep(migration: Migration, before: StateChange, after: StateChange): Judgement {
  const bands = bandsToAsk(migration, before, after);
  if (bands.length === 0) {
    return undecidable(`no table of QEMU's states holds both ${before.state} and ${after.state}`, [
      'migrate_set_state',
    ]);
  }
  const standings = bands.map((band) => standingOf(migration, profileOf(band).states, before, after));
  if (standings.some(({ is }) => is === 'legal')) return pass('');
  const doubt = standings.find((standing) => standing.is === 'doubtful');
  if (doubt?.is === 'doubtful') return undecidable(doubt.why, ['migrate_set_state']);
  return violated({
    message: `the state ${after.state} follows ${before.state}`,
    expected: `after ${before.state}, in ${nameOf(migration)}: ${allowedAfter(bands, before.state).join(', ')}`,
    actual: after.state,
    evidence: [after.at.place, before.at.place],
  });
}

/** The version's own; where it is not known, all that have both states. */
function bandsToAsk({ band }: Migration, before: StateChange, after: StateChange): readonly Band[] {
  const asked = band === undefined ? BANDS : [band];
  return asked.filter((one) => [before, after].every(({ state }) => profileOf(one).states.next.has(state)));
}

function standingOf(
  migration: Migration,
  table: StateTable,
  { state: from, at: { place: fromPlace } }: StateChange,
  { state: to, at: { place: toPlace } }: StateChange,
): Standing {
  const isIn = (orders: StateTable['next']): boolean => orders.get(from)?.some((state) => state === to) === true;
  if (isIn(table.next) || (!queriesShown(migration) && isIn(table.nextInSnapshot))) return { is: 'legal' };
  const lines = `lines ${fromPlace.line} and ${toPlace.line}`;
  if (isIn(table.races)) return { is: 'doubtful', why: `only a race prints ${to} behind ${from} (${lines})` };
  if (from === to) {
    return { is: 'doubtful', why: `the state ${to} is printed twice, as by two processes in one log (${lines})` };
  }
  const headersShown = migration.saw('savevm_state_header') || migration.saw('savevm_state_setup');
  if (migration.previousOpen) {
    return { is: 'doubtful', why: `${to} follows ${from} where the migration before was not seen to end (${lines})` };
  }
  const lost = lostBetween(table, from, to, headersShown);
  if (lost === undefined) return { is: 'illegal' };
  return {
    is: 'doubtful',
    why: `between ${from} and ${to} the line of a state is missing, such as ${lost} (${lines})`,
  };
}

function allowedAfter(bands: readonly Band[], state: string): readonly State[] {
  return [...new Set(bands.flatMap((band) => profileOf(band).states.next.get(state) ?? []))];
}

function nameOf({ band }: Migration): string {
  return band === undefined ? 'any version of QEMU' : `QEMU ${band}`;
}
