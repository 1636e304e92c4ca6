/**
 * The database of a run. A place that the user named must work; the default
 * one is a convenience, and its failure costs the user a line, not the verdict.
 */
import { join, relative, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import type { EventItem, MessageItem } from '../ingest/trace-item.ts';
import type { Migration, Query, StateChange, Sync } from '../replay/run.ts';
import type { BqlHold, EventChoice, ReplaySink } from '../replay/sink.ts';
import { isPageOf } from '../report/renderers/html/identity.ts';
import type { Report } from '../report/report.ts';
import { reportName, reportPlace } from '../store/report-place.ts';
import { StoreWriter } from '../store/writer.ts';
import type { Outcome } from './report-files.ts';

export interface ReportStore {
  readonly listener: ReplaySink | undefined;
  /** undefined where no database was asked for. @throws UserError when the place was the user's own. */
  finish(report: Report): Promise<Outcome | undefined>;
  abort(): void;
}

export interface StoreRequest {
  /** A place, false for none, undefined for the default one. */
  readonly db: string | false | undefined;
  readonly folder: string;
  /** The user named the folder: what goes wrong there is an error. */
  readonly folderIsNamed: boolean;
  readonly firstInput: string;
}

const NO_STORE: ReportStore = { listener: undefined, finish: async () => undefined, abort: () => undefined };

/** @throws UserError when a place that the user named can't be written. */
export async function openStore({ db, folder, folderIsNamed, firstInput }: StoreRequest): Promise<ReportStore> {
  if (db === false) return NO_STORE;
  if (db === '') throw new UserError('--db has an empty value; check the variables of your shell');
  if (db !== undefined) return namedStore(await StoreWriter.create(db), db);
  const name = reportName(firstInput);
  try {
    // The writer's own place is never used: finish() names one that holds no other input's report.
    const place = join(folder, `${name}.db`);
    return new DefaultStore(await StoreWriter.create(place, resolve(place)), folder, name);
  } catch (thrown) {
    if (folderIsNamed) throw thrown;
    return failedStore(thrown);
  }
}

function namedStore(writer: StoreWriter, place: string): ReportStore {
  return {
    listener: writer,
    finish: async (report) => {
      writer.finish(report);
      return { place };
    },
    abort: () => writer.abort(),
  };
}

function failedStore(thrown: unknown): ReportStore {
  if (!(thrown instanceof UserError)) throw thrown;
  return { ...NO_STORE, finish: async () => ({ failure: thrown.message, isFault: false }) };
}

class DefaultStore implements ReportStore {
  readonly listener: ReplaySink;
  readonly #writer: StoreWriter;
  readonly #folder: string;
  readonly #name: string;
  #failure: string | undefined;

  constructor(writer: StoreWriter, folder: string, name: string) {
    this.#writer = writer;
    this.#folder = folder;
    this.#name = name;
    this.listener = new GuardedWriter(writer, (thrown) => {
      if (!(thrown instanceof UserError)) throw thrown;
      this.#failure ??= thrown.message;
    });
  }

  async finish(report: Report): Promise<Outcome> {
    if (this.#failure !== undefined) return { failure: this.#failure, isFault: false };
    try {
      const isOwnPage = (beginning: string): boolean => isPageOf(report, beginning);
      const place = `${await reportPlace(this.#folder, this.#name, report.inputs, isOwnPage)}.db`;
      this.#writer.finish(report, place);
      return { place: relative('.', place) };
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      return { failure: thrown.message, isFault: false };
    }
  }

  abort(): void {
    this.#writer.abort();
  }
}

/**
 * Passes everything on until it fails once, for a database that is gone takes
 * no more rows. Each call is written out: there may be millions.
 */
class GuardedWriter implements ReplaySink {
  readonly listensTo: EventChoice;
  readonly #writer: StoreWriter;
  readonly #failed: (thrown: unknown) => void;
  #gone = false;

  constructor(writer: StoreWriter, failed: (thrown: unknown) => void) {
    this.listensTo = writer.listensTo;
    this.#writer = writer;
    this.#failed = failed;
  }

  query(query: Query, migration: Migration): void {
    if (this.#gone) return;
    try {
      this.#writer.query(query, migration);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  sync(sync: Sync, migration: Migration): void {
    if (this.#gone) return;
    try {
      this.#writer.sync(sync, migration);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  event(item: EventItem, migration: Migration | undefined, ns: number | undefined): void {
    if (this.#gone) return;
    try {
      this.#writer.event(item, migration, ns);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  state(change: StateChange, migration: Migration): void {
    this.#once(() => this.#writer.state(change, migration));
  }

  message(item: MessageItem, migration: Migration | undefined, ns: number | undefined): void {
    this.#once(() => this.#writer.message(item, migration, ns));
  }

  counted(name: string, times: number, migration: Migration | undefined, state: string | undefined): void {
    this.#once(() => this.#writer.counted(name, times, migration, state));
  }

  bqlHold(hold: BqlHold, migration: Migration): void {
    this.#once(() => this.#writer.bqlHold(hold, migration));
  }

  #once(action: () => void): void {
    if (this.#gone) return;
    try {
      action();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): void {
    this.#gone = true;
    this.#failed(thrown);
  }
}
