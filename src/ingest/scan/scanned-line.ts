/**
 * Items of lines that come by the million and are nearly all forgotten at
 * once. There is one of each kind, which every line fills anew: who keeps it
 * beyond the call that hands it on must copy it. Its text is made when asked for.
 */
import type { LineReader } from '../line-reader.ts';
import type { LockFilter, LockItem, LockOperation, LockText, OtherEventItem, Place } from '../trace-item.ts';

export abstract class ScannedLine {
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
  readonly filter: LockFilter | undefined;
  readonly #placeOf: () => Place;

  constructor(input: number, lines: LineReader, placeOf: () => Place, filter?: LockFilter) {
    super(input, lines);
    this.#placeOf = placeOf;
    this.filter = filter;
  }

  protected override placeAt(): Place {
    return this.#placeOf();
  }

  fill({ operation, name, mutex, file, site }: LockText, timeNs: number | undefined, thread: number | undefined): this {
    this.operation = operation;
    this.name = name;
    this.mutex = mutex;
    this.file = file;
    this.site = site;
    this.begin(timeNs, thread);
    return this;
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
