/** Writes the replay into the database as it goes by, and the report at its end. */
import type { EventItem, MessageItem } from '../ingest/trace-item.ts';
import type { BqlAtLine, Migration, Query, StateChange, Sync } from '../replay/run.ts';
import type { BqlHold, ReplaySink } from '../replay/sink.ts';
import type { Report } from '../report/report.ts';
import { BulkInsert, plainInsert } from './bulk-insert.ts';
import { flagCell, looseCountCell } from './cells.ts';
import { EVENTS, HOLDS, QUERIES, SYNCS } from './columns.ts';
import { type Cell, NewDatabase } from './database.ts';
import { argsCell } from './event-args.ts';
import { EventCounts } from './event-counts.ts';
import { writeReport } from './report-rows.ts';

/** All that a row says of its migration. */
type Owner = Pick<Migration, 'index'>;

export class StoreWriter implements ReplaySink {
  readonly listensTo = { inRounds: false };
  readonly #database: NewDatabase;
  readonly #queries: BulkInsert;
  readonly #syncs: BulkInsert;
  readonly #states: BulkInsert;
  readonly #events: BulkInsert;
  readonly #messages: BulkInsert;
  readonly #bqlHolds: BulkInsert;
  readonly #eventCounts: BulkInsert;
  readonly #counts: EventCounts;
  /** By migration, the id of its query 0. Migrations come one after the other, so the ids of one are consecutive. */
  readonly #firstQueryIds = new Map<number, number>();
  #nextQueryId = 1;
  #nextSyncId = 1;

  constructor(database: NewDatabase) {
    this.#database = database;
    this.#queries = new BulkInsert(database, 'queries', QUERIES.kinds);
    this.#syncs = new BulkInsert(database, 'syncs', SYNCS.kinds);
    this.#states = plainInsert(database, 'states', 6);
    this.#events = new BulkInsert(database, 'events', EVENTS.kinds);
    this.#messages = plainInsert(database, 'messages', 7);
    this.#bqlHolds = new BulkInsert(database, 'bql_holds', HOLDS.kinds);
    this.#eventCounts = plainInsert(database, 'event_counts', 4);
    this.#counts = new EventCounts(this.#eventCounts);
  }

  /** The database at `path` appears with `finish()`; until then an earlier one stays. */
  static async create(path: string, place?: string): Promise<StoreWriter> {
    return new StoreWriter(await NewDatabase.create(path, place));
  }

  query(query: Query, migration: Owner): void {
    const { at } = query;
    const rows = this.#queries;
    rows.id(this.#queryId(migration, query.index));
    rows.same(QUERIES.migration, migration.index);
    rows.same(QUERIES.input, at.place.input);
    rows.same(QUERIES.thread, at.thread ?? null);
    rows.same(QUERIES.ackCollected, looseCountCell(query.ackCollected));
    rows.same(QUERIES.ackTotal, looseCountCell(query.ackTotal));
    rows.same(QUERIES.state, query.state ?? null);
    rows.same(QUERIES.switchover, query.switchover ?? null);
    rows.any(at.place.line);
    rows.any(at.ns ?? null);
    rows.any(flagCell(query.exact));
    rows.any(flagCell(query.final));
    rows.count(looseCountCell(query.precopyBytes));
    rows.count(looseCountCell(query.stopcopyBytes));
    rows.count(looseCountCell(query.postcopyBytes));
    rows.count(looseCountCell(query.totalBytes));
    rows.any(bqlCell(query.bql));
    rows.any(query.syncs.length);
    rows.count(looseCountCell(query.thresholdBytes));
    rows.end();
  }

  sync(sync: Sync, migration: Owner): void {
    const at = sync.start ?? sync.end;
    if (at === undefined) throw new Error('a sync without start and end');
    const rows = this.#syncs;
    rows.id(this.#nextSyncId);
    this.#nextSyncId += 1;
    rows.same(SYNCS.migration, migration.index);
    rows.same(SYNCS.input, at.place.input);
    rows.same(SYNCS.thread, at.thread ?? null);
    rows.same(SYNCS.owner, sync.owner);
    rows.same(SYNCS.lastStage, flagCell(sync.stage?.lastStage));
    rows.any(sync.query === undefined ? null : this.#queryId(migration, sync.query));
    rows.any(at.place.line);
    rows.any(sync.start?.ns ?? null);
    rows.any(sync.end?.ns ?? null);
    rows.count(looseCountCell(sync.dirtyPages));
    rows.end();
  }

  state({ state, at }: StateChange, migration: Owner): void {
    this.#states.add([migration.index, at.place.input, at.place.line, at.ns ?? null, at.thread ?? null, state]);
  }

  event(item: EventItem, migration: Owner | undefined, ns: number | undefined): void {
    const rows = this.#events;
    rows.same(EVENTS.migration, migration?.index ?? null);
    rows.same(EVENTS.input, item.place.input);
    rows.same(EVENTS.thread, item.thread ?? null);
    rows.any(item.place.line);
    rows.any(ns ?? null);
    rows.any(item.event.name);
    rows.any(argsCell(item));
    rows.end();
  }

  message(item: MessageItem, migration: Owner | undefined, ns: number | undefined): void {
    this.#messages.add([...origin(item, migration, ns), item.side ?? null, item.message]);
  }

  counted(name: string, times: number, migration: Owner | undefined, state: string | undefined): void {
    this.#counts.add(name, migration?.index, state, times);
  }

  bqlHold(hold: BqlHold, migration: Owner): void {
    const rows = this.#bqlHolds;
    rows.same(HOLDS.migration, migration.index);
    rows.same(HOLDS.thread, hold.thread ?? null);
    rows.same(HOLDS.input, hold.takenAt.input);
    rows.any(hold.by);
    rows.any(hold.takenAt.line);
    rows.any(hold.releasedAt?.line ?? null);
    rows.any(hold.startNs ?? null);
    rows.any(hold.endNs ?? null);
    rows.end();
  }

  /** Adds the report and puts the database in its place. */
  finish(report: Report, place?: string): void {
    this.#counts.write();
    const tables = [this.#queries, this.#syncs, this.#states, this.#events, this.#messages, this.#bqlHolds];
    for (const table of [...tables, this.#eventCounts]) table.flush();
    writeReport(this.#database, report);
    this.#database.finish(place);
  }

  /** Leaves nothing behind; does nothing after `finish()`. */
  abort(): void {
    this.#database.abort();
  }

  #queryId(migration: Owner, index: number): number {
    let first = this.#firstQueryIds.get(migration.index);
    if (first === undefined) {
      first = this.#nextQueryId;
      this.#firstQueryIds.set(migration.index, first);
    }
    const id = first + index;
    // A sync may come before the query that it belongs to.
    if (id >= this.#nextQueryId) this.#nextQueryId = id + 1;
    return id;
  }
}

function origin(item: MessageItem, migration: Owner | undefined, ns: number | undefined): Cell[] {
  return [migration?.index ?? null, item.place.input, item.place.line, ns ?? null, item.thread ?? null];
}

/** Not shown is NULL, never 0: the table must not claim what the log does not show. */
function bqlCell({ holder }: BqlAtLine): Cell {
  if (holder === 'not-shown') return null;
  return holder === 'migration-thread' ? 1 : 0;
}
