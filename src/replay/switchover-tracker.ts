/** Opens, closes and hands on the switchovers of a migration: its own, and COLO's checkpoints. */
import type { Progress, StreamContext } from './progress.ts';
import type { QueryTracker } from './query-tracker.ts';
import type { Migration, Moment, QueryProbes, Switchover, SwitchoverEnd } from './run.ts';
import { SwitchoverBuilder } from './switchover-builder.ts';

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

  /** The switchover that is going on. */
  get open(): SwitchoverBuilder | undefined {
    return this.#current?.open === true ? this.#current : undefined;
  }

  get isCheckpoint(): boolean {
    return this.#current?.checkpoint === true;
  }

  /** The VM stops; false when that begins no switchover. After one the VM stays stopped: only COLO stops it again. */
  stop(at: Moment, checkpoint: boolean): boolean {
    if (this.open !== undefined || this.#progress.ended) return false;
    if (this.#current !== undefined && !checkpoint) return false;
    this.#queries.flush();
    this.emit(undefined);
    const { ramPostcopy, holeSinceQuery: hole } = this.#progress;
    this.#current = new SwitchoverBuilder({
      index: this.count,
      checkpoint,
      stop: at,
      mode: checkpoint ? 'precopy' : this.#modeAtStop(),
      decidingQuery: checkpoint ? undefined : this.#queries.last,
      earlyFinals: this.#queries.takeEarlyFinals(),
      ramPostcopy,
      precopyBytesSeen: this.#queries.precopyBytesSeen,
      hole,
    });
    this.count += 1;
    return true;
  }

  #modeAtStop(): Switchover['mode'] {
    if (this.#progress.postcopyStarted) return 'postcopy';
    return this.#progress.lowPending ? 'precopy' : 'unknown';
  }

  end(at: Moment, endedBy: SwitchoverEnd): void {
    const { open } = this;
    if (open === undefined) return;
    this.#queries.flush();
    open.close(at, endedBy);
    this.#queries.releaseSyncs(open);
  }

  /** Hands it on, once. */
  emit(unfinished: QueryProbes | undefined): void {
    const current = this.#current;
    if (current === undefined || current.emitted) return;
    current.emitted = true;
    if (current.open) this.#queries.releaseSyncs(current);
    this.#context.sink.switchover(current.build(unfinished), this.#migration);
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

  /** Lines are missing or unreadable here. */
  damaged(): void {
    if (this.#current !== undefined) this.#current.hole = true;
  }
}
