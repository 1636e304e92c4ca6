/**
 * Items of lines that come by the million and are nearly all forgotten at
 * once. There is one of each kind, which every line fills anew: who keeps it
 * beyond the call that hands it on must copy it. Its text is made when asked for.
 */
import type { LineReader } from '../line-reader.ts';
import type { LockFilter, LockItem, LockOperation, LockRunItem, OtherEventItem, Place } from '../trace-item.ts';
import type { PrefixScanner } from './prefix-scanner.ts';
import { NO_ARGS, type Printer, ScannedPlace } from './scanned-place.ts';

const OPERATIONS: readonly LockOperation[] = ['waiting', 'taken', 'released'];

abstract class ScannedLine {
  readonly #input: number;
  readonly #lines: LineReader;
  #place: Place | undefined;
  timeNs: number | undefined;
  thread: number | undefined;
  readonly process = undefined;

  constructor(input: number, lines: LineReader) {
    this.#input = input;
    this.#lines = lines;
  }

  /** Only while the line is the current one. */
  get place(): Place {
    this.#place ??= this.placeAt(this.#input, this.#lines);
    return this.#place;
  }

  /** The line has one byte for each character. */
  protected placeAt(input: number, { buffer, start, end, line }: LineReader): Place {
    return { input, line, text: buffer.toString('latin1', start, end) };
  }

  protected begin(timeNs: number | undefined, thread: number | undefined): void {
    this.#place = undefined;
    this.timeNs = timeNs;
    this.thread = thread;
  }
}

export class ScannedLock extends ScannedLine implements LockItem {
  readonly kind = 'lock';
  operation: LockOperation = 'waiting';
  name = '';
  mutex = '';
  file = '';
  site = '';
  filter: LockFilter | undefined;
  printer: Printer | undefined;
  readonly #prefix: PrefixScanner;

  constructor(input: number, lines: LineReader, prefix: PrefixScanner) {
    super(input, lines);
    this.#prefix = prefix;
  }

  protected override placeAt(input: number, lines: LineReader): Place {
    if (this.printer === undefined) return super.placeAt(input, lines);
    return new ScannedPlace(input, lines.line, this.#prefix, this.printer, NO_ARGS, '');
  }

  at(timeNs: number | undefined, thread: number | undefined): this {
    this.begin(timeNs, thread);
    return this;
  }
}

export class ScannedRun extends ScannedLine implements LockRunItem {
  readonly kind = 'lock-run';
  readonly operations: LockOperation[] = [];
  /** Id of the form of its lines. */
  format = '';
  size = 0;
  readonly #counts: Record<LockOperation, number> = { waiting: 0, taken: 0, released: 0 };

  clear(): void {
    if (this.size === 0) return;
    this.size = 0;
    this.operations.length = 0;
    for (const operation of OPERATIONS) this.#counts[operation] = 0;
  }

  add(operation: LockOperation, timeNs: number | undefined, thread: number | undefined): void {
    this.begin(timeNs, thread);
    this.size += 1;
    const count = this.#counts[operation];
    if (count === 0) this.operations.push(operation);
    this.#counts[operation] = count + 1;
  }

  count(operation: LockOperation): number {
    return this.#counts[operation];
  }
}

export class ScannedOther extends ScannedLine implements OtherEventItem {
  readonly kind = 'other-event';
  name = '';

  at(timeNs: number | undefined, thread: number | undefined): this {
    this.begin(timeNs, thread);
    return this;
  }
}
