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
}

export class SyncTracker {
  #pending: OpenSync[] = [];
  #open: OpenSync | undefined;
  count = 0;

  get pendingCount(): number {
    return this.#pending.length;
  }

  start(at: Moment, switchover: number | undefined, inSetup: boolean): void {
    this.#open = { start: at, end: undefined, dirtyPages: undefined, stage: undefined, switchover, inSetup };
    this.#pending.push(this.#open);
    this.count += 1;
  }

  end(at: Moment, dirtyPages: Uint64, switchover: number | undefined, inSetup: boolean): void {
    if (this.#open === undefined) this.start(at, switchover, inSetup);
    const sync = this.#open;
    if (sync === undefined) return;
    if (sync.start === at) sync.start = undefined;
    sync.end = at;
    sync.dirtyPages = dirtyPages;
    this.#open = undefined;
  }

  stage(at: Moment, lastStage: boolean, bql: boolean): void {
    if (this.#open !== undefined) this.#open.stage = { lastStage, bql, at };
  }

  /** Hands out every pending sync; `ownerOf` says whose it is. */
  claim(
    query: number | undefined,
    ownerOf: (sync: { inSetup: boolean; switchover: number | undefined }) => SyncOwner,
  ): readonly Sync[] {
    const claimed = this.#pending;
    this.#pending = [];
    this.#open = undefined;
    return claimed.map((sync): Sync => {
      const owner = ownerOf(sync);
      const { start, end, dirtyPages, stage } = sync;
      return { start, end, dirtyPages, stage, owner, query: owner === 'query' ? query : undefined };
    });
  }
}
