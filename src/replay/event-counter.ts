/** Counts the events per migration, state and name, and tells of them when the migration or the state changes. */
import type { LineRunItem, LockOperation } from '../ingest/trace-item.ts';
import type { Migration } from './run.ts';
import type { ReplaySink } from './sink.ts';

const LOCK_EVENTS: Readonly<Record<LockOperation, string>> = {
  waiting: 'qemu_mutex_lock',
  taken: 'qemu_mutex_locked',
  released: 'qemu_mutex_unlock',
};
const OPERATIONS: readonly LockOperation[] = ['waiting', 'taken', 'released'];
/** Names that are in no catalogue come from the input, which may hold any number of them. */
const MAX_NAMES = 1000;

export class EventCounter {
  readonly #sink: Required<ReplaySink>;
  /** By name, those that were not told yet; the first one was. */
  readonly #counts = new Map<string, { more: number }>();
  #migration: Migration | undefined;
  #state: string | undefined;
  #lastName = '';
  #last: { more: number } | undefined;
  /** Those of the mutex events, which alternate. */
  readonly #locks: Record<LockOperation, { more: number } | undefined> = {
    waiting: undefined,
    taken: undefined,
    released: undefined,
  };

  constructor(sink: Required<ReplaySink>) {
    this.#sink = sink;
  }

  add(name: string, migration: Migration | undefined, state: string | undefined): void {
    this.#in(migration, state);
    if (name !== this.#lastName || this.#last === undefined) {
      this.#lastName = name;
      this.#last = this.#of(name);
    }
    this.#last.more += 1;
  }

  addLock(operation: LockOperation, migration: Migration | undefined, state: string | undefined): void {
    this.#in(migration, state);
    const counter = this.#locks[operation] ?? this.#of(LOCK_EVENTS[operation]);
    this.#locks[operation] = counter;
    counter.more += 1;
  }

  addRun({ names, counts }: LineRunItem, migration: Migration | undefined, state: string | undefined): void {
    this.#in(migration, state);
    for (let index = 0; index < names.length; index += 1) this.#of(names[index] ?? '').more += counts[index] ?? 0;
  }

  /** Tells of those that were not told yet. */
  flush(): void {
    for (const [name, { more }] of this.#counts) {
      if (more > 0) this.#sink.counted(name, more, this.#migration, this.#state);
    }
    this.#counts.clear();
    this.#last = undefined;
    for (const operation of OPERATIONS) this.#locks[operation] = undefined;
  }

  #in(migration: Migration | undefined, state: string | undefined): void {
    if (migration === this.#migration && state === this.#state) return;
    this.flush();
    this.#migration = migration;
    this.#state = state;
  }

  #of(name: string): { more: number } {
    return this.#counts.get(name) ?? this.#first(name);
  }

  /** The first one at once: so the names come in the order of the log. */
  #first(name: string): { more: number } {
    if (this.#counts.size >= MAX_NAMES) this.flush();
    const counter = { more: -1 };
    this.#counts.set(name, counter);
    this.#sink.counted(name, 1, this.#migration, this.#state);
    return counter;
  }
}
