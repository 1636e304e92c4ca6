/** Writes the replay into the database as it goes by, and the report at its end. */
import type { EventItem, MessageItem } from '../ingest/trace-item.ts';
import type { BqlAtLine, Migration, Query, StateChange, Sync } from '../replay/run.ts';
import type { BqlHold, ReplaySink } from '../replay/sink.ts';
import type { Report } from '../report/report.ts';
import { BulkInsert } from './bulk-insert.ts';
import { countCell, flagCell, jsonCell, looseCountCell } from './cells.ts';
import { EVENT_COLUMNS, HOLD_COLUMNS, QUERY_COLUMNS, SYNC_COLUMNS } from './columns.ts';
import { type Cell, NewDatabase } from './database.ts';
import { EventCounts } from './event-counts.ts';
import { writeReport } from './report-rows.ts';

/** All that a row says of its migration. */
type Owner = Pick<Migration, 'index'>;

export class StoreWriter implements ReplaySink {
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
    this.#queries = new BulkInsert(database, 'queries', QUERY_COLUMNS);
    this.#syncs = new BulkInsert(database, 'syncs', SYNC_COLUMNS);
    this.#states = new BulkInsert(database, 'states', 6);
    this.#events = new BulkInsert(database, 'events', EVENT_COLUMNS);
    this.#messages = new BulkInsert(database, 'messages', 7);
    this.#bqlHolds = new BulkInsert(database, 'bql_holds', HOLD_COLUMNS);
    this.#eventCounts = new BulkInsert(database, 'event_counts', 4);
    this.#counts = new EventCounts(this.#eventCounts);
  }

  /** The database at `path` appears with `finish()`; until then an earlier one stays. */
  static async create(path: string, place?: string): Promise<StoreWriter> {
    return new StoreWriter(await NewDatabase.create(path, place));
  }

  query(query: Query, migration: Owner): void {
    const { at } = query;
    this.#queries.add([
      this.#queryId(migration, query.index),
      migration.index,
      at.place.input,
      at.place.line,
      at.ns ?? null,
      at.thread ?? null,
      flagCell(query.exact),
      flagCell(query.final),
      looseCountCell(query.precopyBytes),
      looseCountCell(query.stopcopyBytes),
      looseCountCell(query.postcopyBytes),
      looseCountCell(query.totalBytes),
      countCell(query.ackCollected),
      countCell(query.ackTotal),
      bqlCell(query.bql),
      query.syncs.length,
      query.state ?? null,
      query.switchover ?? null,
      looseCountCell(query.thresholdBytes),
    ]);
  }

  sync(sync: Sync, migration: Owner): void {
    const at = sync.start ?? sync.end;
    if (at === undefined) throw new Error('a sync without start and end');
    this.#syncs.add([
      this.#nextSyncId,
      migration.index,
      sync.query === undefined ? null : this.#queryId(migration, sync.query),
      at.place.line,
      sync.start?.ns ?? null,
      sync.end?.ns ?? null,
      looseCountCell(sync.dirtyPages),
      at.place.input,
      at.thread ?? null,
      sync.owner,
      flagCell(sync.stage?.lastStage),
    ]);
    this.#nextSyncId += 1;
  }

  state({ state, at }: StateChange, migration: Owner): void {
    this.#states.add([migration.index, at.place.input, at.place.line, at.ns ?? null, at.thread ?? null, state]);
  }

  event(item: EventItem, migration: Owner | undefined, ns: number | undefined, inRound: boolean): void {
    if (inRound) return;
    const { name, args } = item.event;
    // A pair behind the declared arguments that has the name of one does not replace it.
    const all = item.extra === undefined ? args : { ...args, ...item.extra, ...args };
    this.#events.add([...origin(item, migration, ns), name, jsonCell(all)]);
  }

  message(item: MessageItem, migration: Owner | undefined, ns: number | undefined): void {
    this.#messages.add([...origin(item, migration, ns), item.side ?? null, item.message]);
  }

  counted(name: string, times: number, migration: Owner | undefined, state: string | undefined): void {
    this.#counts.add(name, migration?.index, state, times);
  }

  bqlHold(hold: BqlHold, migration: Owner): void {
    this.#bqlHolds.add([
      migration.index,
      hold.by,
      hold.thread ?? null,
      hold.takenAt.input,
      hold.takenAt.line,
      hold.releasedAt?.line ?? null,
      hold.startNs ?? null,
      hold.endNs ?? null,
    ]);
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

function origin(item: EventItem | MessageItem, migration: Owner | undefined, ns: number | undefined): Cell[] {
  return [migration?.index ?? null, item.place.input, item.place.line, ns ?? null, item.thread ?? null];
}

/** Not shown is NULL, never 0: the table must not claim what the log does not show. */
function bqlCell({ holder }: BqlAtLine): Cell {
  if (holder === 'not-shown') return null;
  return holder === 'migration-thread' ? 1 : 0;
}
