/**
 * A query as the replay makes it. There may be millions: one shape, and what the line says is not copied, which a
 * spread of it would not see.
 */
import type { Uint64 } from '../base/uint64.ts';
import type { Place } from '../ingest/trace-item.ts';
import { NOT_SHOWN } from './bql-snapshot.ts';
import type { Progress } from './progress.ts';
import type { BqlAtLine, Moment, Query, QueryKind, QueryLine, QueryProbes, Sync } from './run.ts';

export const NO_PROBES: QueryProbes = {
  locked: undefined,
  pendingSync: undefined,
  stage: undefined,
  dirtyBytesUpdate: undefined,
};

export const NO_SYNCS: readonly Sync[] = [];

export class MadeQuery implements Query {
  readonly #line: QueryLine;
  readonly index: number;
  readonly at: Moment;
  bql = NOT_SHOWN;
  bqlAtSync: BqlAtLine | undefined = undefined;
  syncs = NO_SYNCS;
  readonly state: string | undefined;
  switchover: number | undefined = undefined;
  readonly inPostcopy: boolean;
  readonly vmStopped: boolean;
  readonly thresholdBytes: Uint64 | undefined;
  previous: Place | undefined = undefined;
  readonly follows: boolean;
  readonly timerSynced: boolean;
  readonly syncsShown: boolean;
  probes = NO_PROBES;
  readonly hole: boolean;

  constructor(line: QueryLine, index: number, at: Moment, syncsShown: boolean, progress: Progress) {
    this.#line = line;
    this.index = index;
    this.at = at;
    this.state = progress.state;
    this.inPostcopy = progress.inPostcopy;
    this.vmStopped = progress.vmStopped;
    this.thresholdBytes = progress.thresholdBytes;
    this.follows = progress.startSeen || index > 0;
    this.syncsShown = syncsShown;
    this.timerSynced = progress.timerSynced;
    this.hole = progress.holeSinceQuery;
  }

  get kind(): QueryKind {
    return this.#line.kind;
  }

  get exact(): boolean | undefined {
    return this.#line.exact;
  }

  get final(): boolean | undefined {
    return this.#line.final;
  }

  get precopyBytes(): Uint64 {
    return this.#line.precopyBytes;
  }

  get stopcopyBytes(): Uint64 {
    return this.#line.stopcopyBytes;
  }

  get postcopyBytes(): Uint64 {
    return this.#line.postcopyBytes;
  }

  get totalBytes(): Uint64 {
    return this.#line.totalBytes;
  }

  get maxBytes(): Uint64 | undefined {
    return this.#line.maxBytes;
  }

  get ackCollected(): Uint64 | undefined {
    return this.#line.ackCollected;
  }

  get ackTotal(): Uint64 | undefined {
    return this.#line.ackTotal;
  }
}
