/** Who listens to the replay: the rules, the report and the store. Called in the order of the log. */
import type { KnownEvent } from '../catalog/catalog.ts';
import type { EventItem, MessageItem, Place } from '../ingest/trace-item.ts';
import type { AssertionFailure, Migration, Query, StateChange, Switchover, Sync } from './run.ts';

/** A stretch during which one thread held the BQL. */
export interface BqlHold {
  readonly by: 'migration-thread' | 'another' | 'unknown';
  readonly thread: number | undefined;
  readonly takenAt: Place;
  readonly releasedAt: Place | undefined;
  readonly startNs: number | undefined;
  readonly endNs: number | undefined;
}

export interface EventChoice {
  /** All where absent. */
  readonly names?: ReadonlySet<string>;
  /** Also those that come with every round of an iteration. */
  readonly inRounds: boolean;
}

/**
 * `migration` is undefined outside of any migration. Times of the items count
 * from the clock's base; those of the units from the migration's first event.
 */
export interface ReplaySink {
  /** What `event` is called for: every event where it is absent. */
  readonly listensTo?: EventChoice;
  migrationBegins?(migration: Migration): void;
  migrationEnds?(migration: Migration): void;
  /** A query at its line; who held the lock at it is not settled yet. */
  queryMade?(query: Query, migration: Migration): void;
  /** A sync at its end; whose it is is not settled yet. */
  syncEnds?(sync: Sync, migration: Migration): void;
  /** A query, once everything that decides who held the lock at it has been read. */
  query?(query: Query, migration: Migration): void;
  sync?(sync: Sync, migration: Migration): void;
  state?(change: StateChange, migration: Migration): void;
  switchover?(switchover: Switchover, migration: Migration): void;
  assertion?(failure: AssertionFailure, migration: Migration): void;
  /** Every other protocol event; `inRound` for those that come with every round of an iteration. */
  event?(item: EventItem, migration: Migration | undefined, ns: number | undefined, inRound: boolean): void;
  /**
   * Whether `event` must be called for an event of a round that has the same texts, though perhaps other numbers, than
   * this one, as far as it listens to it; it must be where this is absent.
   */
  awaits?(event: KnownEvent, migration: Migration): boolean;
  message?(item: MessageItem, migration: Migration | undefined, ns: number | undefined): void;
  /** So many events of a name in a state of a migration: with all its calls, every event of the log. */
  counted?(name: string, times: number, migration: Migration | undefined, state: string | undefined): void;
  bqlHold?(hold: BqlHold, migration: Migration): void;
}
