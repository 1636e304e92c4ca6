/**
 * The words of the replay: what a migration is made of. Byte counts are
 * QEMU's, never rescaled; times are nanoseconds since the migration's first
 * event, undefined where the log has no time stamps.
 */
import type { Uint64 } from '../base/uint64.ts';
import type { KnownEvent } from '../catalog/catalog.ts';
import type { Band } from '../catalog/vocabulary.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { DirtyBytesSample, StatusAnswer } from './answers.ts';

/** A line with its time in the migration. */
export interface Moment {
  readonly place: Place;
  readonly ns: number | undefined;
  readonly thread: number | undefined;
}

/**
 * Who holds the BQL (Big QEMU Lock) where a line was printed, and the lines
 * that prove it. The probe only tells that the migration thread does not.
 * `not-shown` is no answer at all: it never counts as held.
 */
export interface BqlAtLine {
  readonly holder: 'migration-thread' | 'not-migration-thread' | 'another' | 'free' | 'not-shown';
  readonly how: string;
  readonly proof: readonly Place[];
  /** So many mutex lines at least must be missing for it to be wrong; undefined where it does not rest on them. */
  readonly wrongIfLost?: number;
}

/** One pair migration_bitmap_sync_start ... _end. A half of it is a sync, too. */
export interface Sync {
  readonly start: Moment | undefined;
  readonly end: Moment | undefined;
  /** As printed: cumulative over about a second, not the size of the bitmap. */
  readonly dirtyPages: Uint64 | undefined;
  /** Probe migration_bitmap_sync_stage. */
  readonly stage: { readonly lastStage: boolean; readonly bql: boolean; readonly at: Moment } | undefined;
  /** Index of the query it belongs to; undefined for one of setup or of a switchover. */
  readonly query: number | undefined;
  readonly owner: SyncOwner;
  /** Index of the switchover in which it began. */
  readonly switchover: number | undefined;
  /** Began after the end of a postcopy switchover. */
  readonly inPostcopy: boolean;
  /** An iteration sent something between the query before it and its start. */
  readonly iterated: boolean;
  /** Lines are missing or unreadable since the query before it. */
  readonly hole: boolean;
}

/** A sync that was made and of which the log has no line. */
export interface LostSync {
  /** The line that shows it. */
  readonly place: Place;
  readonly shownBy: 'probe' | 'answer';
  readonly how: string;
}

export type SyncOwner = 'setup' | 'query' | 'switchover' | 'none';

export type QueryKind = 'estimate' | 'exact' | 'final' | 'unspecified';

/** What the line of a pending query says. */
export interface QueryLine {
  readonly kind: QueryKind;
  /** undefined in 7.2, which has one kind of query. */
  readonly exact: boolean | undefined;
  /** undefined where the version has no final query. */
  readonly final: boolean | undefined;
  readonly precopyBytes: Uint64;
  readonly stopcopyBytes: Uint64;
  readonly postcopyBytes: Uint64;
  readonly totalBytes: Uint64;
  /** 7.2: the threshold in force, as the line itself prints it. */
  readonly maxBytes: Uint64 | undefined;
  /** 11.1: switchover acks asked for in this query, and still outstanding. */
  readonly ackCollected: Uint64 | undefined;
  readonly ackTotal: Uint64 | undefined;
}

/** One pending query, with what happened since the query before it. */
export interface Query extends QueryLine {
  /** Counted from 0 within the migration. */
  readonly index: number;
  readonly at: Moment;
  readonly bql: BqlAtLine;
  /** At the sync of a final query, which stands before its line; undefined for others, and where no sync is shown. */
  readonly bqlAtSync: BqlAtLine | undefined;
  /** Its own syncs: those between the query before and this one, less setup's and a switchover's. */
  readonly syncs: readonly Sync[];
  /** State of the migration when it was made, undefined if not shown. */
  readonly state: string | undefined;
  /** The VM was seen stopped by this switchover (index), or not at all. */
  readonly switchover: number | undefined;
  /** After the end of a postcopy switchover. */
  readonly inPostcopy: boolean;
  /** The VM was seen stopped by the migration, and not running since. */
  readonly vmStopped: boolean;
  /** max_size of the last migrate_transferred of this attempt. */
  readonly thresholdBytes: Uint64 | undefined;
  /** The query before in the same migration, if the log shows one. */
  readonly previous: Place | undefined;
  /** The migration's `setup` or an earlier query of it was seen: nothing before this query is cut off. */
  readonly follows: boolean;
  /** A timer synced since the query before it (cpu_throttle_dirty_sync). */
  readonly timerSynced: boolean;
  /** The log showed a sync before: sync events are on. */
  readonly syncsShown: boolean;
  /** Probe events of this query. */
  readonly probes: QueryProbes;
  /** Lines are missing or unreadable between the query before and this one. */
  readonly hole: boolean;
}

export interface QueryProbes {
  readonly locked: { readonly value: boolean; readonly at: Moment } | undefined;
  readonly pendingSync:
    | {
        readonly exact: boolean;
        readonly final: boolean;
        readonly inPostcopy: boolean;
        readonly sync: boolean;
        readonly at: Moment;
      }
    | undefined;
  /** migration_bitmap_sync_stage, where no event shows the sync itself. */
  readonly stage: Sync['stage'];
  readonly dirtyBytesUpdate: { readonly old: Uint64; readonly new: Uint64; readonly at: Moment } | undefined;
}

/** A protocol, device or probe event, where it stands in the migration. */
export interface ProtocolEvent {
  readonly event: KnownEvent;
  readonly at: Moment;
  /** State of the migration at this line, undefined if not shown. */
  readonly state: string | undefined;
  /** Index of the switchover that is going on. */
  readonly switchover: number | undefined;
  /** After the end of a postcopy switchover. */
  readonly inPostcopy: boolean;
}

export interface StateChange {
  readonly state: string;
  readonly at: Moment;
  readonly hole: boolean;
}

export interface Checkpoint {
  readonly name: string;
  readonly at: Moment;
}

/** Time that one device needed, as QEMU printed it (vmstate_downtime_save) or between its section lines. */
export interface DeviceSave {
  readonly iterable: boolean;
  readonly idstr: string;
  readonly instance: number;
  readonly durationNs: number;
}

/** migration_thread_low_pending or postcopy_start. */
export interface Decision {
  readonly at: Moment;
  /** Pending bytes as migration_thread_low_pending prints them. */
  readonly pendingBytes: Uint64 | undefined;
  readonly query: Query | undefined;
  /** A sync stands between the query and the decision: a line of a query is missing. */
  readonly syncBetween: boolean;
}

/** A line that the migration thread prints under the BQL in every switchover of its own. */
export interface LockedStep {
  /** The event, or the checkpoint or state that it names. */
  readonly name: string;
  readonly at: Moment;
  readonly bql: BqlAtLine;
}

/** A thread that waits for a lock that it holds. */
export interface NestedLock {
  readonly taken: Place;
  readonly waiting: Place;
}

export type SwitchoverEnd =
  | 'downtime-end'
  | 'packaged'
  | 'completed'
  | 'postcopy'
  | 'colo'
  | 'failed'
  | 'cancelled'
  | 'vm-running'
  /** Another switchover begins, and the end of this one was not shown. */
  | 'superseded'
  | 'log-ends';

/**
 * From VM stop to the first of src-downtime-end, qemu_savevm_send_packaged, a
 * state after `device`, or the VM running again.
 */
export interface Switchover {
  /** Counted from 0 within the migration. */
  readonly index: number;
  /** A COLO checkpoint, not the migration's own switchover. */
  readonly checkpoint: boolean;
  readonly mode: 'precopy' | 'postcopy' | 'unknown';
  /** The line that shows the VM stopped. */
  readonly stop: Moment;
  readonly end: Moment | undefined;
  readonly endedBy: SwitchoverEnd;
  /** It was carried through: yes, no, or not shown. */
  readonly completed: 'yes' | 'no' | 'not-shown';
  /** The last query before the stop, on which the decision rests. */
  readonly decidingQuery: Query | undefined;
  /** Final queries made after the decision, while the VM is proven to have run: before the stop. */
  readonly earlyFinals: readonly Query[];
  /** Final queries before the stop of which nothing proves that they belong to it. */
  readonly unplacedFinals: number;
  /** At most 20; `finalCount` is the true number. */
  readonly finals: readonly Query[];
  readonly finalCount: number;
  /** Queries with final=0 behind a final one, at most 20. */
  readonly queriesAfterFinal: readonly Query[];
  /** Where syncs began behind the last final query, at most 20. */
  readonly syncsAfterFinal: readonly Moment[];
  /** The line that decided for the switchover, and the query before it. */
  readonly decision: Decision | undefined;
  readonly syncs: readonly Sync[];
  readonly syncCount: number;
  readonly discardBitmap: Moment | undefined;
  /** Syncs between the stop and ram_postcopy_send_discard_bitmap. */
  readonly syncsBeforeDiscard: number;
  /** Syncs between the stop and the first line that comes after a final query, less those of exact queries that are none. */
  readonly syncsBeforeSaving: number;
  /** Some query of the migration counted bytes as precopy: RAM is not left to postcopy. */
  readonly precopyBytesSeen: boolean;
  /** Shows that RAM was to be sent after the switchover, so a discard bitmap is due. */
  readonly ramPostcopy: Moment | undefined;
  /** The end of RAM was reached while the VM was stopped. */
  readonly ramEnd: Moment | undefined;
  /** The log ends where the final query is made: behind the stop, before anything is saved. */
  readonly endsInFinal: boolean;
  /** A probe shows that a query began, and when the switchover ended its line had not come. */
  readonly queryBegan: boolean;
  /** A query began (probe) and no query line followed: the process died inside it. */
  readonly unfinishedQuery: QueryProbes | undefined;
  /** The log ends in the final query, and the migration thread waits for the BQL that it holds. */
  readonly nestedLock: NestedLock | undefined;
  /** None for a COLO checkpoint. At most 20. */
  readonly lockedSteps: readonly LockedStep[];
  readonly hole: boolean;
}

/** An assertion failure that QEMU printed before it died. */
export interface AssertionFailure {
  /** C function that asserted. */
  readonly function: string;
  readonly expression: string;
  readonly place: Place;
}

export type MigrationKind = 'precopy' | 'postcopy' | 'snapshot' | 'background-snapshot' | 'colo' | 'unknown';
export type Outcome = 'completed' | 'cancelled' | 'failed' | 'aborted' | 'running';

/** What a QMP command set a migration capability to. */
export interface Capability {
  readonly on: boolean;
  /** The command. */
  readonly place: Place;
}

export type Capabilities = ReadonlyMap<string, Capability>;

export interface Phase {
  readonly name: string;
  readonly startNs: number | undefined;
  readonly endNs: number | undefined;
  readonly startLine: number;
  readonly endLine: number;
  readonly input: number;
}

export interface Downtime {
  readonly startNs: number;
  readonly endNs: number;
  readonly durationNs: number;
  /** Lines that bound it. */
  readonly start: Place;
  readonly end: Place;
}

/**
 * A migration as far as it has been replayed. Rules read it while it grows;
 * the fields are final when `over` is true.
 */
export interface Migration {
  readonly index: number;
  readonly stream: number;
  readonly band: Band | undefined;
  readonly kind: MigrationKind;
  readonly outcome: Outcome;
  /** `setup` was seen: the log does not start in the middle of this migration. */
  readonly startSeen: boolean;
  /** The probe of RAM shows a final query, whether or not its line is there. */
  readonly finalProbed: boolean;
  /** The migration before it in this log was not seen to end: it may go on among these lines. */
  readonly previousOpen: boolean;
  readonly first: Moment;
  readonly last: Moment;
  /** By QEMU's names, as they were set when it began; a name that is not there is unknown. */
  readonly capabilities: Capabilities;
  readonly states: readonly StateChange[];
  readonly counts: Readonly<Record<QueryKind, number>>;
  readonly syncCount: number;
  /** The first proof that lines of syncs are missing: then a sync that is absent proves nothing. Complete when it is over. */
  readonly lostSync: LostSync | undefined;
  readonly iterations: number;
  readonly switchovers: number;
  readonly downtime: Downtime | undefined;
  readonly finalTotalBytes: Uint64 | undefined;
  readonly phases: readonly Phase[];
  readonly checkpoints: readonly Checkpoint[];
  readonly deviceSaves: readonly DeviceSave[];
  readonly assertion: AssertionFailure | undefined;
  /** Messages QEMU printed meanwhile, the first 20. */
  readonly messages: readonly Moment[];
  readonly messageCount: number;
  /** First place where the log has a hole within this migration. */
  readonly hole: { readonly place: Place; readonly text: string } | undefined;
  /** State at the line read last, undefined if none was shown. */
  readonly state: string | undefined;
  /** Index of the switchover that is going on. */
  readonly openSwitchover: number | undefined;
  /** A postcopy switchover is over. */
  readonly inPostcopy: boolean;
  /** Where the dirty log was switched on before this migration, if it was still on, with the VM running, at its beginning. */
  readonly dirtyLogBefore: Place | undefined;
  /** An event of this name came in this log, before or in the migration. */
  saw(event: string): boolean;
  readonly over: boolean;
  /** What was set as downtime-limit last, by a command in the log or in that of --qmp, up to this time. */
  downtimeLimitAt(ns: number): DowntimeLimit | undefined;
  /**
   * Samples of dirty_bytes_total in the order of their times: those of --qmp from
   * the beginning on, also those taken after its end; those in the log as they come.
   */
  readonly samples: readonly DirtyBytesSample[];
  /** Everything that query-migrate answered from the beginning on, in the order of the times. */
  readonly answers: readonly StatusAnswer[];
  /**
   * Another process of the input is, or may be, a source, and --qmp does not say
   * whose answers it holds: one without `started` may be about the other's migration.
   */
  readonly samplesShared: boolean;
  /** Last time that the log shows before it ends or another migration begins. */
  readonly logEndNs: number | undefined;
}

/** A downtime-limit as it was set. */
export interface DowntimeLimit {
  readonly ms: number;
  readonly place: Place;
  /** Since the migration's first event, so mostly below 0. */
  readonly ns: number;
}
