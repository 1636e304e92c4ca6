/** What ingest makes of one line. Everything downstream works on these. */

import type { KnownEvent } from '../catalog/catalog.ts';
import type { EventGroup } from '../catalog/events.ts';
import type { Side } from '../catalog/vocabulary.ts';
import type { ProblemCode } from './problems.ts';

/** A line of an input: the proof that a report shows. */
export interface Place {
  /** Index into the inputs. */
  readonly input: number;
  /** Counted from 1. */
  readonly line: number;
  /** The raw line, without its line end. */
  readonly text: string;
}

/** What every item has. Times count from the whole second of the process's first time stamp. */
export interface ItemBase {
  readonly place: Place;
  /** Nanoseconds since the clock's base; undefined without a time stamp. */
  readonly timeNs: number | undefined;
  /** Thread id, where the prefix or the file's name shows one. */
  readonly thread: number | undefined;
  /** Process id, in the forms that show it: several processes may share one recording. */
  readonly process?: number | undefined;
}

/** An event of the catalogue with its arguments. */
export type EventItem = ItemBase & {
  readonly kind: 'event';
  readonly group: EventGroup;
  readonly event: KnownEvent;
  /** `key=value` pairs behind the declared arguments. */
  readonly extra: Readonly<Record<string, string>> | undefined;
  /** Lines like this one need not come one by one. */
  readonly filter?: EventFilter | undefined;
};

/** Says which protocol events may come in runs: none at first. */
export interface EventFilter {
  /** Lines like the current one may come among the `records` of a run from now on. */
  follow(): void;
  /** All lines come one by one, until the next `follow`. */
  reset(): void;
}

export type LockOperation = 'waiting' | 'taken' | 'released';

/** What a mutex event says. `file` is the source file as printed, whose prefix differs per build. */
export interface LockText {
  readonly operation: LockOperation;
  readonly name: string;
  readonly mutex: string;
  readonly file: string;
  /** `FILE:LINE` as printed. */
  readonly site: string;
}

/** A mutex event. */
export type LockItem = ItemBase &
  LockText & {
    readonly kind: 'lock';
    /** Lines like this one need not come one by one. */
    readonly filter?: LockFilter | undefined;
  };

/** Says which mutex events may come in runs, until `reset`: those of the mutex, operation and place of a line. */
export interface LockFilter {
  /** Lines like the current one are only counted from now on. */
  countOnly(): void;
  /** Lines like the current one may come among the `records` of a run. */
  follow(): void;
  /** All lines come one by one again. */
  reset(): void;
}

/** Mutex and protocol events of a run, in their order; the numbers count from 0. */
export interface RunRecords {
  readonly size: number;
  /** The lines show their threads. */
  readonly threaded: boolean;
  /** A small number, the same for all lines of mutex events that say the same; those of a protocol event are of one name. */
  idAt(index: number): number;
  /** A protocol event, not one of a mutex. */
  isEventAt(index: number): boolean;
  /** The next call of either may fill its item anew. */
  lockAt(index: number): LockItem;
  eventAt(index: number): EventItem;
}

/** Lines running that were only counted, but for `records`. Time, thread and place are those of the last one. */
export type LineRunItem = ItemBase & {
  readonly kind: 'line-run';
  readonly lines: number;
  /** Names of events, of this run and of those before it; a name keeps its index. */
  readonly names: readonly string[];
  /** How many names there are in this run, those of the records, too. */
  readonly size: number;
  /** Which they are, as indices into `names`, in the order of the first line of each. */
  nameAt(index: number): number;
  countAt(index: number): number;
  readonly records: RunRecords;
};

/** An event whose name is not in the catalogue: counted by name. */
export type OtherEventItem = ItemBase & { readonly kind: 'other-event'; readonly name: string };

/** Text that QEMU printed between the events: errors, warnings, assertion failures. */
export type MessageItem = ItemBase & {
  readonly kind: 'message';
  readonly message: string;
  /** Whose line it is, where the input says so. */
  readonly side: Side | undefined;
};

/** A query-migrate answer that stands between the trace lines. */
export type SampleItem = ItemBase & { readonly kind: 'sample'; readonly json: string };

/** A place where lines are missing or unreadable: nothing may be concluded from what is absent around it. */
export type DamageItem = ItemBase & { readonly kind: 'damage'; readonly code: ProblemCode };

export type TraceItem = EventItem | LockItem | LineRunItem | OtherEventItem | MessageItem | SampleItem | DamageItem;
