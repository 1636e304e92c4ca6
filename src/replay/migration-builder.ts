/**
 * Replays one migration of a source, event by event. It implements
 * `Migration`, so that rules and reports read it while it grows.
 */
import type { Uint64 } from '../base/uint64.ts';
import type { Band } from '../catalog/vocabulary.ts';
import { PROBLEM_KINDS } from '../ingest/problems.ts';
import type { DamageItem, EventItem, MessageItem, Place, TraceItem } from '../ingest/trace-item.ts';
import type { BqlSnapshot, BqlTracker } from './bql-tracker.ts';
import { DowntimeTracker } from './downtime.ts';
import { PhaseTracker } from './phases.ts';
import { decodeQuery, type QueryFacts } from './query-decoder.ts';
import type {
  AssertionFailure,
  BqlAtLine,
  DirtyBytesSample,
  Downtime,
  Migration,
  MigrationKind,
  Moment,
  Outcome,
  Query,
  QueryKind,
  QueryProbes,
  StateChange,
  SwitchoverEnd,
  Sync,
} from './run.ts';
import type { ReplaySink } from './sink.ts';
import { SwitchoverBuilder } from './switchover-builder.ts';
import { SyncTracker } from './sync-tracker.ts';

const MAX_MESSAGES = 20;
const MAX_EARLY_FINALS = 20;
/** Without query lines nobody claims the syncs: let them go in batches. */
const MAX_PENDING_SYNCS = 256;

const TERMINAL: ReadonlySet<string> = new Set(['completed', 'cancelled', 'failed']);
const NO_PROBES: QueryProbes = { locked: undefined, pendingSync: undefined, dirtyBytesUpdate: undefined };
const NO_LOCK: BqlAtLine = { holder: 'not-shown', how: 'no mutex event shows the BQL', proof: [] };

/** What the replay of a stream knows beyond one migration. */
export interface StreamContext {
  readonly stream: number;
  readonly seen: ReadonlySet<string>;
  readonly bql: BqlTracker;
  readonly sink: Required<ReplaySink>;
  /** Of the first query line of the stream, or what the user said. */
  band: Band | undefined;
  readonly bandGiven: boolean;
  /** A sync was seen in this log: sync events are on. */
  syncsShown: boolean;
  /** The VM was stopped by savevm before the migration began. */
  readonly inSnapshot: boolean;
}

interface PendingQuery {
  /** All of it but who held the lock. */
  readonly query: Query;
  readonly snapshot: BqlSnapshot;
  readonly switchover: SwitchoverBuilder | undefined;
}

export class MigrationBuilder implements Migration {
  readonly index: number;
  readonly stream: number;
  readonly startSeen: boolean;
  readonly first: Moment;
  last: Moment;
  readonly states: StateChange[] = [];
  readonly counts: Record<QueryKind, number> = { estimate: 0, exact: 0, final: 0, unspecified: 0 };
  iterations = 0;
  switchovers = 0;
  finalTotalBytes: Uint64 | undefined;
  assertion: AssertionFailure | undefined;
  readonly messages: Moment[] = [];
  messageCount = 0;
  hole: { readonly place: Place; readonly text: string } | undefined;
  over = false;
  readonly samples: DirtyBytesSample[] = [];
  logEndNs: number | undefined;

  readonly #context: StreamContext;
  readonly #startNs: number | undefined;
  readonly #syncs = new SyncTracker();
  readonly #phases = new PhaseTracker();
  readonly #downtime = new DowntimeTracker();
  readonly #snapshot: boolean;
  #pending: PendingQuery | undefined;
  #lastQuery: Query | undefined;
  #queryCount = 0;
  #switchover: SwitchoverBuilder | undefined;
  #earlyFinals: Query[] = [];
  #probes: QueryProbes = NO_PROBES;
  #state: string | undefined;
  #thresholdBytes: Uint64 | undefined;
  #inPostcopy = false;
  #postcopyStarted = false;
  #lowPending = false;
  #ramPostcopy: Moment | undefined;
  #writeTracking = false;
  #background = false;
  #holeSinceQuery = false;
  #mixed = false;
  #previous: Place | undefined;
  #precopyBytesSeen = false;

  constructor(index: number, context: StreamContext, first: TraceItem, startSeen: boolean) {
    this.index = index;
    this.stream = context.stream;
    this.startSeen = startSeen;
    this.#context = context;
    this.#snapshot = context.inSnapshot;
    this.#startNs = first.timeNs;
    this.first = this.momentOf(first);
    this.last = this.first;
    if (startSeen) this.#phases.enter('setup', this.first);
  }

  get band(): Band | undefined {
    return this.#context.band;
  }

  get kind(): MigrationKind {
    if (this.#state === 'colo' || this.#hadState('colo')) return 'colo';
    if (this.#snapshot) return 'snapshot';
    if (this.#writeTracking || this.#background) return 'background-snapshot';
    if (this.#inPostcopy || this.#postcopyStarted) return 'postcopy';
    if (this.#queryCount > 0 || this.#hadState('active') || this.switchovers > 0) return 'precopy';
    return this.outcome === 'completed' && this.startSeen && this.#context.seen.has('savevm_state_setup')
      ? 'snapshot'
      : 'unknown';
  }

  get outcome(): Outcome {
    if (this.assertion !== undefined) return 'aborted';
    switch (this.#state) {
      case 'completed':
        return 'completed';
      case 'cancelled':
      case 'cancelling':
        return 'cancelled';
      case 'failed':
      case 'failing':
        return 'failed';
      default:
        return 'running';
    }
  }

  get syncCount(): number {
    return this.#syncs.count;
  }

  get downtime(): Downtime | undefined {
    return this.kind === 'colo' || this.kind === 'snapshot' ? undefined : this.#downtime.window();
  }

  get phases() {
    return this.#phases.list;
  }

  get checkpoints() {
    return this.#downtime.checkpoints;
  }

  get deviceSaves() {
    return this.#downtime.deviceSaves;
  }

  get state(): string | undefined {
    return this.#state;
  }

  saw(event: string): boolean {
    return this.#context.seen.has(event);
  }

  /** Whether it has come to an end, so that what follows may begin another one. */
  get ended(): boolean {
    return this.#state !== undefined && TERMINAL.has(this.#state);
  }

  momentOf(item: TraceItem): Moment {
    const { place, timeNs, thread } = item;
    return { place, ns: this.nsOf(timeNs), thread };
  }

  /** A time of the log's clock as time since the migration's first event. */
  nsOf(timeNs: number | undefined): number | undefined {
    return timeNs === undefined || this.#startNs === undefined ? undefined : timeNs - this.#startNs;
  }

  /** `sample` with times of the log's clock. */
  addSample(sample: DirtyBytesSample): void {
    const fromNs = this.nsOf(sample.fromNs);
    const toNs = this.nsOf(sample.toNs);
    if (fromNs !== undefined && toNs !== undefined) this.samples.push({ ...sample, fromNs, toNs });
  }

  damage(item: DamageItem): void {
    const { text } = PROBLEM_KINDS[item.code];
    this.hole ??= { place: item.place, text };
    this.#holeSinceQuery = true;
    if (this.#switchover !== undefined) this.#switchover.hole = true;
  }

  /** Two processes wrote this log: from here on nothing that is absent proves anything. */
  mixedUp(place: Place): void {
    this.#mixed = true;
    this.hole ??= { place, text: PROBLEM_KINDS['two-processes'].text };
    this.#holeSinceQuery = true;
    if (this.#switchover !== undefined) this.#switchover.hole = true;
  }

  message(item: MessageItem): void {
    this.messageCount += 1;
    if (this.messages.length < MAX_MESSAGES) this.messages.push(this.momentOf(item));
  }

  event(item: EventItem): void {
    const at = this.momentOf(item);
    if (!this.ended) this.last = at;
    const facts = item.group === 'query' ? decodeQuery(item) : undefined;
    if (facts !== undefined) this.#query(facts, at);
    else if (item.group === 'sync') this.#sync(item, at);
    else if (item.group === 'probe') this.#probe(item, at);
    else this.#protocol(item, at);
  }

  /** In an iteration: what comes with every round is counted, not stored. */
  get inRounds(): boolean {
    const phase = this.#phases.current;
    return phase === 'iterate' || phase === 'postcopy' || phase === undefined;
  }

  /** `logEndNs` is the last time the log shows before another migration begins. */
  finish(logEndNs: number | undefined): void {
    this.logEndNs = this.nsOf(logEndNs);
    const unfinished = this.#probes.locked === undefined ? undefined : this.#probes;
    this.#flushQuery();
    this.#emitSwitchover(unfinished);
    this.#releaseSyncs();
    this.#phases.close(this.last);
    this.over = true;
  }

  #hadState(state: string): boolean {
    return this.states.some((change) => change.state === state);
  }

  // Queries

  #query(facts: QueryFacts, at: Moment): void {
    this.#flushQuery();
    if (!this.#context.bandGiven) this.#context.band ??= facts.band;
    const index = this.#queryCount;
    const syncs = this.#syncs.claim(index, (sync) => (this.#isOfSetup(sync.inSetup) ? 'setup' : 'query'));
    const switchover = this.#switchover?.open === true ? this.#switchover : undefined;
    const query: Query = {
      ...facts,
      index,
      at,
      bql: NO_LOCK,
      syncs: syncs.filter((sync) => sync.owner === 'query'),
      state: this.#state,
      switchover: switchover?.index,
      inPostcopy: this.#inPostcopy,
      thresholdBytes: this.#thresholdBytes,
      previous: this.#previous,
      follows: this.startSeen || index > 0,
      syncsShown: this.#context.syncsShown,
      probes: this.#probes,
      hole: this.#holeSinceQuery,
    };
    this.#pending = { query, switchover, snapshot: this.#context.bql.at(at.thread) };
    for (const sync of syncs) {
      switchover?.sync(sync);
      this.#context.sink.sync(sync, this);
    }
    this.#context.sink.queryMade(query, this);
    this.#queryCount += 1;
    this.counts[facts.kind] += 1;
    this.#countIteration(facts, syncs);
    if (facts.final === true) this.finalTotalBytes = facts.totalBytes;
    if (this.#phases.current === undefined || this.#phases.current === 'setup') this.#phases.enter('iterate', at);
    if (facts.precopyBytes > 0) this.#precopyBytesSeen = true;
    this.#previous = at.place;
    this.#probes = NO_PROBES;
    this.#holeSinceQuery = this.#mixed;
  }

  /** Syncs before the first query are setup's; one that is seen to begin after setup is the query's own. */
  #isOfSetup(beganInSetup: boolean): boolean {
    if (this.#queryCount > 0 || !this.startSeen) return false;
    return beganInSetup || this.#state === undefined;
  }

  #countIteration(facts: QueryFacts, syncs: readonly Sync[]): void {
    if (this.#inPostcopy) return;
    if (facts.kind === 'exact') this.iterations += 1;
    if (facts.kind === 'unspecified' && syncs.some((sync) => sync.owner === 'query')) this.iterations += 1;
  }

  #flushQuery(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const { switchover, snapshot } = pending;
    const query: Query = { ...pending.query, bql: settledAnswer(snapshot) };
    switchover?.query(query);
    if (query.final === true && switchover === undefined && this.#earlyFinals.length < MAX_EARLY_FINALS) {
      this.#earlyFinals.push(query);
    }
    if (query.final !== true) this.#lastQuery = query;
    this.#context.sink.query(query, this);
  }

  // Syncs and probes

  #sync({ event }: EventItem, at: Moment): void {
    const open = this.#switchover?.open === true ? this.#switchover : undefined;
    const inSetup = this.#state === 'setup' || this.#state === 'wait-unplug';
    this.#context.bql.touch();
    this.#context.syncsShown = true;
    const before = this.#syncs.count;
    if (event.name === 'migration_bitmap_sync_start') this.#syncs.start(at, open?.index, inSetup);
    else if (event.name === 'migration_bitmap_sync_end') {
      const sync = this.#syncs.end(at, event.args.dirty_pages, open?.index, inSetup);
      this.#context.sink.syncEnds(sync, this);
    }
    if (this.#syncs.count > before) open?.syncBegins();
    if (this.#syncs.pendingCount > MAX_PENDING_SYNCS) this.#releaseSyncs();
  }

  #releaseSyncs(): void {
    const switchover = this.#switchover;
    const syncs = this.#syncs.claim(undefined, (sync) => {
      if (sync.switchover !== undefined) return 'switchover';
      return this.#isOfSetup(sync.inSetup) ? 'setup' : 'none';
    });
    for (const sync of syncs) {
      if (sync.owner === 'switchover') switchover?.sync(sync);
      this.#context.sink.sync(sync, this);
    }
  }

  #probe({ event }: EventItem, at: Moment): void {
    switch (event.name) {
      case 'qemu_savevm_query_pending_bql':
        this.#probes = { ...NO_PROBES, locked: { value: event.args.locked !== 0, at } };
        return;
      case 'ram_state_pending_sync': {
        const { exact, final, sync } = event.args;
        this.#probes = {
          ...this.#probes,
          pendingSync: { exact: exact !== 0, final: final !== 0, sync: sync !== 0, at },
        };
        return;
      }
      case 'mig_dirty_bytes_total_update':
        this.#probes = { ...this.#probes, dirtyBytesUpdate: { old: event.args.old, new: event.args.new, at } };
        return;
      case 'migration_bitmap_sync_stage':
        this.#syncs.stage(at, event.args.last_stage !== 0, event.args.bql !== 0);
        return;
      default:
        return;
    }
  }

  // Everything else

  #protocol(item: EventItem, at: Moment): void {
    const { event } = item;
    switch (event.name) {
      case 'migrate_set_state':
        this.#setState(event.args.new_state, at);
        return;
      case 'runstate_set':
        this.#runstate(event.args.current_state_str, event.args.new_state_str, at);
        return;
      case 'vm_state_notify':
        if (event.args.running !== 0) this.#vmRuns(at);
        else if (isStopReason(event.args.reason_str)) this.#vmStops(at, event.args.reason_str === 'colo');
        return;
      case 'vmstate_downtime_checkpoint':
        this.#checkpoint(event.args.checkpoint, at);
        return;
      case 'migration_completion_vm_stop':
        this.#vmStops(at, false);
        return;
      case 'migration_block_activation':
      case 'migration_precopy_complete':
      case 'savevm_send_switchover_start':
        this.#switchover?.saving();
        return;
      case 'colo_vm_state_change':
        if (event.args.new === 'run') this.#vmRuns(at);
        else this.#vmStops(at, true);
        return;
      case 'migrate_transferred':
        this.#thresholdBytes = event.args.max_size;
        return;
      case 'migration_thread_low_pending':
        this.#lowPending = true;
        return;
      case 'postcopy_start':
        this.#postcopyStarted = true;
        if (this.#switchover?.open === true) this.#switchover.mode = 'postcopy';
        return;
      case 'qemu_savevm_send_postcopy_advise':
      case 'qemu_savevm_send_postcopy_ram_discard':
        this.#ramPostcopy ??= at;
        if (this.#switchover?.open === true) this.#switchover.ramPostcopy ??= at;
        return;
      case 'ram_postcopy_send_discard_bitmap':
        if (this.#switchover?.open === true) this.#switchover.discardBitmap(at);
        return;
      case 'qemu_savevm_send_packaged':
        this.#inPostcopy = true;
        this.#downtime.packaged(at);
        this.#endSwitchover(at, 'packaged');
        return;
      case 'ram_write_tracking_ramblock_start':
        this.#writeTracking = true;
        return;
      case 'ram_save_complete':
        if (event.args.done !== 0) this.#ramEnds(at);
        return;
      case 'savevm_section_start':
        this.#sectionStarts(event.args.id, event.args.section_id, at);
        return;
      case 'savevm_section_end':
        this.#sectionEnds(event.args.id, event.args.section_id, Number(event.args.ret), at);
        return;
      case 'vmstate_downtime_save':
        if (this.#switchover?.checkpoint !== true) this.#downtime.deviceSave(event.args);
        return;
      default:
        return;
    }
  }

  #setState(state: string, at: Moment): void {
    const hole = this.#holeSinceQuery;
    this.#state = state;
    const change: StateChange = { state, at, hole };
    this.states.push(change);
    if (state === 'device' || state === 'pre-switchover') this.#vmStops(at, false);
    this.#endByState(state, at);
    if (state === 'completed') this.#downtime.completed(at);
    this.#resolveMode(state);
    this.#flushQuery();
    if (this.#switchover?.open === false) this.#emitSwitchover(undefined);
    this.#context.sink.state(change, this);
    this.#enterPhase(state, at);
  }

  /** A state after `device` ends the switchover. 7.2 sets postcopy-active before its last sync. */
  #endByState(state: string, at: Moment): void {
    const endedBy = switchoverEndOf(state);
    if (endedBy === undefined) return;
    if (endedBy !== 'postcopy') {
      this.#endSwitchover(at, endedBy);
      return;
    }
    if (this.band === '7.2' && this.#inPostcopy === false) {
      this.#postcopyStarted = true;
      return;
    }
    this.#endSwitchover(at, 'postcopy');
    this.#inPostcopy = true;
  }

  #resolveMode(state: string): void {
    const switchover = this.#switchover;
    if (switchover === undefined || switchover.mode !== 'unknown') return;
    if (state === 'completed' || state === 'colo') switchover.mode = 'precopy';
    if (state.startsWith('postcopy-')) switchover.mode = 'postcopy';
  }

  #enterPhase(state: string, at: Moment): void {
    if (TERMINAL.has(state)) this.#phases.close(at);
    else if (state === 'active') this.#phases.enter('iterate', at);
    else if (state === 'postcopy-device' || state === 'postcopy-active') {
      if (this.#inPostcopy) this.#phases.enter('postcopy', at);
    } else if (state.startsWith('postcopy-recover')) this.#phases.enter('postcopy-recover', at);
    else if (state !== 'setup') this.#phases.enter(state, at);
  }

  #runstate(from: string, state: string, at: Moment): void {
    // From stopped to something else, and no stop was seen: that line is lost, and so is what it began.
    const wasOpen = this.#switchover?.open === true;
    if (from === 'colo' && !wasOpen && !this.ended) this.#earlyFinals = [];
    if (isStopReason(state)) {
      this.#context.bql.vmStops();
      if (from === 'running' && wasOpen && this.#switchover?.checkpoint === true) this.#vmRuns(at);
      this.#vmStops(at, state === 'colo');
      return;
    }
    if (state === 'running') this.#vmRuns(at);
    // A background snapshot stops the VM at once: before any query, and without the sync of setup.
    if (state === 'paused' && this.#state === 'active' && this.#queryCount + this.#syncs.count === 0) {
      this.#background = true;
    }
  }

  #vmRuns(at: Moment): void {
    this.#endSwitchover(at, 'vm-running');
    if (this.#switchover?.checkpoint === true) {
      this.#flushQuery();
      this.#emitSwitchover(undefined);
      this.#phases.enter('colo', at);
    }
  }

  #checkpoint(name: string, at: Moment): void {
    if (this.#switchover?.checkpoint !== true) this.#downtime.checkpoint(name, at);
    if (name === 'src-vm-stopped') this.#vmStops(at, false);
    if (name === 'src-iterable-saved' && this.#inPostcopy === false) this.#ramEnds(at);
    if (name === 'src-downtime-end') this.#endSwitchover(at, 'downtime-end');
  }

  #ramEnds(at: Moment): void {
    const switchover = this.#switchover;
    if (switchover?.open !== true) return;
    switchover.ramEnd ??= at;
    switchover.carriedThrough = true;
  }

  #sectionStarts(id: string, section: Uint64, at: Moment): void {
    if (this.#switchover?.open !== true) return;
    if (id === 'ram') this.#switchover.saving();
    this.#downtime.sectionStart(section, at);
  }

  #sectionEnds(id: string, section: Uint64, ret: number, at: Moment): void {
    if (this.#switchover?.open !== true) return;
    if (id === 'ram' && ret >= 0) this.#ramEnds(at);
    if (!this.#switchover.checkpoint) this.#downtime.sectionEnd(id, section, at);
  }

  #vmStops(at: Moment, checkpoint: boolean): void {
    if (this.#switchover?.open === true || this.#snapshot || this.#background || this.ended) return;
    // After the switchover the VM stays stopped; only COLO stops it again.
    if (this.#switchover !== undefined && !checkpoint) return;
    this.#flushQuery();
    this.#emitSwitchover(undefined);
    if (!checkpoint) this.#downtime.stopped(at);
    this.#switchover = new SwitchoverBuilder({
      index: this.switchovers,
      checkpoint,
      stop: at,
      mode: checkpoint ? 'precopy' : this.#postcopyStarted ? 'postcopy' : this.#lowPending ? 'precopy' : 'unknown',
      decidingQuery: checkpoint ? undefined : this.#lastQuery,
      earlyFinals: this.#earlyFinals,
      ramPostcopy: this.#ramPostcopy,
      precopyBytesSeen: this.#precopyBytesSeen,
      hole: this.#holeSinceQuery,
    });
    this.switchovers += 1;
    this.#earlyFinals = [];
    this.#phases.enter(checkpoint ? 'checkpoint' : 'switchover', at);
  }

  #endSwitchover(at: Moment, endedBy: SwitchoverEnd): void {
    const switchover = this.#switchover;
    if (switchover?.open !== true) return;
    this.#flushQuery();
    switchover.close(at, endedBy);
    this.#releaseSyncs();
  }

  /** Once: after this the builder only tells that there was a switchover. */
  #emitSwitchover(unfinished: QueryProbes | undefined): void {
    const switchover = this.#switchover;
    if (switchover === undefined || switchover.emitted) return;
    switchover.emitted = true;
    if (switchover.open) this.#releaseSyncs();
    this.#context.sink.switchover(switchover.build(unfinished), this);
  }
}

/** A free lock, or another's, counts only when the next event of the lock agrees. */
function settledAnswer({ answer, confirmed }: BqlSnapshot): BqlAtLine {
  if (confirmed || answer.holder === 'migration-thread' || answer.holder === 'not-shown') return answer;
  return { ...NO_LOCK, how: 'the mutex events end before they show who holds the BQL' };
}

function isStopReason(state: string): boolean {
  return state === 'finish-migrate' || state === 'colo';
}

function switchoverEndOf(state: string): SwitchoverEnd | undefined {
  switch (state) {
    case 'completed':
      return 'completed';
    case 'colo':
      return 'colo';
    case 'failing':
    case 'failed':
      return 'failed';
    case 'cancelling':
    case 'cancelled':
      return 'cancelled';
    default:
      return state.startsWith('postcopy-') ? 'postcopy' : undefined;
  }
}
