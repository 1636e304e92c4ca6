/**
 * Folds what a migration did into a bounded list of steps that can be compared
 * with that of another run: by structure, not by clock, whatever the version.
 */
import { MANY_MIGRATIONS } from '../../base/memory.ts';
import type { EventItem } from '../../ingest/trace-item.ts';
import type { AssertionFailure, BqlAtLine, Migration, Moment, Query, StateChange, Sync } from '../../replay/run.ts';
import type { ReplaySink } from '../../replay/sink.ts';
import type { MigrationReport } from '../report.ts';
import type { Row } from './round-row.ts';
import { isCommand, stepName } from './step-name.ts';
import { StepTable } from './step-table.ts';

/** Syncs that no query has claimed yet. */
const MAX_WAITING = 64;
const NONE: readonly Sync[] = [];
/** What begins the switchover when it comes in the iteration. */
const OPENING = new Set(['decision', 'downtime begins', 'guest stops', 'guest has stopped']);
/** What is still told when the migration is over. */
const AFTERWARDS = new Set(['guest runs', 'error']);
const IN_SWITCHOVER = new Set(['RAM saving begins', 'RAM saving ends']);

export class StepFolder implements ReplaySink {
  readonly listensTo = { inRounds: false };
  readonly #nameOf: (input: number) => string;
  readonly #runs = new Map<Migration, RunSteps>();

  constructor(nameOf: (input: number) => string) {
    this.#nameOf = nameOf;
  }

  migrationBegins(migration: Migration): void {
    this.#runs.set(migration, new RunSteps(this.#nameOf, migration, this.#runs.size >= MANY_MIGRATIONS));
  }

  queryMade(query: Query, migration: Migration): void {
    this.#runs.get(migration)?.query(query);
  }

  query(query: Query, migration: Migration): void {
    this.#runs.get(migration)?.settled(query);
  }

  syncEnds(sync: Sync, migration: Migration): void {
    this.#runs.get(migration)?.sync(sync);
  }

  state(change: StateChange, migration: Migration): void {
    this.#runs.get(migration)?.state(change);
  }

  event(item: EventItem, migration: Migration | undefined, ns: number | undefined): void {
    if (migration === undefined) return;
    this.#runs.get(migration)?.event(item, ns);
  }

  assertion(failure: AssertionFailure, migration: Migration): void {
    this.#runs.get(migration)?.assertion(failure);
  }

  steps(migration: Migration): MigrationReport['steps'] {
    return this.#runs.get(migration)?.finish() ?? { rows: [], omitted: 0, omittedAfter: 0 };
  }
}

class RunSteps {
  readonly #table: StepTable;
  readonly #migration: Migration;
  /** Syncs since the last query or step: a query may claim them. An array that is emptied is made anew. */
  readonly #waiting: Sync[] = [];
  #waitingCount = 0;
  #lastKind: Query['kind'] | undefined;
  #lastStep = '';
  /** The last final query, until it is known who held the lock at it. */
  #final: { readonly index: number; readonly row: Row } | undefined;

  constructor(nameOf: (input: number) => string, migration: Migration, brief: boolean) {
    this.#table = new StepTable(nameOf, brief);
    this.#migration = migration;
  }

  query(query: Query): void {
    if (this.#waitingCount > 0) this.#releaseSyncs(query.syncs);
    const table = this.#table;
    // Whether the loop comes round once more when it is told to end is chance.
    if (table.section === 'end' && query.final !== true) return;
    if (table.section === 'setup') table.enter('iterate');
    if (query.final === true && table.section === 'iterate') table.enter('switchover');
    if (query.inPostcopy && table.section === 'switchover') table.enter('postcopy');
    if (query.final !== true && (table.section === 'iterate' || table.section === 'postcopy')) {
      table.round(query);
      this.#lastStep = '';
    } else {
      const row = table.query(query);
      this.#lastStep = row.name;
      const stage = query.syncs.at(-1)?.stage ?? query.probes.stage;
      if (stage !== undefined) row.facts['last_stage'] = stage.lastStage ? '1' : '0';
      if (query.final === true) this.#final = { index: query.index, row };
    }
    this.#lastKind = query.kind;
  }

  settled(query: Query): void {
    if (this.#final?.index !== query.index) return;
    const { row } = this.#final;
    this.#final = undefined;
    const held = heldIn(query);
    if (held !== undefined) row.facts['BQL'] = held;
  }

  sync(sync: Sync): void {
    this.#waiting[this.#waitingCount] = sync;
    this.#waitingCount += 1;
    if (this.#waitingCount > MAX_WAITING) this.#releaseSyncs(NONE);
  }

  state({ state, at }: StateChange): void {
    this.#releaseSyncs(NONE);
    this.#enterFor(state);
    this.#step({ name: `state ${state}`, event: 'migrate_set_state', at });
  }

  event({ event, place, thread }: EventItem, ns: number | undefined): void {
    const name = stepName(event);
    if (name === undefined) return;
    const at: Moment = { place, ns, thread };
    const table = this.#table;
    if (table.section === 'end' && !AFTERWARDS.has(name)) return;
    if (IN_SWITCHOVER.has(name) && (table.section === 'iterate' || table.section === 'postcopy')) return;
    if (IN_SWITCHOVER.has(name) && table.section === 'setup') return;
    this.#releaseSyncs(NONE);
    if (isCommand(event)) {
      table.command({ name, event: event.name, at });
      return;
    }
    if (name === 'guest stops for a checkpoint') table.beginCheckpoint();
    if (OPENING.has(name) && (table.section === 'iterate' || table.section === 'setup')) table.enter('switchover');
    if (name === 'decision') this.#decision(event, at);
    else this.#step({ name, event: event.name, at });
  }

  assertion({ place }: AssertionFailure): void {
    this.#releaseSyncs(NONE);
    const { ns } = this.#migration.last;
    this.#step({ name: 'assertion failed', event: 'stderr', at: { place, ns, thread: undefined } });
  }

  finish(): MigrationReport['steps'] {
    this.#releaseSyncs(NONE);
    return this.#table.finish();
  }

  #decision(event: EventItem['event'], at: Moment): void {
    const pending = event.name === 'migration_thread_low_pending' ? event.args.pending : undefined;
    if (this.#table.section === 'postcopy') {
      this.#step({ name: 'postcopy has sent enough', event: event.name, at, totalBytes: pending });
      return;
    }
    const kind = this.#lastKind;
    // Up to 11.0 postcopy may start at any query: on which one is chance.
    const judged = event.name !== 'postcopy_start' || this.#migration.band === '11.1';
    const shown = kind === 'exact' || kind === 'estimate';
    const facts = judged && shown ? { 'rests on': `an ${kind} query` } : {};
    this.#step({ name: 'decision', event: event.name, at, facts, totalBytes: pending });
  }

  /** Some steps are shown by several lines, the second of which says nothing new. */
  #step(step: Parameters<StepTable['step']>[0]): void {
    if (step.name === this.#lastStep && step.name !== 'error') return;
    this.#lastStep = step.name;
    this.#table.step(step);
  }

  /** Syncs that the query at hand did not claim are steps of their own. */
  #releaseSyncs(claimed: readonly Sync[]): void {
    const count = this.#waitingCount;
    if (count === 0) return;
    this.#waitingCount = 0;
    const isClaimed = (sync: Sync): boolean =>
      claimed.some(({ end }) => end?.place.line === sync.end?.place.line && end?.place.input === sync.end?.place.input);
    for (let index = 0; index < count; index += 1) {
      const sync = this.#waiting[index];
      if (sync !== undefined && !isClaimed(sync)) this.#ownSync(sync);
    }
  }

  #ownSync(sync: Sync): void {
    const at = sync.start ?? sync.end;
    if (at === undefined) return;
    const facts = sync.stage === undefined ? {} : { last_stage: sync.stage.lastStage ? '1' : '0' };
    const row = this.#table.step({ name: 'sync', event: 'migration_bitmap_sync_start', at, facts });
    row.lines[1] = sync.end?.place.line ?? row.lines[1];
    this.#lastStep = 'sync';
  }

  #enterFor(state: string): void {
    const { section } = this.#table;
    const early = section === 'setup' || section === 'iterate';
    if (state === 'active') this.#table.enter('iterate');
    else if (/^(?:completed|cancell(?:ing|ed)|fail(?:ing|ed))$/.test(state)) this.#table.enter('end');
    else if (state.startsWith('postcopy-')) this.#table.enter(early ? 'switchover' : 'postcopy');
    else if (early && (state === 'pre-switchover' || state === 'device')) this.#table.enter('switchover');
  }
}

/** Let go around the sync, the lock is held again at the line of the query. */
function heldIn({ bql, bqlAtSync }: Query): string | undefined {
  const isOut = (at: BqlAtLine): boolean => at.holder !== 'migration-thread' && at.holder !== 'not-shown';
  if (isOut(bql)) return 'not held';
  if (bqlAtSync !== undefined && isOut(bqlAtSync)) return 'not held at its sync';
  return bql.holder === 'not-shown' ? undefined : 'held';
}
