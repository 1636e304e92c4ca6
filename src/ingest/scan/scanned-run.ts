/** What the skimmer passed over, as an item, which the next run fills anew. */
import type { Clock } from '../clock.ts';
import type { LineReader } from '../line-reader.ts';
import type { LineRunItem, LockSequence, Place } from '../trace-item.ts';
import type { Lock } from './lock-scanner.ts';
import { ScannedLine, ScannedLock } from './scanned-line.ts';
import { NO_ARGS, ScannedPlace } from './scanned-place.ts';
import type { SkimForm, Skimmer } from './skim/skimmer.ts';

export const NS_PER_MICRO = 1000;
export const MICROS_PER_SECOND = 1_000_000;

export interface RunOptions {
  readonly input: number;
  readonly clock: Clock;
  readonly lines: LineReader;
  readonly skimmer: Skimmer;
  /** What the skimmer knows under a number. */
  readonly lockOf: (text: number) => Lock | undefined;
  /** Thread id that the file's name gives to all its lines. */
  readonly thread: number | undefined;
}

/** What the lines of a run have in common. */
export interface RunPrefix {
  readonly form: SkimForm;
  /** `2026-11-23T01:02` in the form of `iso`. */
  readonly minute: string | undefined;
  /** The second that the module counts from. */
  readonly baseSeconds: number;
}

export class ScannedRun extends ScannedLine implements LineRunItem {
  readonly kind = 'line-run';
  readonly names: readonly string[];
  lines = 0;
  size = 0;
  readonly locks: FollowedLocks;
  readonly #options: RunOptions;
  readonly #skimmer: Skimmer;

  constructor(options: RunOptions) {
    super(options.input, options.lines);
    this.#options = options;
    this.#skimmer = options.skimmer;
    this.names = options.skimmer.names;
    this.locks = new FollowedLocks(options);
  }

  nameAt(index: number): number {
    return this.#skimmer.nameAt(index);
  }

  countAt(index: number): number {
    return this.#skimmer.countAt(index);
  }

  /** What the last call of the skimmer passed; the lines must have been passed, too. */
  fill(prefix: RunPrefix): this {
    const { skimmer, clock, lines } = this.#options;
    this.lines = skimmer.passed;
    this.size = skimmer.namesSize;
    this.locks.fill(prefix, lines.line - skimmer.passed);
    const thread = prefix.form === 'tid' ? skimmer.lastThread : this.#options.thread;
    this.begin(clock.toNs(prefix.baseSeconds, skimmer.lastMicros * NS_PER_MICRO), thread);
    return this;
  }
}

/** Reads the records of the skimmer. */
class FollowedLocks implements LockSequence {
  readonly #options: RunOptions;
  readonly #item: ScannedLock;
  #prefix: RunPrefix | undefined;
  #index = 0;
  #lineBefore = 0;
  size = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#item = new ScannedLock(options.input, options.lines, () => this.#place());
  }

  /** `lineBefore`: number of the line before the first one of the run. */
  fill(prefix: RunPrefix, lineBefore: number): void {
    this.#prefix = prefix;
    this.#lineBefore = lineBefore;
    this.size = this.#options.skimmer.locksSize;
  }

  get threaded(): boolean {
    return this.#prefix?.form === 'tid' || this.#options.thread !== undefined;
  }

  idAt(index: number): number {
    return this.#options.skimmer.lockText(index);
  }

  itemAt(index: number): ScannedLock {
    const { skimmer, clock } = this.#options;
    this.#index = index;
    const seconds = this.#prefix?.baseSeconds ?? 0;
    const timeNs = clock.toNs(seconds, skimmer.lockMicros(index) * NS_PER_MICRO);
    return this.#item.fill(this.#lockAt(index), timeNs, this.#threadAt(index) ?? this.#options.thread);
  }

  #lockAt(index: number): Lock {
    const lock = this.#options.lockOf(this.idAt(index));
    if (lock === undefined) throw new Error('a line of the lock whose text nobody learnt');
    return lock;
  }

  #threadAt(index: number): number | undefined {
    return this.#prefix?.form === 'tid' ? this.#options.skimmer.lockThread(index) : undefined;
  }

  #place(): Place {
    const { skimmer, input } = this.#options;
    const index = this.#index;
    const micros = skimmer.lockMicros(index);
    const seconds = Math.floor(micros / MICROS_PER_SECOND);
    const prefix = {
      minute: this.#prefix?.minute,
      shownSeconds: this.#prefix?.form === 'tid' ? this.#prefix.baseSeconds + seconds : seconds,
      nanos: (micros % MICROS_PER_SECOND) * NS_PER_MICRO,
      thread: this.#threadAt(index),
    };
    const line = this.#lineBefore + skimmer.lockLine(index);
    return new ScannedPlace(input, line, prefix, this.#lockAt(index).printer, NO_ARGS, '');
  }
}
