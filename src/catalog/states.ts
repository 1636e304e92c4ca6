/**
 * The states of an outgoing migration, and which may follow which. A table is
 * the union of its versions': an order that one of them has is never wrong.
 *
 * Every state change is a compare-and-swap, printed by the thread that made it
 * (migrate_set_state). So an order is one of states, not of lines alone; what
 * only threads racing for the state print stands apart, in `races`.
 */
import { STATES, type State } from './vocabulary.ts';

type Orders = Readonly<Partial<Record<State, readonly State[]>>>;

export interface StateTable {
  /** What may follow a state; a state without a key is not known to these versions. */
  readonly next: ReadonlyMap<string, readonly State[]>;
  /** What may follow when a command comes between a thread's last look at the state and its change. */
  readonly races: ReadonlyMap<string, readonly State[]>;
}

/** Before the switchover, and after it where nothing changed since 7.2. */
const COMMON: Orders = {
  setup: ['active', 'wait-unplug'],
  'wait-unplug': ['active'],
  'postcopy-active': ['completed', 'postcopy-paused'],
  'postcopy-recover': ['postcopy-active', 'postcopy-paused'],
  colo: ['completed'],
};

/** Newer versions set recover-setup before recover. */
const RECOVER_SETUP: Orders = {
  'postcopy-paused': ['postcopy-recover-setup'],
  'postcopy-recover-setup': ['postcopy-recover', 'postcopy-paused'],
};

/** Since 10.0 every switchover goes through `device`; since 10.2 postcopy waits in postcopy-device. */
const DEVICE: Orders = {
  active: ['device', 'pre-switchover'],
  'pre-switchover': ['device'],
  device: ['completed', 'colo', 'postcopy-device', 'postcopy-active'],
  'postcopy-device': ['postcopy-active'],
};

/** Up to 9.2: `device` only behind a pause, postcopy-active ahead of the last sync. */
const NO_DEVICE: Orders = {
  active: ['completed', 'pre-switchover', 'postcopy-active', 'colo'],
  'pre-switchover': ['device', 'postcopy-active'],
  device: ['completed', 'colo'],
  'postcopy-paused': ['postcopy-recover'],
};

/** migrate_cancel works in every running state, also a second time, and `quit` cancels. */
const CANCEL: Orders = { cancelling: ['cancelled', 'cancelling'], cancelled: ['setup'] };

/** migration_completion() of older versions sets `failed` also when it finds the migration cancelled. */
const FAILED_AFTER_CANCEL: Orders = { cancelling: ['failed'] };

/** A channel's thread and the migration thread may both find that it failed. */
const FAIL: Orders = { failed: ['failed', 'setup'], completed: ['setup'] };

const FAILING: Orders = { failing: ['failed', 'failing', 'cancelling'] };

/** cpr-exec: the migration is completed, and then exec() fails. */
const EXEC_FAILS: Orders = { completed: ['failed'] };

/** What may follow in savevm and in a background snapshot, which make no pending query. All versions. */
export const NEXT_IN_SNAPSHOT = union({ setup: ['completed'], active: ['completed'] });

/** postcopy_pause() sets its state whatever it was before; so does migration_completion_end(), newer than 7.2. */
const PAUSE_RACE: Orders = { cancelling: ['postcopy-paused'] };
const COMPLETION_RACE: Orders = { cancelling: ['completed'] };

const OVER: readonly State[] = ['completed', 'cancelling', 'cancelled', 'failing', 'failed'];

export const STATES_7_2: StateTable = {
  next: withFailures(['cancelling', 'failed'], COMMON, NO_DEVICE, CANCEL, FAILED_AFTER_CANCEL, FAIL),
  races: union(PAUSE_RACE),
};

/** 8.0 to 11.0. `failing` is not known to be in any of them, but came between 10.2 and 11.1. */
export const STATES_8_0: StateTable = {
  next: withFailures(
    ['cancelling', 'failing', 'failed'],
    COMMON,
    DEVICE,
    NO_DEVICE,
    RECOVER_SETUP,
    CANCEL,
    FAILED_AFTER_CANCEL,
    FAIL,
    FAILING,
    EXEC_FAILS,
  ),
  races: union(PAUSE_RACE, COMPLETION_RACE, { cancelling: ['failing'] }),
};

export const STATES_11_1: StateTable = {
  next: withFailures(
    ['cancelling', 'failing', 'failed'],
    COMMON,
    DEVICE,
    RECOVER_SETUP,
    CANCEL,
    FAIL,
    FAILING,
    EXEC_FAILS,
  ),
  races: union(PAUSE_RACE, COMPLETION_RACE, { cancelling: ['failing', 'failed'] }),
};

function union(...parts: readonly Orders[]): ReadonlyMap<string, readonly State[]> {
  return new Map(
    STATES.flatMap((state) => {
      const known = parts.flatMap((part) => (part[state] === undefined ? [] : [part[state]]));
      return known.length === 0 ? [] : [[state, [...new Set(known.flat())]] as const];
    }),
  );
}

/** A migration that runs may be cancelled and may fail, whatever it does. */
function withFailures(failures: readonly State[], ...parts: readonly Orders[]): ReadonlyMap<string, readonly State[]> {
  const next = union(...parts);
  return new Map(
    [...next].map(([state, others]) =>
      OVER.some((over) => over === state) ? [state, others] : [state, [...others, ...failures]],
    ),
  );
}

/** Those an attempt may have right behind `setup`, without a header on the stream. */
const WITHOUT_HEADER: readonly State[] = ['cancelling', 'failing', 'failed'];

/**
 * The state whose line must be lost where `to` seems to follow `from`, if one
 * will do. `headersShown`: the log shows the header of attempts, and none here.
 */
export function lostBetween(table: StateTable, from: string, to: string, headersShown: boolean): State | undefined {
  const follows = (states: readonly State[] | undefined): boolean => states?.some((state) => state === to) === true;
  return table.next.get(from)?.find((lost) => {
    if (lost !== 'setup') return follows(table.next.get(lost));
    if (headersShown) return follows(WITHOUT_HEADER);
    return follows(table.next.get('setup')) || follows(NEXT_IN_SNAPSHOT.get('setup'));
  });
}
