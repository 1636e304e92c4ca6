/**
 * Replays one migration of a source, event by event. It implements
 * `Migration`, so that rules and reports read it while it grows.
 */
import type { Uint64 } from '../base/uint64.ts';
import type { Band } from '../catalog/vocabulary.ts';
import { PROBLEM_KINDS, type ProblemCode } from '../ingest/problems.ts';
import type { EventItem, MessageItem, Place, TraceItem } from '../ingest/trace-item.ts';
import { DowntimeTracker } from './downtime.ts';
import { PhaseTracker } from './phases.ts';
import { isTerminal, Progress, type StreamContext } from './progress.ts';
import { decodeQuery } from './query-decoder.ts';
import { QueryTracker } from './query-tracker.ts';
import type {
  AssertionFailure,
  Capabilities,
  DirtyBytesSample,
  Downtime,
  DowntimeLimit,
  Migration,
  MigrationKind,
  Moment,
  Outcome,
  QueryProbes,
  StateChange,
  StatusAnswer,
  SwitchoverEnd,
} from './run.ts';
import type { StopMark } from './switchover-builder.ts';
import { SwitchoverTracker } from './switchover-tracker.ts';

const MAX_MESSAGES = 20;

export class MigrationBuilder implements Migration {
  readonly index: number;
  readonly stream: number;
  readonly dirtyLogBefore: Place | undefined;
  readonly first: Moment;
  last: Moment;
  readonly capabilities: Capabilities;
  previousOpen = false;
  assertion: AssertionFailure | undefined;
  readonly messages: Moment[] = [];
  messageCount = 0;
  hole: { readonly place: Place; readonly text: string } | undefined;
  over = false;
  readonly samples: DirtyBytesSample[] = [];
  readonly answers: StatusAnswer[] = [];
  logEndNs: number | undefined;

  readonly #context: StreamContext;
  readonly #startNs: number | undefined;
  readonly #progress: Progress;
  readonly #queries: QueryTracker;
  readonly #switchovers: SwitchoverTracker;
  readonly #phases = new PhaseTracker();
  readonly #downtime = new DowntimeTracker();
  readonly #snapshot: boolean;

  constructor(index: number, context: StreamContext, first: TraceItem, startSeen: boolean) {
    this.index = index;
    this.stream = context.stream;
    this.#context = context;
    this.#snapshot = context.inSnapshot;
    this.dirtyLogBefore = context.runstate === 'running' ? context.dirtyLogOn : undefined;
    this.#startNs = first.timeNs;
    this.first = this.momentOf(first);
    this.last = this.first;
    this.capabilities = context.capabilities.known;
    this.#progress = new Progress(startSeen);
    this.#queries = new QueryTracker(this, context, this.#progress);
    this.#switchovers = new SwitchoverTracker(this, context, this.#progress, this.#queries);
    if (startSeen) this.#phases.enter('setup', this.first);
  }

  // As a Migration

  get startSeen(): boolean {
    return this.#progress.startSeen;
  }

  get band(): Band | undefined {
    return this.#context.band;
  }

  get kind(): MigrationKind {
    const progress = this.#progress;
    if (progress.hadState('colo')) return 'colo';
    if (this.#snapshot) return 'snapshot';
    if (progress.background) return 'background-snapshot';
    if (progress.inPostcopy || progress.postcopyStarted) return 'postcopy';
    if (this.#queries.count > 0 || progress.hadState('active') || this.switchovers > 0) return 'precopy';
    return this.outcome === 'completed' && this.startSeen && this.saw('savevm_state_setup') ? 'snapshot' : 'unknown';
  }

  get outcome(): Outcome {
    return this.assertion === undefined ? this.#progress.outcome : 'aborted';
  }

  get states(): readonly StateChange[] {
    return this.#progress.states;
  }

  get counts() {
    return this.#queries.counts;
  }

  get syncCount(): number {
    return this.#queries.syncCount;
  }

  get iterations(): number {
    return this.#queries.iterations;
  }

  get switchovers(): number {
    return this.#switchovers.count;
  }

  get finalTotalBytes(): Uint64 | undefined {
    return this.#queries.finalTotalBytes;
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

  saw(event: string): boolean {
    return this.#context.seen.has(event);
  }

  downtimeLimitAt(ns: number): DowntimeLimit | undefined {
    if (this.#startNs === undefined) return undefined;
    const set = this.#context.limits.at(this.#startNs + ns);
    return set === undefined ? undefined : { ms: set.ms, place: set.place, ns: set.timeNs - this.#startNs };
  }

  get state(): string | undefined {
    return this.#progress.state;
  }

  get openSwitchover(): number | undefined {
    return this.#switchovers.open?.index;
  }

  get inPostcopy(): boolean {
    return this.#progress.inPostcopy;
  }

  // For the replay of the stream

  get ended(): boolean {
    return this.#progress.ended;
  }

  /** An event that comes once in a migration belongs to another one when this one has come further. */
  hasBegun(event: string): boolean {
    const { headerSeen, setupEventSeen } = this.#progress;
    const before = event === 'savevm_state_header' ? headerSeen : setupEventSeen;
    return before || this.ended || this.#queries.count > 0;
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

  /** `answer` with times of the log's clock. */
  addAnswer(answer: StatusAnswer): void {
    const fromNs = this.nsOf(answer.fromNs);
    const toNs = this.nsOf(answer.toNs);
    if (fromNs !== undefined && toNs !== undefined) this.answers.push({ ...answer, fromNs, toNs });
  }

  /** Lines are missing or unreadable here. */
  damage(code: ProblemCode, place: Place): void {
    this.hole ??= { place, text: PROBLEM_KINDS[code].text };
    this.#progress.holeSinceQuery = true;
    this.#switchovers.damaged();
  }

  /** Two processes wrote this log, or it is an excerpt: from here on nothing that is absent proves anything. */
  mixedUp(code: 'two-processes' | 'excerpt', place: Place): void {
    this.#progress.mixed = true;
    this.damage(code, place);
  }

  message(item: MessageItem): void {
    this.messageCount += 1;
    if (this.messages.length < MAX_MESSAGES) this.messages.push(this.momentOf(item));
  }

  /** In an iteration: what comes with every round is counted, not stored. */
  get inRounds(): boolean {
    const phase = this.#phases.current;
    return phase === 'iterate' || phase === 'postcopy' || phase === undefined;
  }

  event(item: EventItem): void {
    const at = this.momentOf(item);
    if (!this.ended) this.last = at;
    switch (item.group) {
      case 'query':
        this.#query(item, at);
        return;
      case 'sync':
        this.#queries.sync(item, at, this.#switchovers.open);
        return;
      case 'probe':
        this.#queries.probe(item, at);
        return;
      default:
        this.#protocol(item, at);
    }
  }

  /** `logEndNs` is the last time the log shows before another migration begins. */
  finish(logEndNs: number | undefined): void {
    this.logEndNs = this.nsOf(logEndNs);
    const unfinished = this.#unfinishedFinal();
    this.#queries.flush();
    this.#switchovers.emit(unfinished);
    this.#queries.releaseSyncs(undefined);
    this.#phases.close(this.last);
    this.over = true;
  }

  /** A query that began in the switchover and whose line never came. With CPR the whole migration is one. */
  #unfinishedFinal(): QueryProbes | undefined {
    const { unfinished } = this.#queries;
    if (this.#switchovers.open === undefined) return undefined;
    return this.state === 'device' || unfinished?.pendingSync?.final === true ? unfinished : undefined;
  }

  #query(item: EventItem, at: Moment): void {
    const facts = decodeQuery(item);
    if (facts === undefined) return;
    if (!this.#context.bandGiven) this.#context.band ??= facts.band;
    if (this.inPostcopy || this.state?.startsWith('postcopy-') === true) this.#postcopyRuns(at);
    this.#queries.query(facts, at, this.#switchovers.open);
    if (this.#phases.current === undefined || this.#phases.current === 'setup') this.#phases.enter('iterate', at);
  }

  /** Up to 9.2 the state comes before the stop: only a query in it shows that the switchover is over. */
  #postcopyRuns(at: Moment): void {
    this.#switchovers.end(at, 'postcopy');
    this.#progress.inPostcopy = true;
    this.#downtime.postcopyRuns();
  }

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
        else if (isStopReason(event.args.reason_str)) this.#vmStops(at, 'notify', event.args.reason_str === 'colo');
        return;
      case 'vmstate_downtime_checkpoint':
        this.#checkpoint(event.args.checkpoint, at);
        return;
      case 'migration_completion_vm_stop':
        this.#vmStops(at, 'completion', false);
        return;
      case 'savevm_state_header':
        this.#progress.headerSeen = true;
        return;
      case 'savevm_state_setup':
        this.#progress.setupEventSeen = true;
        return;
      case 'migration_block_activation':
        if (event.args.active === 'inactive') this.#lockedStep(event.name, at);
        this.#switchovers.open?.saving();
        return;
      case 'migration_precopy_complete':
        this.#lockedStep(event.name, at);
        this.#switchovers.open?.saving();
        return;
      case 'savevm_send_switchover_start':
        this.#switchovers.open?.saving();
        return;
      case 'colo_vm_state_change':
        if (event.args.new === 'run') this.#vmRuns(at);
        else this.#vmStops(at, 'colo', true);
        return;
      case 'cpu_throttle_dirty_sync':
        this.#progress.timerSynced = true;
        return;
      case 'migrate_transferred':
        this.#progress.thresholdBytes = event.args.max_size;
        return;
      case 'migration_thread_low_pending':
        this.#queries.decide(at, event.args.pending);
        this.#progress.lowPending = true;
        return;
      case 'postcopy_start':
        this.#queries.decide(at, undefined);
        this.#postcopyStarts();
        return;
      case 'qemu_savevm_send_postcopy_advise':
      case 'qemu_savevm_send_postcopy_ram_discard':
        this.#ramLeftToPostcopy(at);
        return;
      case 'ram_postcopy_send_discard_bitmap':
        this.#switchovers.open?.discardBitmap(at);
        return;
      case 'qemu_savevm_send_packaged':
        this.#progress.inPostcopy = true;
        this.#downtime.packaged(at);
        this.#switchovers.end(at, 'packaged');
        return;
      case 'ram_write_tracking_ramblock_start':
        this.#progress.background = true;
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
        if (!this.#switchovers.isCheckpoint) this.#downtime.deviceSave(event.args);
        return;
      default:
        return;
    }
  }

  #postcopyStarts(): void {
    this.#progress.postcopyStarted = true;
    const { open } = this.#switchovers;
    if (open !== undefined) open.mode = 'postcopy';
  }

  #ramLeftToPostcopy(at: Moment): void {
    this.#progress.ramPostcopy ??= at;
    const { open } = this.#switchovers;
    if (open !== undefined) open.ramPostcopy ??= at;
  }

  #setState(state: string, at: Moment): void {
    const progress = this.#progress;
    const before = progress.state;
    progress.state = state;
    const change: StateChange = { state, at, hole: progress.holeSinceQuery };
    progress.states.push(change);
    if (state === 'device' || state === 'pre-switchover') this.#stoppedByState(at);
    // Behind pre-switchover older versions take the lock after this line; up to 9.2 it stands nowhere else.
    if (state === 'device' && before === 'active' && this.band !== '10.0') this.#lockedStep(state, at);
    this.#endByState(before, state, at);
    // Of postcopy it is the end of the migration, long after the downtime.
    if (state === 'completed' && this.kind !== 'postcopy') this.#downtime.completed(at);
    if (isTerminal(state)) progress.postcopySwitchoverOver = false;
    this.#queries.flush();
    this.#switchovers.stateFollows(state);
    this.#context.sink.state(change, this);
    this.#enterPhase(state, at);
  }

  /**
   * A state after `device` ends the switchover. Up to 9.2 postcopy-active is
   * set before the stop, or after pre-switchover, and ahead of the last sync.
   */
  #endByState(before: string | undefined, state: string, at: Moment): void {
    const endedBy = switchoverEndOf(state);
    if (endedBy === undefined) return;
    const early = before === undefined || before === 'active' || before === 'pre-switchover';
    if (state === 'postcopy-active' && early && !this.#progress.inPostcopy) {
      this.#postcopyStarts();
      return;
    }
    this.#switchovers.end(at, endedBy);
    if (endedBy === 'postcopy') this.#progress.inPostcopy = true;
  }

  #enterPhase(state: string, at: Moment): void {
    if (isTerminal(state)) this.#phases.close(at);
    else if (state === 'active') this.#phases.enter('iterate', at);
    else if (state === 'postcopy-device' || state === 'postcopy-active') {
      if (this.#progress.inPostcopy) this.#phases.enter('postcopy', at);
    } else if (state.startsWith('postcopy-recover')) this.#phases.enter('postcopy-recover', at);
    else if (state !== 'setup') this.#phases.enter(state, at);
  }

  #runstate(from: string, state: string, at: Moment): void {
    const { open, isCheckpoint } = this.#switchovers;
    const before = this.#context.runstate;
    // From stopped to something else, and no stop was seen: that line is lost, and so is what it began.
    if (from === 'colo' && open === undefined && !this.ended) this.#queries.takeEarlyFinals();
    if (isStopReason(state)) {
      this.#context.bql.vmStops();
      if (from === 'running' && open !== undefined && isCheckpoint) this.#vmRuns(at);
      const chained = before === undefined ? this.startSeen : before === from && !this.#progress.runstateSeen;
      this.#vmStops(at, 'runstate', state === 'colo', from === 'running' && chained);
      return;
    }
    this.#progress.runstateSeen = true;
    if (state === 'postmigrate') this.#progress.postcopySwitchoverOver = false;
    // After a failure a guest that was paused before goes back to that.
    if (state === 'running' || (from === 'finish-migrate' && state !== 'postmigrate')) this.#vmRuns(at);
    // A background snapshot stops the VM at once: before any query, and without the sync of setup.
    const nothingYet = this.#queries.count + this.#queries.syncCount === 0;
    if (state === 'paused' && this.state === 'active' && nothingYet) this.#progress.background = true;
  }

  /** `device` follows `pre-switchover`: the first of the two counts. */
  #stoppedByState(at: Moment): void {
    if (this.#switchovers.open === undefined) this.#vmStops(at, 'state', false);
  }

  #vmStops(at: Moment, mark: StopMark, checkpoint: boolean, ranUntilHere = false): void {
    if (this.#snapshot || this.#progress.background) return;
    const provesRunning = ranUntilHere || (!checkpoint && this.#progress.downtimeStarted);
    const begins = this.#switchovers.stop(at, { checkpoint, mark, provesRunning });
    if (begins && this.#progress.downtimeStarted) this.#switchovers.announce(at, 'downtime-start');
    if (begins) this.#progress.downtimeStarted = false;
    if (!this.ended) this.#progress.vmStopped = true;
    if (!begins) return;
    if (!checkpoint) this.#downtime.stopped(at);
    this.#phases.enter(checkpoint ? 'checkpoint' : 'switchover', at);
  }

  #vmRuns(at: Moment): void {
    this.#progress.vmStopped = false;
    this.#downtime.runs();
    this.#switchovers.end(at, 'vm-running');
    if (!this.#switchovers.isCheckpoint) return;
    this.#switchovers.emit(undefined);
    this.#phases.enter('colo', at);
  }

  #checkpoint(name: string, at: Moment): void {
    if (!this.#switchovers.isCheckpoint) this.#downtime.checkpoint(name, at);
    if (name === 'src-downtime-start') {
      this.#context.bql.vmStops();
      this.#switchovers.announce(at, 'downtime-start');
      this.#progress.downtimeStarted = true;
    }
    if (name === 'src-vm-stopped') this.#vmStops(at, 'checkpoint', false);
    // CPR stops the VM in the main thread, before the state `active`.
    const saved = name === 'src-iterable-saved' || name === 'src-non-iterable-saved';
    if (saved || (name === 'src-vm-stopped' && this.state === 'active')) this.#lockedStep(name, at);
    if (name === 'src-iterable-saved' && !this.#progress.inPostcopy) this.#ramEnds(at);
    if (name === 'src-downtime-end') this.#switchovers.end(at, 'downtime-end');
  }

  /** A line of the switchover that the migration thread prints under the BQL. */
  #lockedStep(name: string, at: Moment): void {
    const { open } = this.#switchovers;
    if (open !== undefined && !open.checkpoint) open.lockedStep(name, at, this.#context.bql.at(at.thread));
  }

  #ramEnds(at: Moment): void {
    const { open } = this.#switchovers;
    if (open === undefined) return;
    open.ramEnd ??= at;
    open.carriedThrough = true;
  }

  #sectionStarts(id: string, section: Uint64, at: Moment): void {
    const { open } = this.#switchovers;
    if (open === undefined) return;
    if (id === 'ram') open.saving();
    this.#downtime.sectionStart(section, at);
  }

  #sectionEnds(id: string, section: Uint64, ret: number, at: Moment): void {
    const { open } = this.#switchovers;
    if (open === undefined) return;
    if (id === 'ram' && ret >= 0) this.#ramEnds(at);
    if (!open.checkpoint) this.#downtime.sectionEnd(id, section, at);
  }
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
