/**
 * Collects the timelines of all migrations. It is registered as a sink only
 * when charts are asked for, and keeps a few MB at most: see `ExtremeSeries`.
 */
import { MANY_MIGRATIONS } from '../../base/memory.ts';
import type { EventItem } from '../../ingest/trace-item.ts';
import type { StateChange, Switchover } from '../../replay/run.ts';
import type { BqlHold, ReplaySink } from '../../replay/sink.ts';
import { type Asked, Collection, type Run, type Synced } from './collection.ts';
import type { Timeline } from './timeline.ts';

/** Beyond these nobody draws. */
const MAX_MIGRATIONS = 64;

export class TimelineCollector implements ReplaySink {
  readonly #nameOf: (input: number) => string;
  readonly #collections = new Map<Run, Collection>();
  #current: Collection | undefined;
  #migration: Run | undefined;

  constructor(nameOf: (input: number) => string) {
    this.#nameOf = nameOf;
  }

  queryMade(query: Asked, migration: Run): void {
    this.#of(migration)?.query(query);
  }

  syncEnds(sync: Synced, migration: Run): void {
    this.#of(migration)?.sync(sync);
  }

  state(change: StateChange, migration: Run): void {
    this.#of(migration)?.state(change);
  }

  switchover(switchover: Switchover, migration: Run): void {
    this.#of(migration)?.switchover(switchover);
  }

  event(item: EventItem, migration: Run | undefined, ns: number | undefined, inRound: boolean): void {
    if (migration === undefined) return;
    if (!inRound) this.#of(migration)?.event(item, ns);
    else if (item.event.name === 'savevm_section_start') this.#of(migration)?.iterates(item.event.args.id);
  }

  bqlHold(hold: BqlHold, migration: Run): void {
    this.#of(migration)?.bqlHold(hold);
  }

  /** Complete when all migrations have ended, in their order. */
  timelines(): readonly Timeline[] {
    const all = [...this.#collections.values()].map((collection) => collection.timeline(this.#nameOf));
    return all.sort((a, b) => a.migration - b.migration);
  }

  #of(migration: Run): Collection | undefined {
    if (this.#migration === migration) return this.#current;
    let collection = this.#collections.get(migration);
    if (collection === undefined && this.#collections.size < MAX_MIGRATIONS) {
      collection = new Collection(migration, this.#collections.size >= MANY_MIGRATIONS);
      this.#collections.set(migration, collection);
    }
    this.#migration = migration;
    this.#current = collection;
    return collection;
  }
}
