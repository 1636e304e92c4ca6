/**
 * Feeds what came in runs to the migration that goes on all the while: the
 * lines of the BQL, and of the events those of which anybody learns anything.
 */
import type { EventItem, RunRecords } from '../ingest/trace-item.ts';
import type { BqlTracker } from './bql-tracker.ts';
import type { EventKind, EventKinds } from './event-kinds.ts';
import type { MigrationBuilder } from './migration-builder.ts';

const NONE = -1;

export class LineRuns {
  readonly #bql: BqlTracker;
  readonly #kinds: EventKinds;
  readonly #feed: (item: EventItem, kind: EventKind) => void;

  constructor(bql: BqlTracker, kinds: EventKinds, feed: (item: EventItem, kind: EventKind) => void) {
    this.#bql = bql;
    this.#kinds = kinds;
    this.#feed = feed;
  }

  run(records: RunRecords, migration: MigrationBuilder | undefined): void {
    const { size } = records;
    let from = 0;
    let passed = NONE;
    for (let index = 0; index < size; index += 1) {
      if (!records.isEventAt(index)) continue;
      this.#bql.run(records, from, index);
      from = index + 1;
      const id = records.idAt(index);
      const round = this.#kinds.roundOf(id);
      if (round !== undefined && migration?.passes(round) === true) {
        passed = index;
        continue;
      }
      passed = NONE;
      const item = records.eventAt(index);
      this.#feed(item, this.#kinds.ofRecord(id, item));
    }
    this.#bql.run(records, from, size);
    if (passed !== NONE) migration?.cameTo(records.eventAt(passed));
  }
}
