/** Opens, closes and hands on the switchovers of a migration: its own, and COLO's checkpoints. */
import type { Progress, StreamContext } from './progress.ts';
import type { QueryTracker } from './query-tracker.ts';
import type { Migration, Moment, QueryProbes, Switchover, SwitchoverEnd } from './run.ts';
import { type StopMark, SwitchoverBuilder } from './switchover-builder.ts';

export interface Stop {
  readonly checkpoint: boolean;
  readonly mark: StopMark;
  /** The log proves that the VM ran since the last final query and until this line. */
  readonly provesRunning: boolean;
}

export class SwitchoverTracker {
  count = 0;
  readonly #migration: Migration;
  readonly #context: StreamContext;
  readonly #progress: Progress;
  readonly #queries: QueryTracker;
  #current: SwitchoverBuilder | undefined;

  constructor(migration: Migration, context: StreamContext, progress: Progress, queries: QueryTracker) {
    this.#migration = migration;
    this.#context = context;
    this.#progress = progress;
    this.#queries = queries;
  }

  /** A line that comes once in a switchover, before the stop: a second one begins another. */
  announce(at: Moment, mark: StopMark): void {
    if (this.open?.mark(mark) === false) {
      this.end(at, 'superseded');
      this.emit(undefined);
    }
  }

  /** The switchover that is going on. */
  get open(): SwitchoverBuilder | undefined {
    return this.#current?.open === true ? this.#current : undefined;
  }

  get isCheckpoint(): boolean {
    return this.#current?.checkpoint === true;
  }

  /**
   * The VM stops. False when that begins no switchover: another line showed it
   * before, or the VM is stopped since the last one (only COLO stops it again).
   */
  stop(at: Moment, { checkpoint, mark, provesRunning }: Stop): boolean {
    const again = this.#current?.mark(mark) === false;
    if (this.#progress.ended) return false;
    if (this.open !== undefined && !again) return false;
    if (this.#current !== undefined && !checkpoint && !again) return false;
    this.end(at, 'superseded');
    this.#queries.flush();
    this.emit(undefined);
    this.#current = this.#begin(at, checkpoint, provesRunning);
    this.#current.mark(mark);
    this.#context.bql.switchover(true);
    this.count += 1;
    return true;
  }

  #begin(at: Moment, checkpoint: boolean, provesRunning: boolean): SwitchoverBuilder {
    const { ramPostcopy, holeSinceQuery: hole } = this.#progress;
    const outside = this.#queries.takeEarlyFinals();
    return new SwitchoverBuilder({
      index: this.count,
      checkpoint,
      stop: at,
      mode: checkpoint ? 'precopy' : this.#modeAtStop(),
      decidingQuery: checkpoint ? undefined : this.#queries.last,
      earlyFinals: provesRunning ? outside : [],
      unplacedFinals: provesRunning ? 0 : outside.length,
      ramPostcopy,
      precopyBytesSeen: this.#queries.precopyBytesSeen,
      hole,
    });
  }

  #modeAtStop(): Switchover['mode'] {
    if (this.#progress.postcopyStarted) return 'postcopy';
    return this.#progress.lowPending ? 'precopy' : 'unknown';
  }

  end(at: Moment, endedBy: SwitchoverEnd): void {
    const { open } = this;
    if (open === undefined) return;
    this.#queries.flush();
    const { unfinished } = this.#queries;
    open.queryBegan = unfinished !== undefined;
    if (unfinished?.pendingSync?.final === true) open.lostFinal = unfinished;
    open.close(at, endedBy);
    this.#context.bql.switchover(false);
    if (open.mode === 'postcopy' && (endedBy === 'packaged' || endedBy === 'postcopy' || endedBy === 'downtime-end')) {
      this.#progress.postcopySwitchoverOver = true;
    }
    this.#queries.releaseSyncs(open);
  }

  /** Hands it on, once. */
  emit(unfinished: QueryProbes | undefined): void {
    const current = this.#current;
    if (current === undefined || current.emitted) return;
    current.emitted = true;
    if (current.open) this.#queries.releaseSyncs(current);
    const decision = current.checkpoint ? undefined : this.#queries.takeDecision();
    const inDevice = this.#progress.state === 'device';
    const nestedLock = this.#context.bql.nestedLock;
    const ending = { unfinishedQuery: unfinished, decision, inDevice, nestedLock };
    this.#context.sink.switchover(current.build(ending), this.#migration);
  }

  /** The next state tells what an ended switchover was, and then it is handed on. */
  stateFollows(state: string): void {
    const current = this.#current;
    if (current === undefined) return;
    if (current.mode === 'unknown') {
      if (state === 'completed' || state === 'colo') current.mode = 'precopy';
      if (state.startsWith('postcopy-')) current.mode = 'postcopy';
    }
    if (!current.open) this.emit(undefined);
  }

  /** The migration is over and was told: what the last switchover kept is no longer needed. */
  forget(): void {
    if (this.#current?.open === false) this.#current = undefined;
  }

  /** Lines are missing or unreadable here. */
  damaged(): void {
    if (this.#current !== undefined) this.#current.hole = true;
  }
}
