/** What the skimmer passed over, as an item, which the next run fills anew. */
import type { Mutable } from '../../base/mutable.ts';
import type { Clock } from '../clock.ts';
import type { LineReader } from '../line-reader.ts';
import type { EventItem, LineRunItem, Place, RunRecords } from '../trace-item.ts';
import type { EventScanner, RecordAt } from './event-scanner.ts';
import type { Lock, LockScanner } from './lock-scanner.ts';
import { ScannedLine, ScannedLock } from './scanned-line.ts';
import { NO_ARGS, ScannedPlace, type ShownPrefix } from './scanned-place.ts';
import type { SkimForm, Skimmer } from './skim/skimmer.ts';

export const NS_PER_MICRO = 1000;
export const MICROS_PER_SECOND = 1_000_000;

export interface RunOptions {
  readonly input: number;
  readonly clock: Clock;
  readonly lines: LineReader;
  readonly skimmer: Skimmer;
  /** They have taught the skimmer what it knows. */
  readonly locks: LockScanner;
  readonly events: EventScanner;
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
  readonly records: ScannedRecords;
  readonly #options: RunOptions;
  readonly #skimmer: Skimmer;

  constructor(options: RunOptions) {
    super(options.input, options.lines);
    this.#options = options;
    this.#skimmer = options.skimmer;
    this.names = options.skimmer.names;
    this.records = new ScannedRecords(options);
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
    this.records.fill(prefix, lines.line - skimmer.passed);
    const thread = prefix.form === 'tid' ? skimmer.lastThread : this.#options.thread;
    this.begin(clock.toNs(prefix.baseSeconds, skimmer.lastMicros * NS_PER_MICRO), thread);
    return this;
  }
}

/** Reads the records of the skimmer. */
class ScannedRecords implements RunRecords {
  readonly #options: RunOptions;
  readonly #item: ScannedLock;
  #prefix: RunPrefix | undefined;
  /** Of the line that was asked for last. */
  readonly #shown: Mutable<ShownPrefix> = { minute: undefined, shownSeconds: 0, nanos: 0, thread: undefined };
  readonly #at: Mutable<RecordAt> = { line: 0, prefix: this.#shown, timeNs: 0, thread: undefined };
  #index = 0;
  #lineBefore = 0;
  size = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#item = new ScannedLock(options.input, options.lines, () => this.#placeOfLock());
  }

  /** `lineBefore`: number of the line before the first one of the run. */
  fill(prefix: RunPrefix, lineBefore: number): void {
    this.#prefix = prefix;
    this.#lineBefore = lineBefore;
    this.size = this.#options.skimmer.recordsSize;
  }

  get threaded(): boolean {
    return this.#prefix?.form === 'tid' || this.#options.thread !== undefined;
  }

  idAt(index: number): number {
    return this.#options.skimmer.textOf(index);
  }

  isEventAt(index: number): boolean {
    return this.#options.events.knows(this.#options.skimmer.textOf(index));
  }

  lockAt(index: number): ScannedLock {
    this.#index = index;
    return this.#item.fill(this.#lockAt(index), this.#timeNs(index), this.#threadAt(index) ?? this.#options.thread);
  }

  eventAt(index: number): EventItem {
    const { events, skimmer, thread } = this.#options;
    const at = this.#at;
    at.line = this.#lineBefore + skimmer.lineOf(index);
    at.timeNs = this.#timeNs(index);
    at.thread = this.#threadAt(index) ?? thread;
    this.#show(index);
    return events.recorded(skimmer.textOf(index), skimmer.valuesOf(index), at);
  }

  #timeNs(index: number): number {
    const { skimmer, clock } = this.#options;
    return clock.toNs(this.#prefix?.baseSeconds ?? 0, skimmer.microsOf(index) * NS_PER_MICRO);
  }

  #lockAt(index: number): Lock {
    const lock = this.#options.locks.skimmed(this.idAt(index));
    if (lock === undefined) throw new Error('a line of the lock whose text nobody learnt');
    return lock;
  }

  #threadAt(index: number): number | undefined {
    return this.#prefix?.form === 'tid' ? this.#options.skimmer.threadOf(index) : undefined;
  }

  /** The prefix of this record is the one that is shown. */
  #show(index: number): void {
    const micros = this.#options.skimmer.microsOf(index);
    const seconds = Math.floor(micros / MICROS_PER_SECOND);
    const prefix = this.#prefix;
    const shown = this.#shown;
    shown.minute = prefix?.minute;
    shown.shownSeconds = prefix?.form === 'tid' ? prefix.baseSeconds + seconds : seconds;
    shown.nanos = (micros - seconds * MICROS_PER_SECOND) * NS_PER_MICRO;
    shown.thread = this.#threadAt(index);
  }

  #placeOfLock(): Place {
    const { skimmer, input } = this.#options;
    const index = this.#index;
    const line = this.#lineBefore + skimmer.lineOf(index);
    this.#show(index);
    return new ScannedPlace(input, line, this.#shown, this.#lockAt(index).printer, NO_ARGS, '');
  }
}
