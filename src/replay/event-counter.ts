/** Counts the events per migration, state and name, and tells of them when the migration or the state changes. */
import type { LineRunItem, LockOperation } from '../ingest/trace-item.ts';
import type { Migration } from './run.ts';
import type { ReplaySink } from './sink.ts';

const LOCK_EVENTS: Readonly<Record<LockOperation, string>> = {
  waiting: 'qemu_mutex_lock',
  taken: 'qemu_mutex_locked',
  released: 'qemu_mutex_unlock',
};
/** Names that are in no catalogue come from the input, which may hold any number of them. */
const MAX_NAMES = 1000;

/** How often a name came since it was told of last. */
export class NameCount {
  readonly name: string;
  more = 0;
  /** In the migration and state at hand. */
  told = false;

  constructor(name: string) {
    this.name = name;
  }
}

export class EventCounter {
  readonly #sink: Required<ReplaySink>;
  readonly #byName = new Map<string, NameCount>();
  /** Those that were told of in the migration and state at hand. */
  #told: NameCount[] = [];
  #migration: Migration | undefined;
  #state: string | undefined;
  readonly #locks: Readonly<Record<LockOperation, NameCount>>;
  /** Those of the names in runs, by their index there. */
  readonly #ofRun: (NameCount | undefined)[] = [];
  #runNames: readonly string[] = [];

  constructor(sink: Required<ReplaySink>) {
    this.#sink = sink;
    this.#locks = {
      waiting: this.of(LOCK_EVENTS.waiting),
      taken: this.of(LOCK_EVENTS.taken),
      released: this.of(LOCK_EVENTS.released),
    };
  }

  /** Whoever counts a name often keeps it. */
  of(name: string): NameCount {
    let count = this.#byName.get(name);
    if (count === undefined) {
      if (this.#byName.size >= MAX_NAMES) this.#byName.clear();
      count = new NameCount(name);
      this.#byName.set(name, count);
    }
    return count;
  }

  add(name: string, migration: Migration | undefined, state: string | undefined): void {
    this.addTo(this.of(name), migration, state);
  }

  addTo(count: NameCount, migration: Migration | undefined, state: string | undefined): void {
    this.#in(migration, state);
    this.#add(count, 1);
  }

  addLock(operation: LockOperation, migration: Migration | undefined, state: string | undefined): void {
    this.addTo(this.#locks[operation], migration, state);
  }

  addRun(run: LineRunItem, migration: Migration | undefined, state: string | undefined): void {
    this.#in(migration, state);
    if (run.names !== this.#runNames) this.#ofRun.length = 0;
    this.#runNames = run.names;
    const { size } = run;
    for (let index = 0; index < size; index += 1) {
      const name = run.nameAt(index);
      const count = this.#ofRun[name] ?? this.of(run.names[name] ?? '');
      this.#ofRun[name] = count;
      this.#add(count, run.countAt(index));
    }
  }

  /** Tells of those that were not told yet. */
  flush(): void {
    const told = this.#told;
    this.#told = [];
    for (const count of told) {
      if (count.more > 0) this.#sink.counted(count.name, count.more, this.#migration, this.#state);
      count.more = 0;
      count.told = false;
    }
  }

  #in(migration: Migration | undefined, state: string | undefined): void {
    if (migration === this.#migration && state === this.#state) return;
    this.flush();
    this.#migration = migration;
    this.#state = state;
  }

  /** The first one at once: so the names come in the order of the log. */
  #add(count: NameCount, times: number): void {
    if (count.told) {
      count.more += times;
      return;
    }
    if (this.#told.length >= MAX_NAMES) this.flush();
    this.#told.push(count);
    count.told = true;
    count.more = times - 1;
    this.#sink.counted(count.name, 1, this.#migration, this.#state);
  }
}
