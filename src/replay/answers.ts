/** What query-migrate answered, as --qmp or the log itself has it. */
import type { Uint64 } from '../base/uint64.ts';
import type { Place } from '../ingest/trace-item.ts';

/** Since the migration's first event. */
export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

/** It was given somewhere in this span. */
export interface Answer extends Span {
  /** When the migration began that is answered for; undefined where the answer does not tell. */
  readonly started: Span | undefined;
  readonly place: Place;
}

/** What it says of the migration's state. */
export interface StatusAnswer extends Answer {
  readonly status: string;
  /** `ram.dirty-sync-count`, undefined where the answer has none. */
  readonly dirtySyncCount: Uint64 | undefined;
  /** It has the field `downtime`. */
  readonly showsDowntime: boolean;
}

/** What it says of the pending bytes. */
export interface DirtyBytesSample extends Answer {
  readonly dirtyBytes: Uint64;
  /** The name of the field: `remaining` or `dirty-bytes-total`. */
  readonly field: string;
  /** The answer's state is none that a migration ends in. */
  readonly underWay: boolean;
}
