/**
 * The queries of a migration with their syncs and probes. A query is handed to
 * the rules only when the next query, state or switchover comes: by then the
 * mutex events behind its line have shown who held the lock.
 */
import type { Uint64 } from '../base/uint64.ts';
import type { EventItem, Place } from '../ingest/trace-item.ts';
import { type BqlSnapshot, NOT_SHOWN } from './bql-snapshot.ts';
import { LostSyncs } from './lost-syncs.ts';
import { MadeQuery, NO_PROBES, NO_SYNCS } from './made-query.ts';
import type { Progress, StreamContext } from './progress.ts';
import type { QueryFacts } from './query-decoder.ts';
import type { BqlAtLine, Decision, Migration, Moment, Query, QueryKind, QueryProbes, Sync } from './run.ts';
import type { SwitchoverBuilder } from './switchover-builder.ts';
import { SyncTracker } from './sync-tracker.ts';

const MAX_EARLY_FINALS = 20;
/** Without query lines nobody claims the syncs: let them go in batches. */
const MAX_PENDING_SYNCS = 256;

function ownSyncs(syncs: readonly Sync[]): readonly Sync[] {
  if (syncs.length === 0) return NO_SYNCS;
  if (syncs.length === 1) return syncs[0]?.owner === 'query' ? syncs : NO_SYNCS;
  return syncs.filter((sync) => sync.owner === 'query');
}

export class QueryTracker {
  readonly counts: Record<QueryKind, number> = { estimate: 0, exact: 0, final: 0, unspecified: 0 };
  iterations = 0;
  finalTotalBytes: Uint64 | undefined;
  /** The last query that was no final one. */
  last: Query | undefined;
  /** Some query counted bytes as precopy. */
  precopyBytesSeen = false;
  /** The probe of RAM shows a final query, whether or not its line is there. */
  finalProbed = false;
  #decision: Decision | undefined;

  readonly #migration: Migration;
  readonly #context: StreamContext;
  readonly #progress: Progress;
  readonly #syncs = new SyncTracker();
  readonly lostSyncs = new LostSyncs();
  #count = 0;
  /** The query in hand: complete but for who held the lock. */
  #pending: MadeQuery | undefined;
  #snapshot: BqlSnapshot | undefined;
  /** At the last sync of the switchover: a final query may follow it. */
  #atSync: BqlSnapshot | undefined;
  /** The switchover in which it was made. */
  #switchover: SwitchoverBuilder | undefined;
  /** RAM was saved in that switchover before it. */
  #ramSaved = false;
  #previous: Place | undefined;
  #probes = NO_PROBES;
  #earlyFinals: Query[] = [];

  constructor(migration: Migration, context: StreamContext, progress: Progress) {
    this.#migration = migration;
    this.#context = context;
    this.#progress = progress;
  }

  get count(): number {
    return this.#count;
  }

  get syncCount(): number {
    return this.#syncs.count;
  }

  /** Probes of a query that began and whose line never came. */
  get unfinished(): QueryProbes | undefined {
    return this.#probes.locked === undefined ? undefined : this.#probes;
  }

  /** The line that decides for the switchover. */
  decide(at: Moment, pendingBytes: Uint64 | undefined): void {
    // Behind a final query it is the end of postcopy.
    if (this.#progress.inPostcopy || this.counts.final > 0) return;
    const query = this.#pending ?? this.last;
    this.#decision = { at, pendingBytes, query, syncBetween: this.#syncs.pendingCount > 0 };
  }

  /** The decision that led to the switchover in hand. */
  takeDecision(): Decision | undefined {
    const taken = this.#decision;
    this.#decision = undefined;
    return taken;
  }

  /** Final queries made outside of a switchover since the last call. */
  takeEarlyFinals(): readonly Query[] {
    const taken = this.#earlyFinals;
    this.#earlyFinals = [];
    return taken;
  }

  /** `open` is the switchover that is going on. */
  query(facts: QueryFacts, at: Moment, open: SwitchoverBuilder | undefined): void {
    this.flush();
    const index = this.#count;
    const syncs = this.#syncs.claim(index, (sync) => (this.#isOfSetup(sync.inSetup) ? 'setup' : 'query'));
    const query = new MadeQuery(facts, index, at, this.#context.syncsShown, this.#progress);
    query.syncs = ownSyncs(syncs);
    query.switchover = open?.index;
    query.previous = this.#previous;
    query.probes = this.#probes;
    this.lostSyncs.query(query);
    this.#pending = query;
    this.#snapshot = this.#context.bql.atQuery(at.thread);
    this.#switchover = open;
    this.#ramSaved = open?.ramEnd !== undefined;
    for (const sync of syncs) {
      open?.sync(sync);
      this.#context.sink.sync(sync, this.#migration);
    }
    if (facts.final === true) open?.finalMade();
    else if (facts.kind === 'exact' && !this.finalProbed) open?.othersSync(query.syncs.length);
    this.#context.sink.queryMade(query, this.#migration);
    this.#note(facts, query);
  }

  #note(facts: QueryFacts, query: Query): void {
    this.#count += 1;
    countIn(this.counts, facts.kind);
    if (isIteration(query)) this.iterations += 1;
    if (facts.final === true) this.finalTotalBytes = facts.totalBytes;
    if (facts.precopyBytes > 0) this.precopyBytesSeen = true;
    this.#previous = query.at.place;
    this.#probes = NO_PROBES;
    this.#progress.timerSynced = false;
    this.#progress.iterated = false;
    this.#progress.holeSinceQuery = this.#progress.mixed;
  }

  /** Syncs before the first query are setup's; one that is seen to begin after setup is the query's own. */
  #isOfSetup(beganInSetup: boolean): boolean {
    const { startSeen, state } = this.#progress;
    if (this.#count > 0 || !startSeen) return false;
    return beganInSetup || state === undefined;
  }

  /** Hands on the query in hand. */
  flush(): void {
    const query = this.#pending;
    if (query === undefined) return;
    this.#pending = undefined;
    const switchover = this.#switchover;
    query.bql = answerOfProbe(query.probes) ?? this.#snapshot?.settled() ?? NOT_SHOWN;
    if (query.final === true) query.bqlAtSync = answerOfStage(query) ?? this.#settledAtSync(query);
    switchover?.query(query, this.#ramSaved);
    if (query.final !== true) this.last = query;
    else if (switchover === undefined) this.#early(query);
    this.#context.sink.query(query, this.#migration);
  }

  /** What comes next counts from a final query that stands before the stop. */
  flushEarlyFinal(): void {
    if (this.#pending?.final === true && this.#switchover === undefined) this.flush();
  }

  #settledAtSync({ syncs }: Query): BqlAtLine | undefined {
    const snapshot = this.#atSync;
    this.#atSync = undefined;
    return syncs.length === 0 ? undefined : snapshot?.settled();
  }

  /** The migration is over and was told. */
  forget(): void {
    this.last = undefined;
    this.#decision = undefined;
    this.#earlyFinals = [];
  }

  #early(query: Query): void {
    this.#progress.downtimeStarted = false;
    this.#progress.runstateSeen = false;
    if (this.#earlyFinals.length < MAX_EARLY_FINALS) this.#earlyFinals.push(query);
  }

  sync({ event }: EventItem, at: Moment, open: SwitchoverBuilder | undefined): void {
    const { inSetup, postcopySwitchoverOver, iterated, holeSinceQuery: hole } = this.#progress;
    const inPostcopy = postcopySwitchoverOver && open === undefined;
    const place = { switchover: open?.index, inSetup, inPostcopy, iterated, hole };
    this.#context.bql.touch();
    this.#context.syncsShown = true;
    const before = this.#syncs.count;
    if (event.name === 'migration_bitmap_sync_start') {
      this.#syncs.start(at, place);
      this.#atSync = open === undefined ? undefined : this.#context.bql.at(at.thread);
    } else if (event.name === 'migration_bitmap_sync_end') {
      this.#context.sink.syncEnds(this.#syncs.end(at, event.args.dirty_pages, place), this.#migration);
    }
    if (this.#syncs.count > before) open?.syncBegins(at);
    if (this.#syncs.pendingCount > MAX_PENDING_SYNCS) this.releaseSyncs(open);
  }

  #stage(stage: NonNullable<Sync['stage']>): void {
    if (this.#syncs.stage(stage)) return;
    this.#probes = { ...this.#probes, stage };
    this.lostSyncs.stage(stage.at.place);
  }

  /** Lets the syncs go that no query will claim. */
  releaseSyncs(switchover: SwitchoverBuilder | undefined): void {
    const syncs = this.#syncs.claim(undefined, (sync) => {
      if (sync.switchover !== undefined) return 'switchover';
      return this.#isOfSetup(sync.inSetup) ? 'setup' : 'none';
    });
    for (const sync of syncs) {
      if (sync.owner === 'switchover') switchover?.sync(sync);
      this.#context.sink.sync(sync, this.#migration);
    }
  }

  probe({ event }: EventItem, at: Moment): void {
    switch (event.name) {
      case 'qemu_savevm_query_pending_bql':
        this.#probes = { ...NO_PROBES, locked: { value: event.args.locked !== 0, at } };
        return;
      case 'ram_state_pending_sync': {
        const { exact, final, in_postcopy: inPostcopy, sync } = event.args;
        const pendingSync = {
          exact: exact !== 0,
          final: final !== 0,
          inPostcopy: inPostcopy !== 0,
          sync: sync !== 0,
          at,
        };
        this.#probes = { ...this.#probes, pendingSync };
        if (pendingSync.final) this.finalProbed = true;
        return;
      }
      case 'mig_dirty_bytes_total_update':
        this.#probes = { ...this.#probes, dirtyBytesUpdate: { old: event.args.old, new: event.args.new, at } };
        return;
      case 'migration_bitmap_sync_stage':
        this.#stage({ lastStage: event.args.last_stage !== 0, bql: event.args.bql !== 0, at });
        return;
      default:
        return;
    }
  }
}

/** By name: a key that is a value is looked up for every query. */
function countIn(counts: Record<QueryKind, number>, kind: QueryKind): void {
  switch (kind) {
    case 'estimate':
      counts.estimate += 1;
      return;
    case 'exact':
      counts.exact += 1;
      return;
    case 'final':
      counts.final += 1;
      return;
    case 'unspecified':
      counts.unspecified += 1;
      return;
  }
}

/** A round of RAM ends with an exact query, in 7.2 with a query that synced. */
function isIteration(query: Query): boolean {
  if (query.inPostcopy) return false;
  return query.kind === 'exact' || (query.kind === 'unspecified' && query.syncs.length > 0);
}

/** The probe asks bql_locked() in the thread of the query. */
function answerOfProbe({ locked }: QueryProbes): BqlAtLine | undefined {
  if (locked === undefined) return undefined;
  const holder = locked.value ? 'migration-thread' : 'not-migration-thread';
  return { holder, how: `qemu_savevm_query_pending_bql says locked=${locked.value ? 1 : 0}`, proof: [locked.at.place] };
}

/** The same of the sync in it. */
function answerOfStage({ syncs, probes }: Query): BqlAtLine | undefined {
  const stages = [...syncs.map(({ stage }) => stage), probes.stage];
  const stage = stages.find((one) => one?.bql === false) ?? stages.find((one) => one !== undefined);
  if (stage === undefined) return undefined;
  const holder = stage.bql ? 'migration-thread' : 'not-migration-thread';
  return { holder, how: `migration_bitmap_sync_stage says bql=${stage.bql ? 1 : 0}`, proof: [stage.at.place] };
}
