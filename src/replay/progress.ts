/** How far a migration has come: what its trackers tell each other. */
import type { Uint64 } from '../base/uint64.ts';
import { type Band, TERMINAL_STATES } from '../catalog/vocabulary.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { BqlTracker } from './bql-tracker.ts';
import type { CapabilityTracker } from './capabilities.ts';
import type { LimitSettings } from './limit-settings.ts';
import type { Moment, Outcome, StateChange } from './run.ts';
import type { ReplaySink } from './sink.ts';

/** What the replay of a stream knows beyond one migration. */
export interface StreamContext {
  readonly stream: number;
  readonly seen: ReadonlySet<string>;
  readonly bql: BqlTracker;
  readonly capabilities: CapabilityTracker;
  readonly sink: Required<ReplaySink>;
  /** Of the first query line of the stream, or what the user said. */
  band: Band | undefined;
  readonly bandGiven: boolean;
  /** The runstate that the last runstate_set of this log left. */
  readonly runstate: string | undefined;
  /** The last global_dirty_changed that left the dirty log on. */
  readonly dirtyLogOn: Place | undefined;
  /** A sync was seen in this log: sync events are on. */
  syncsShown: boolean;
  /** The VM was stopped by savevm before the migration began. */
  readonly inSnapshot: boolean;
  readonly limits: LimitSettings;
  /** Another stream is, or may be, a source. */
  readonly samplesShared: boolean;
}

export class Progress {
  readonly states: StateChange[] = [];
  readonly startSeen: boolean;
  #state: string | undefined;
  /** It has come to an end, so that what follows may begin another one. */
  ended = false;
  /** max_size of the last migrate_transferred. */
  thresholdBytes: Uint64 | undefined;
  /** migration_thread_low_pending came: the loop is done with precopy. */
  lowPending = false;
  postcopyStarted = false;
  /** The VM was stopped by the migration, and did not run since. */
  vmStopped = false;
  /** src-downtime-start came since the last final query: the VM ran until then. */
  downtimeStarted = false;
  /** A runstate_set came since the last final query. */
  runstateSeen = false;
  /** cpu_throttle_dirty_sync came since the last query: auto-converge's timer syncs. */
  timerSynced = false;
  /** An iteration sent something since the last query. */
  iterated = false;
  /** savevm_state_header, savevm_state_setup came: they come once in a migration. */
  headerSeen = false;
  setupEventSeen = false;
  /** savevm_state_cleanup came: nothing of this attempt runs any more. */
  cleanedUp = false;
  /** A postcopy switchover is over. */
  inPostcopy = false;
  /** A postcopy switchover was seen from its stop to its end. */
  postcopySwitchoverOver = false;
  background = false;
  /** Shows that RAM is left to postcopy, should it start. */
  ramPostcopy: Moment | undefined;
  holeSinceQuery = false;
  /** Two processes wrote this log, or it is an excerpt: nothing that is absent proves anything any more. */
  mixed = false;

  constructor(startSeen: boolean) {
    this.startSeen = startSeen;
  }

  get state(): string | undefined {
    return this.#state;
  }

  set state(state: string | undefined) {
    this.#state = state;
    this.ended = isTerminal(state);
  }

  get inSetup(): boolean {
    return this.state === 'setup' || this.state === 'wait-unplug';
  }

  hadState(state: string): boolean {
    return this.states.some((change) => change.state === state);
  }

  get outcome(): Outcome {
    switch (this.state) {
      case 'completed':
        return 'completed';
      case 'cancelled':
      case 'cancelling':
        return 'cancelled';
      case 'failed':
      case 'failing':
        return 'failed';
      default:
        return 'running';
    }
  }
}

export function isTerminal(state: string | undefined): boolean {
  return state !== undefined && TERMINAL_STATES.has(state);
}
