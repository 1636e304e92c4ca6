/** What ingest makes of one line. Everything downstream works on these. */

import type { KnownEvent } from '../catalog/catalog.ts';
import type { EventGroup } from '../catalog/events.ts';
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
};

export type LockOperation = 'waiting' | 'taken' | 'released';

/** A mutex event. `file` is the source file as printed, whose prefix differs per build. */
export type LockItem = ItemBase & {
  readonly kind: 'lock';
  readonly operation: LockOperation;
  readonly name: string;
  readonly mutex: string;
  readonly file: string;
  /** `FILE:LINE` as printed. */
  readonly site: string;
  /** Whoever can't use more lines like this one may have them counted instead. */
  readonly filter?: LockFilter | undefined;
};

/** Says which mutex events need not be handed on, until `reset`: those of the mutex, operation and place of a line. */
export interface LockFilter {
  /** Lines like the current one are counted from now on. */
  countOnly(): void;
  /** All lines are handed on again. */
  reset(): void;
}

/** Mutex events running that were only counted. Time, thread and place are those of the last one, or of the next line. */
export type LockRunItem = ItemBase & {
  readonly kind: 'lock-run';
  /** In the order of the first of each. */
  readonly operations: readonly LockOperation[];
  count(operation: LockOperation): number;
};

/** An event whose name is not in the catalogue: counted by name. */
export type OtherEventItem = ItemBase & { readonly kind: 'other-event'; readonly name: string };

/** Text that QEMU printed between the events: errors, warnings, assertion failures. */
export type MessageItem = ItemBase & {
  readonly kind: 'message';
  readonly message: string;
  /** Whose line it is, where the input says so. */
  readonly side: 'source' | 'destination' | undefined;
};

/** A query-migrate answer that stands between the trace lines. */
export type SampleItem = ItemBase & { readonly kind: 'sample'; readonly json: string };

/** A place where lines are missing or unreadable: nothing may be concluded from what is absent around it. */
export type DamageItem = ItemBase & { readonly kind: 'damage'; readonly code: ProblemCode };

export type TraceItem = EventItem | LockItem | LockRunItem | OtherEventItem | MessageItem | SampleItem | DamageItem;
