/** Counts the mutex events per migration and state, and tells of them when either changes. */
import type { LockItem, LockOperation, LockRunItem } from '../ingest/trace-item.ts';
import type { Migration } from './run.ts';
import type { ReplaySink } from './sink.ts';

const OPERATIONS: readonly LockOperation[] = ['waiting', 'taken', 'released'];

export class LockCounter {
  readonly #sink: Required<ReplaySink>;
  /** Of those whose first one was told. */
  readonly #counts: Record<LockOperation, number> = { waiting: 0, taken: 0, released: 0 };
  #migration: Migration | undefined;
  #state: string | undefined;

  constructor(sink: Required<ReplaySink>) {
    this.#sink = sink;
  }

  add({ operation }: LockItem, migration: Migration | undefined, state: string | undefined): void {
    this.#in(migration, state);
    this.#add(operation, 1);
  }

  addRun(run: LockRunItem, migration: Migration | undefined, state: string | undefined): void {
    this.#in(migration, state);
    for (const operation of run.operations) this.#add(operation, run.count(operation));
  }

  /** Tells of those that were not told yet. */
  flush(): void {
    for (const operation of OPERATIONS) {
      const more = this.#counts[operation] - 1;
      if (more > 0) this.#sink.countLocks(operation, more, this.#migration, this.#state);
      this.#counts[operation] = 0;
    }
  }

  #in(migration: Migration | undefined, state: string | undefined): void {
    if (migration === this.#migration && state === this.#state) return;
    this.flush();
    this.#migration = migration;
    this.#state = state;
  }

  #add(operation: LockOperation, count: number): void {
    // The first one at once: so the kinds of events come in the order of the log.
    if (this.#counts[operation] === 0) this.#sink.countLocks(operation, 1, this.#migration, this.#state);
    this.#counts[operation] += count;
  }
}
