/**
 * Collects the timelines of all migrations. It is registered as a sink only
 * when charts are asked for, and keeps a few MB at most: see `ExtremeSeries`.
 */
import type { EventItem } from '../../ingest/trace-item.ts';
import type { Migration, Query, StateChange, Switchover, Sync } from '../../replay/run.ts';
import type { BqlHold, ReplaySink } from '../../replay/sink.ts';
import { Collection } from './collection.ts';
import type { Timeline } from './timeline.ts';

/** Beyond these nobody draws. */
const MAX_MIGRATIONS = 64;

export class TimelineCollector implements ReplaySink {
  readonly #nameOf: (input: number) => string;
  readonly #collections = new Map<Migration, Collection>();
  #current: Collection | undefined;
  #migration: Migration | undefined;

  constructor(nameOf: (input: number) => string) {
    this.#nameOf = nameOf;
  }

  queryMade(query: Query, migration: Migration): void {
    this.#of(migration)?.query(query);
  }

  syncEnds(sync: Sync, migration: Migration): void {
    this.#of(migration)?.sync(sync);
  }

  state(change: StateChange, migration: Migration): void {
    this.#of(migration)?.state(change);
  }

  switchover(switchover: Switchover, migration: Migration): void {
    this.#of(migration)?.switchover(switchover);
  }

  event(item: EventItem, migration: Migration | undefined, ns: number | undefined, inRound: boolean): void {
    if (migration === undefined || inRound) return;
    this.#of(migration)?.event(item, ns);
  }

  bqlHold(hold: BqlHold, migration: Migration): void {
    this.#of(migration)?.bqlHold(hold);
  }

  /** Complete when all migrations have ended, in their order. */
  timelines(): readonly Timeline[] {
    const all = [...this.#collections.values()].map((collection) => collection.timeline(this.#nameOf));
    return all.sort((a, b) => a.migration - b.migration);
  }

  #of(migration: Migration): Collection | undefined {
    if (this.#migration === migration) return this.#current;
    let collection = this.#collections.get(migration);
    if (collection === undefined && this.#collections.size < MAX_MIGRATIONS) {
      collection = new Collection(migration);
      this.#collections.set(migration, collection);
    }
    this.#migration = migration;
    this.#current = collection;
    return collection;
  }
}
