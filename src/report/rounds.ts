/**
 * Folds the queries of a migration into its iterations: a row is a run of
 * polls up to and with the exact query that ended it. Rows of equal figures,
 * which a spinning migration has by the hundred thousand, become one; of the
 * rest the first and the last are kept.
 */

import type { Mutable } from '../base/mutable.ts';
import { toJsonNumber } from '../base/uint64.ts';
import type { Migration, Query } from '../replay/run.ts';
import type { ReplaySink } from '../replay/sink.ts';
import { BoundedRows } from './bounded-rows.ts';
import type { JsonNumber, MigrationReport, RoundReport } from './report.ts';

type Row = Mutable<RoundReport>;

const KEPT_FIRST = 24;
const KEPT_LAST = 24;

export class RoundFolder implements ReplaySink {
  readonly #nameOf: (input: number) => string;
  readonly #tables = new Map<Migration, RoundTable>();

  constructor(nameOf: (input: number) => string) {
    this.#nameOf = nameOf;
  }

  query(query: Query, migration: Migration): void {
    let table = this.#tables.get(migration);
    if (table === undefined) {
      table = new RoundTable(this.#nameOf);
      this.#tables.set(migration, table);
    }
    table.add(query);
  }

  rounds(migration: Migration): MigrationReport['rounds'] {
    return this.#tables.get(migration)?.finish() ?? { rows: [], omitted: 0, omittedAfter: 0 };
  }
}

export class RoundTable {
  readonly #nameOf: (input: number) => string;
  readonly #tell: ((row: RoundReport) => void) | undefined;
  readonly #rows = new BoundedRows<Row>(KEPT_FIRST, KEPT_LAST);
  /** A row whose polls still go on. */
  #open: Row | undefined;
  /** The last complete row, into which an equal one is folded. */
  #closed: Row | undefined;

  /** `tell` is given every row once it is complete, also those that the table leaves out. */
  constructor(nameOf: (input: number) => string, tell?: (row: RoundReport) => void) {
    this.#nameOf = nameOf;
    this.#tell = tell;
  }

  add(query: Query): void {
    switch (query.kind) {
      case 'estimate':
        this.#poll(query);
        return;
      case 'unspecified':
        this.#poll(query);
        if (query.syncs.length > 0) this.#close(query, null);
        return;
      case 'exact':
        this.#open ??= this.#begin(query, 0);
        this.#open.count = Math.max(1, this.#open.count);
        this.#close(query, toJsonNumber(query.totalBytes));
        return;
      case 'final':
        this.#flushOpen();
        this.#keep({
          ...this.#begin(query, 1),
          kind: 'final',
          finalBytes: toJsonNumber(query.totalBytes),
          ...costOf(query),
        });
        return;
    }
  }

  /** Something else happened: what comes is no part of the row in hand. */
  flush(): void {
    this.#flushOpen();
    this.#flushClosed();
  }

  finish(): MigrationReport['rounds'] {
    this.flush();
    return this.#rows.finish();
  }

  #poll(query: Query): void {
    this.#open ??= this.#begin(query, 0);
    this.#open.count += 1;
    this.#open.estimateBytes = toJsonNumber(query.totalBytes);
    this.#open.thresholdBytes = thresholdOf(query);
  }

  #begin(query: Query, count: number): Row {
    return {
      kind: 'round',
      count,
      file: this.#nameOf(query.at.place.input),
      line: query.at.place.line,
      ns: query.at.ns ?? null,
      estimateBytes: null,
      exactBytes: null,
      finalBytes: null,
      dirtyPages: null,
      syncs: 0,
      exactNs: null,
      thresholdBytes: thresholdOf(query),
    };
  }

  #close(query: Query, exactBytes: JsonNumber | null): void {
    const row = this.#open;
    if (row === undefined) return;
    this.#open = undefined;
    row.exactBytes = exactBytes;
    row.thresholdBytes = thresholdOf(query);
    const { syncs, dirtyPages, exactNs } = costOf(query);
    row.syncs = syncs;
    row.dirtyPages = dirtyPages;
    row.exactNs = exactNs;
    const before = this.#closed;
    if (before !== undefined && before.exactBytes === row.exactBytes && before.estimateBytes === row.estimateBytes) {
      before.count += row.count;
      before.syncs += row.syncs;
      return;
    }
    this.#keep(row);
  }

  #flushOpen(): void {
    if (this.#open !== undefined) this.#keep(this.#open);
    this.#open = undefined;
  }

  #keep(row: Row): void {
    this.#flushClosed();
    this.#closed = row;
  }

  #flushClosed(): void {
    const row = this.#closed;
    this.#closed = undefined;
    if (row === undefined) return;
    this.#tell?.(row);
    this.#rows.push(row);
  }
}

/** The threshold in force when the row ended. */
function thresholdOf(query: Query): JsonNumber | null {
  return query.thresholdBytes === undefined ? null : toJsonNumber(query.thresholdBytes);
}

/** What the query's own syncs found and cost: from the sync's start to the query's line. */
function costOf(query: Query): Pick<RoundReport, 'syncs' | 'dirtyPages' | 'exactNs'> {
  const sync = query.syncs.at(-1);
  const start = query.syncs[0]?.start?.ns;
  const end = query.at.ns;
  return {
    syncs: query.syncs.length,
    dirtyPages: sync?.dirtyPages === undefined ? null : toJsonNumber(sync.dirtyPages),
    exactNs: start === undefined || end === undefined ? null : end - start,
  };
}
