import type { BulkInsert } from './bulk-insert.ts';

/**
 * Names that are in no catalogue come from the input, which may hold any
 * number of them. Beyond this many counters they are written and begun anew;
 * then a name has several rows.
 */
const MAX_COUNTERS = 50_000;

interface Counter {
  count: number;
}

interface Group {
  readonly migration: number | undefined;
  readonly state: string | undefined;
  readonly counters: Map<string, Counter>;
}

/** Counts the events per migration, state and name. */
export class EventCounts {
  readonly #table: BulkInsert;
  readonly #groups = new Map<string, Group>();
  /** Of the last event: nearly always that of the next one, too. */
  #group: Group | undefined;
  #counters = 0;

  constructor(table: BulkInsert) {
    this.#table = table;
  }

  add(name: string, migration: number | undefined, state: string | undefined, times: number): void {
    let group = this.#group;
    if (group === undefined || group.migration !== migration || group.state !== state) {
      group = this.#groupOf(migration, state);
      this.#group = group;
    }
    const counter = group.counters.get(name);
    if (counter !== undefined) {
      counter.count += times;
      return;
    }
    group.counters.set(name, { count: times });
    this.#counters += 1;
    if (this.#counters > MAX_COUNTERS) this.write();
  }

  write(): void {
    for (const { migration, state, counters } of this.#groups.values()) {
      for (const [name, { count }] of counters) this.#table.add([migration ?? null, state ?? null, name, count]);
    }
    this.#groups.clear();
    this.#group = undefined;
    this.#counters = 0;
  }

  #groupOf(migration: number | undefined, state: string | undefined): Group {
    const key = `${migration ?? ''} ${state ?? ''}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group: Group = { migration, state, counters: new Map() };
    this.#groups.set(key, group);
    return group;
  }
}
