/**
 * migrate_set_state prints the new state only, and only when it was set. The
 * order is held against the states of the version; what one lost line would
 * explain is never an accusation, nor what races or two processes in one log
 * print. After the first illegal order nothing is known of what follows it, so
 * one finding is all.
 */
import { profileOf } from '../../catalog/profiles.ts';
import { SILENT_NS } from '../../catalog/silence.ts';
import { lostBetween, NEXT_IN_SNAPSHOT, type StateTable } from '../../catalog/states.ts';
import { BANDS, type Band, type State } from '../../catalog/vocabulary.ts';
import type { Place } from '../../ingest/trace-item.ts';
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
    'Nothing is said where one lost line, a race with a cancel, a second process in the log or the log of one thread alone would look the same.',
  begin: (migration) => {
    const silence = new Silence();
    return {
      queryMade: ({ at }) => {
        silence.sinceNs = at.ns;
        return undefined;
      },
      state: (change) => {
        silence.note(change);
        return undefined;
      },
      end: () => judge(migration, silence),
    };
  },
});

class Silence {
  sinceNs: number | undefined;
  readonly #broken = new Set<StateChange>();

  note(change: StateChange): void {
    const { ns } = change.at;
    if (ns !== undefined && this.sinceNs !== undefined && ns - this.sinceNs >= SILENT_NS) this.#broken.add(change);
    this.sinceNs = ns;
  }

  isBrokenBy(change: StateChange): boolean {
    return this.#broken.has(change);
  }
}

function judge(migration: Migration, silence: Silence): Judgement {
  const { states } = migration;
  if (states.length === 0) return doubt('the log shows no state of the migration');
  if (states.length === 1) return notApplicable('the log shows one state of the migration, and so no order');
  const steps = states.slice(1).flatMap((after, index) => {
    const before = states[index];
    return before === undefined ? [] : [judgeStep(migration, before, after, silence)];
  });
  const worst = (verdict: Judgement['verdict']) => steps.find((step) => step.verdict === verdict);
  return worst('violated') ?? worst('undecidable') ?? pass(`the states come in an order that ${nameOf(migration)} has`);
}

function judgeStep(migration: Migration, before: StateChange, after: StateChange, silence: Silence): Judgement {
  const bands = bandsToAsk(migration, before, after);
  if (bands.length === 0) return doubt(`no table of QEMU's states holds both ${before.state} and ${after.state}`);
  const excuses = bands.flatMap((band) => excuseOf(migration, profileOf(band).states, before, after) ?? []);
  const excuse = excuses.find(({ verdict }) => verdict === 'pass') ?? excuses[0];
  if (excuse !== undefined) return excuse;
  if (silence.isBrokenBy(after)) {
    return doubt(
      `the log is silent before ${after.state} (line ${after.at.place.line}): more than one state may be missing`,
    );
  }
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

/** Why a version may print this order: because it has it, or for another reason. */
function excuseOf(
  migration: Migration,
  table: StateTable,
  { state: from, at: { place: fromPlace } }: StateChange,
  { state: to, at: { place: toPlace } }: StateChange,
): Judgement | undefined {
  const isIn = (orders: StateTable['next']): boolean => orders.get(from)?.some((state) => state === to) === true;
  if (isIn(table.next) || (!queriesShown(migration) && isIn(NEXT_IN_SNAPSHOT))) return pass('a legal order');
  const lines = `lines ${fromPlace.line} and ${toPlace.line}`;
  if (isIn(table.races)) return doubt(`only a race prints ${to} behind ${from} (${lines})`);
  if (from === to) return doubt(`the state ${to} is printed twice, as by two processes in one log (${lines})`);
  const lost = lostBetween(table, from, to, showsHeaders(migration));
  if (lost !== undefined) {
    return doubt(`between ${from} and ${to} the line of a state is missing, such as ${lost} (${lines})`);
  }
  const whyMore = whyMoreMayBeLost(migration, fromPlace, toPlace);
  return whyMore === undefined ? undefined : doubt(`${whyMore} between ${lines}`);
}

function whyMoreMayBeLost(migration: Migration, from: Place, to: Place): string | undefined {
  if (migration.previousOpen) return 'the migration before was not seen to end, and may be the one that goes on';
  if (from.input !== to.input) return "one thread's log may begin late or end early: states may be missing";
  if (!showsBothThreads(migration)) return "the log may be one thread's own: states of others may be missing";
  return undefined;
}

/** The main thread sets `setup` and takes commands; the migration thread does the rest. */
function showsBothThreads(migration: Migration): boolean {
  const [first, ...others] = migration.states;
  if (first?.state !== 'setup') return false;
  return showsHeaders(migration) || queriesShown(migration) || others.some(({ state }) => state === 'active');
}

function showsHeaders(migration: Migration): boolean {
  return migration.saw('savevm_state_header') || migration.saw('savevm_state_setup');
}

function allowedAfter(bands: readonly Band[], state: string): readonly State[] {
  return [...new Set(bands.flatMap((band) => profileOf(band).states.next.get(state) ?? []))];
}

function doubt(reason: string): Judgement {
  return undecidable(reason, ['migrate_set_state']);
}

function nameOf({ band }: Migration): string {
  return band === undefined ? 'any version of QEMU' : `QEMU ${band}`;
}
