/** Pairs migration_bitmap_sync_start with _end, and keeps the syncs that no query has claimed yet. */
import type { Uint64 } from '../base/uint64.ts';
import type { Moment, Sync, SyncOwner } from './run.ts';

interface OpenSync {
  start: Moment | undefined;
  end: Moment | undefined;
  dirtyPages: Uint64 | undefined;
  stage: Sync['stage'];
  /** Index of the switchover in which it began. */
  readonly switchover: number | undefined;
  readonly inSetup: boolean;
  readonly inPostcopy: boolean;
  readonly iterated: boolean;
  readonly hole: boolean;
}

/** Where a sync stands. */
export interface SyncPlace {
  /** Index of the switchover that is going on. */
  readonly switchover: number | undefined;
  readonly inSetup: boolean;
  readonly inPostcopy: boolean;
  readonly iterated: boolean;
  readonly hole: boolean;
}

const NO_SYNCS: readonly Sync[] = [];

export class SyncTracker {
  /** The first `#size` wait; an array that is emptied and filled again would be made anew for every query. */
  readonly #pending: OpenSync[] = [];
  #size = 0;
  #open: OpenSync | undefined;
  count = 0;

  get pendingCount(): number {
    return this.#size;
  }

  start(at: Moment, place: SyncPlace): void {
    this.#open = this.#add(syncAt(place, at));
  }

  /** The sync that ended, its owner not yet known. */
  end(at: Moment, dirtyPages: Uint64, place: SyncPlace): Sync {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) {
      open.end = at;
      open.dirtyPages = dirtyPages;
      return ownedSync(open, 'none', undefined);
    }
    const half = syncAt(place, undefined);
    half.end = at;
    half.dirtyPages = dirtyPages;
    this.#add(half);
    return ownedSync(half, 'none', undefined);
  }

  /** False when no event shows the sync that the stage belongs to. */
  stage(stage: NonNullable<Sync['stage']>): boolean {
    if (this.#open === undefined) return false;
    this.#open.stage = stage;
    return true;
  }

  /** Hands out every pending sync; `ownerOf` says whose it is. */
  claim(
    query: number | undefined,
    ownerOf: (sync: { inSetup: boolean; switchover: number | undefined }) => SyncOwner,
  ): readonly Sync[] {
    if (this.#size === 0) return NO_SYNCS;
    const owned = (sync: OpenSync): Sync => {
      const owner = ownerOf(sync);
      return ownedSync(sync, owner, owner === 'query' ? query : undefined);
    };
    const [first] = this.#pending;
    // Nearly always there is one.
    const claimed =
      this.#size === 1 && first !== undefined ? [owned(first)] : this.#pending.slice(0, this.#size).map(owned);
    this.#size = 0;
    this.#open = undefined;
    return claimed;
  }

  #add(sync: OpenSync): OpenSync {
    this.#pending[this.#size] = sync;
    this.#size += 1;
    this.count += 1;
    return sync;
  }
}

function syncAt(place: SyncPlace, start: Moment | undefined): OpenSync {
  const { switchover, inSetup, inPostcopy, iterated, hole } = place;
  return {
    start,
    end: undefined,
    dirtyPages: undefined,
    stage: undefined,
    switchover,
    inSetup,
    inPostcopy,
    iterated,
    hole,
  };
}

/** Field by field: spreading costs several times as much, and there may be millions. */
function ownedSync(
  { start, end, dirtyPages, stage, switchover, inPostcopy, iterated, hole }: OpenSync,
  owner: SyncOwner,
  query: number | undefined,
): Sync {
  return { start, end, dirtyPages, stage, switchover, inPostcopy, iterated, hole, owner, query };
}
