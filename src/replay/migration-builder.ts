/**
 * Replays one migration of a source, event by event. It implements
 * `Migration`, so that rules and reports read it while it grows.
 */
import type { Uint64 } from '../base/uint64.ts';
import type { KnownEvent } from '../catalog/catalog.ts';
import { SILENT_NS } from '../catalog/silence.ts';
import type { Band } from '../catalog/vocabulary.ts';
import { PROBLEM_KINDS, type ProblemCode } from '../ingest/problems.ts';
import type { EventItem, MessageItem, Place, TraceItem } from '../ingest/trace-item.ts';
import type { Answer, DirtyBytesSample, Span, StatusAnswer } from './answers.ts';
import { DowntimeTracker } from './downtime.ts';
import { PhaseTracker } from './phases.ts';
import { Progress, type StreamContext } from './progress.ts';
import { ProtocolTracker } from './protocol-tracker.ts';
import { decodeQuery } from './query-decoder.ts';
import { QueryTracker } from './query-tracker.ts';
import type {
  AssertionFailure,
  Capabilities,
  Downtime,
  DowntimeLimit,
  LostSync,
  Migration,
  MigrationKind,
  Moment,
  Outcome,
  QueryProbes,
  StateChange,
} from './run.ts';
import { isSetup } from './side.ts';
import { SwitchoverTracker } from './switchover-tracker.ts';

const MAX_MESSAGES = 20;

/** migrate_init() sets start_time right before `setup`; on a loaded host other lines come in between. */
const START_SLACK_NS = 100e6;

export class MigrationBuilder implements Migration {
  readonly index: number;
  readonly stream: number;
  readonly dirtyLogBefore: Place | undefined;
  readonly first: Moment;
  #lastPlace: Place;
  #lastNs: number | undefined;
  #lastThread: number | undefined;
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
  readonly #protocol: ProtocolTracker;
  readonly #snapshot: boolean;
  /** Only from there on total-time counts. */
  readonly #opensWithSetup: boolean;

  constructor(index: number, context: StreamContext, first: EventItem, startSeen: boolean) {
    this.index = index;
    this.stream = context.stream;
    this.#context = context;
    this.#snapshot = context.inSnapshot;
    this.dirtyLogBefore = context.runstate === 'running' ? context.dirtyLogOn : undefined;
    this.#startNs = first.timeNs;
    this.#opensWithSetup = isSetup(first);
    this.first = this.momentOf(first);
    this.#lastPlace = first.place;
    this.#lastNs = this.first.ns;
    this.#lastThread = first.thread;
    this.capabilities = context.capabilities.known;
    this.#progress = new Progress(startSeen);
    this.#queries = new QueryTracker(this, context, this.#progress);
    this.#switchovers = new SwitchoverTracker(this, context, this.#progress, this.#queries);
    this.#protocol = new ProtocolTracker(this, context, {
      progress: this.#progress,
      queries: this.#queries,
      switchovers: this.#switchovers,
      phases: this.#phases,
      downtime: this.#downtime,
    });
    if (startSeen) this.#phases.enter('setup', this.first);
  }

  // As a Migration

  get last(): Moment {
    return { place: this.#lastPlace, ns: this.#lastNs, thread: this.#lastThread };
  }

  get finalProbed(): boolean {
    return this.#queries.finalProbed;
  }

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

  get lostSync(): LostSync | undefined {
    return this.#queries.lostSyncs.first;
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

  get samplesShared(): boolean {
    return this.#context.samplesShared;
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

  /** It is over for so long, or so surely, that the loop at `timeNs` is another attempt's. */
  isLongOver(timeNs: number | undefined): boolean {
    if (!this.ended) return false;
    const ns = this.nsOf(timeNs);
    if (ns === undefined || this.#lastNs === undefined) return this.#progress.cleanedUp;
    const sinceNs = ns - this.#lastNs;
    // A line that stands too late in the log is of this one.
    return sinceNs >= SILENT_NS || (sinceNs >= 0 && this.#progress.cleanedUp);
  }

  /**
   * An event that comes once in a migration belongs to another one when this one has come further. Its end alone is
   * not further: a cancel in the main thread may come to it before the migration thread begins.
   */
  hasBegun({ event, timeNs }: EventItem, commanded: boolean): boolean {
    const { headerSeen, setupEventSeen } = this.#progress;
    const before = event.name === 'savevm_state_header' ? headerSeen : setupEventSeen;
    if (before || this.#queries.count > 0) return true;
    return this.ended && (commanded || this.isLongOver(timeNs));
  }

  momentOf(item: TraceItem): Moment {
    const { place, timeNs, thread } = item;
    return { place, ns: this.nsOf(timeNs), thread };
  }

  /** A time of the log's clock as time since the migration's first event. */
  nsOf(timeNs: number | undefined): number | undefined {
    return timeNs === undefined || this.#startNs === undefined ? undefined : timeNs - this.#startNs;
  }

  /** `sample` with times of the log's clock; another migration's is left aside. */
  addSample(sample: DirtyBytesSample): void {
    const own = this.#onOwnClock(sample);
    if (own !== undefined) this.samples.push({ ...sample, ...own });
  }

  /** `answer` with times of the log's clock; another migration's is left aside. */
  addAnswer(answer: StatusAnswer): void {
    const own = this.#onOwnClock(answer);
    if (own !== undefined) this.answers.push({ ...answer, ...own });
  }

  #onOwnClock({ fromNs, toNs, started }: Answer): Omit<Answer, 'place'> | undefined {
    if (this.#startNs === undefined) return undefined;
    const own = shifted({ fromNs, toNs }, this.#startNs);
    const began = started === undefined ? undefined : shifted(started, this.#startNs);
    if (began !== undefined && this.#opensWithSetup && !isAboutZero(began)) return undefined;
    return { ...own, started: this.#opensWithSetup ? began : undefined };
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
    if (!this.ended) this.cameTo(item);
    if (item.group === 'round') {
      this.#iterates(item.event);
      // Of a section its switchover alone learns anything, and of the rest nobody.
      if (this.#switchovers.open === undefined) return;
    }
    const at = this.momentOf(item);
    switch (item.group) {
      case 'query':
        this.#query(item, at);
        return;
      case 'sync':
        if (item.event.name === 'migration_bitmap_sync_start') this.#queries.lostSyncs.syncBegins(at.ns, this);
        this.#queries.sync(item, at, this.#switchovers.open);
        return;
      case 'probe':
        this.#queries.probe(item, at);
        return;
      default:
        this.#protocol.event(item, at);
    }
  }

  /** Passes over an event of a round of which nobody learns more than that it came; false where somebody may. */
  passes(event: KnownEvent): boolean {
    if (this.ended || !this.inRounds || this.#switchovers.open !== undefined) return false;
    if (this.#context.sink.awaits(event, this)) return false;
    this.#iterates(event);
    return true;
  }

  /** The last of those that were passed over. */
  cameTo({ place, timeNs, thread }: EventItem): void {
    this.#lastPlace = place;
    this.#lastNs = this.nsOf(timeNs);
    this.#lastThread = thread;
  }

  #iterates({ name }: KnownEvent): void {
    if (name === 'savevm_state_iterate' || name === 'savevm_section_end') this.#progress.iterated = true;
  }

  /** `logEndNs` is the last time the log shows before another migration begins. */
  finish(logEndNs: number | undefined): void {
    this.logEndNs = this.nsOf(logEndNs);
    const unfinished = this.#unfinishedFinal();
    this.#queries.flush();
    this.#switchovers.emit(unfinished);
    this.#queries.releaseSyncs(undefined);
    this.#queries.lostSyncs.finish(this.logEndNs, this);
    this.#phases.close(this.last);
    this.over = true;
  }

  /** It was told that it is over: a log may hold hundreds of migrations, and a report few lines of each. */
  forget(): void {
    this.#switchovers.forget();
    this.#queries.forget();
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
}

function shifted({ fromNs, toNs }: Span, byNs: number): Span {
  return { fromNs: fromNs - byNs, toNs: toNs - byNs };
}

function isAboutZero({ fromNs, toNs }: Span): boolean {
  return fromNs <= START_SLACK_NS && toNs >= -START_SLACK_NS;
}
