/**
 * Reads the lines that a large log consists of straight from the bytes. What
 * it does not read it leaves untouched to the trace reader, which reads every
 * line; the two must agree on each, and a test compares them.
 */
import type { Clock } from '../clock.ts';
import { bare } from '../formats/bare.ts';
import type { Stamp } from '../formats/format.ts';
import { iso } from '../formats/iso.ts';
import { tid } from '../formats/tid.ts';
import type { LineReader } from '../line-reader.ts';
import type { LineRunItem, Place, TraceItem } from '../trace-item.ts';
import { EventScanner } from './event-scanner.ts';
import { LockScanner } from './lock-scanner.ts';
import { NOT_SCANNED, PrefixScanner } from './prefix-scanner.ts';
import { RunScanner } from './run-scanner.ts';
import { ScannedLock, ScannedOther } from './scanned-line.ts';
import { NO_ARGS, ScannedPlace } from './scanned-place.ts';
import type { Skimmer } from './skim/skimmer.ts';

/** No event of the log back end is shorter, with its prefix. */
const SHORTEST = 8;
const ZERO = 48;
const NINE = 57;

export interface LineScannerOptions {
  readonly input: number;
  readonly clock: Clock;
  /** Of the last line that was read, by whomever. */
  readonly stamp: Stamp;
  /** Thread id that the file's name gives to all its lines. */
  readonly thread: number | undefined;
  /** Lines that nobody asks for one by one may come as runs. */
  readonly skimmer: Skimmer | undefined;
}

export class LineScanner {
  readonly #options: LineScannerOptions;
  readonly #lines: LineReader;
  readonly #view: DataView;
  readonly #prefix = new PrefixScanner();
  readonly #locks: LockScanner;
  readonly #events: EventScanner;
  readonly #lock: ScannedLock;
  readonly #other: ScannedOther;
  readonly #runs: RunScanner | undefined;
  /** Id of the form of the line read last. */
  format = bare.id;

  constructor(lines: LineReader, options: LineScannerOptions) {
    const { input, skimmer } = options;
    this.#options = options;
    this.#lines = lines;
    this.#view = lines.view;
    this.#locks = new LockScanner(lines.view, lines.buffer, skimmer);
    this.#events = new EventScanner(lines, input, skimmer);
    this.#lock = new ScannedLock(input, lines, () => this.#placeOfLock(), skimmer && this.#locks);
    this.#other = new ScannedOther(input, lines);
    if (skimmer !== undefined) this.#runs = this.#runScanner(skimmer);
  }

  /** The current line, read by another, has this form: lines like it can be scanned from now on. */
  learn(format: string): void {
    const { seconds } = this.#options.stamp;
    this.format = format;
    if (format === iso.id && seconds !== undefined) {
      this.#prefix.learn(this.#view, this.#lines.buffer, this.#lines.start, seconds);
      this.#options.skimmer?.learnMinute(this.#lines.start);
    }
  }

  /** Lines from the next one on that nobody asks for one by one; undefined where it is none. `lastNs`: time of the line before. */
  run(lastNs: number | undefined): LineRunItem | undefined {
    if (this.format === iso.id) return this.#runs?.next('iso', lastNs);
    return this.format === tid.id ? this.#runs?.next('tid', lastNs) : undefined;
  }

  /**
   * The item of the next line, undefined where it is to be read another way.
   * `prefixed`: a line without prefix is none.
   */
  next(prefixed: boolean): TraceItem | undefined {
    const { ahead, filled } = this.#lines;
    if (ahead + SHORTEST > filled) return undefined;
    const from = this.#pastPrefix(ahead, prefixed);
    if (from === NOT_SCANNED) return undefined;
    if (!this.#locks.mayBeAt(from)) {
      const end = this.#events.scan(from, filled);
      return end === NOT_SCANNED ? undefined : this.#event(from, end);
    }
    const end = this.#locks.scan(from, filled);
    const { found } = this.#locks;
    if (end === NOT_SCANNED || found === undefined) return undefined;
    this.#take(end);
    return this.#lock.fill(found, this.#timeNs(), this.#thread());
  }

  #event(from: number, end: number): TraceItem | undefined {
    const name = this.#events.otherName;
    const stamped = this.#prefix.seconds !== undefined;
    // Other back ends have lines without a prefix, too.
    if (!stamped && (name !== undefined || this.#hasDigitBehindName(from, end))) return undefined;
    this.#take(end);
    if (name === undefined) return this.#events.item(this.#lines.line, this.#prefix, this.#timeNs(), this.#thread());
    this.#runs?.learnName(name, from);
    this.#other.name = name;
    return this.#other.at(this.#timeNs(), this.#thread());
  }

  #pastPrefix(at: number, prefixed: boolean): number {
    const prefix = this.#prefix;
    this.format = iso.id;
    const behindIso = prefix.iso(this.#view, at);
    if (behindIso !== NOT_SCANNED) return behindIso;
    this.format = tid.id;
    const behindTid = prefix.tid(this.#view, at);
    if (behindTid !== NOT_SCANNED || prefixed) return behindTid;
    this.format = bare.id;
    prefix.none();
    return at;
  }

  #hasDigitBehindName(from: number, end: number): boolean {
    let at = from;
    while (at < end && this.#view.getUint8(at) !== 32) at += 1;
    const behind = this.#view.getUint8(at + 1);
    return behind >= ZERO && behind <= NINE;
  }

  #take(end: number): void {
    const { stamp } = this.#options;
    const { seconds, nanos, thread } = this.#prefix;
    stamp.seconds = seconds;
    stamp.nanos = nanos;
    stamp.thread = thread;
    this.#lines.pass(end);
  }

  #timeNs(): number | undefined {
    const { seconds, nanos } = this.#prefix;
    return seconds === undefined ? undefined : this.#options.clock.toNs(seconds, nanos);
  }

  #thread(): number | undefined {
    return this.#prefix.thread ?? this.#options.thread;
  }

  #placeOfLock(): Place {
    const { found } = this.#locks;
    if (found === undefined) throw new Error('no mutex event was scanned');
    return new ScannedPlace(this.#options.input, this.#lines.line, this.#prefix, found.printer, NO_ARGS, '');
  }

  #runScanner(skimmer: Skimmer): RunScanner {
    const { input, clock, stamp, thread } = this.#options;
    const known = { locks: this.#locks, events: this.#events };
    return new RunScanner({ input, clock, stamp, thread, skimmer, lines: this.#lines, ...known }, this.#prefix);
  }
}
