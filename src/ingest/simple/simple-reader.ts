/**
 * Reads a binary log of the `simple` back end record by record into trace
 * items. What the log back end would have printed for a record is its text,
 * and its number among the records of events is its line: the same line that
 * QEMU's scripts/simpletrace.py prints for it.
 */
import { UserError } from '../../base/errors.ts';
import type { Uint64 } from '../../base/uint64.ts';
import { CATALOG, type CatalogEntry } from '../../catalog/catalog.ts';
import type { ByteSource } from '../byte-source.ts';
import type { Clock } from '../clock.ts';
import { eventItem, isOnlyCounted, lockItem, lockOperationOf } from '../event-item.ts';
import type { InputFacts, ItemReader } from '../item-reader.ts';
import { isHole, type ProblemCode, ProblemCounter } from '../problems.ts';
import type { ItemBase, LockOperation, Place, TraceItem } from '../trace-item.ts';
import { ByteWindow } from './byte-window.ts';
import { fitDeclaration, type RecordDeclaration } from './declaration.ts';
import { DroppedEvents, LOOK_AHEAD } from './dropped-events.ts';
import { catalogTable, type EventTable } from './event-table.ts';
import { type ByteOrder, droppedMark, EVENT_BYTES, HEADER_BYTES, headerOrder, VERSION } from './layout.ts';
import { RecordScanner, STEP_BYTES } from './record-scanner.ts';

/** Threads take the time before their place in the buffer: up to here it may run backwards between them. */
const JITTER_NS = 10_000_000;
/** For a step, and to see the record of dropped events that makes it doubtful. */
const ENOUGH_BYTES = STEP_BYTES + LOOK_AHEAD;
const NS_PER_SECOND = 1_000_000_000n;
/** Far more than a migration takes; times up to there are exact in a `number`. */
const MONTHS_NS = 2 ** 53;
/** What QEMU counts the dropped events with. */
const MAX_DROPPED = 2 ** 31;

export interface SimpleReaderOptions {
  /** A file or `-`. */
  readonly path: string;
  /** Index of the input. */
  readonly input: number;
  readonly clock: Clock;
  /** undefined where none was given or found. */
  readonly table: EventTable | undefined;
}

/** An event as the log names it. */
interface NamedEvent {
  readonly name: string;
  readonly entry: CatalogEntry | undefined;
  readonly operation: LockOperation | undefined;
  readonly declarations: readonly RecordDeclaration[];
}

/** Recognises the header. @throws UserError when it is one of another version. */
export function isSimpleLog(head: Buffer, path: string): boolean {
  const order = headerOrder(head, 0);
  if (order === undefined) return false;
  if (head.length < HEADER_BYTES) {
    throw new UserError(`${path} is a binary trace log that ends within its header; record it again`);
  }
  const version = order.u64(head, HEADER_BYTES - 8);
  if (version === VERSION) return true;
  const advice =
    version < VERSION ? 'record it with QEMU 2.8 or newer' : 'record with the log back end, -trace events=FILE -D LOG';
  throw new UserError(
    `${path} is a binary trace log of version ${version}, and only version ${VERSION} can be read; ${advice}`,
  );
}

export class SimpleReader implements ItemReader {
  readonly input: number;
  readonly looksBinary = false;
  readonly #source: ByteSource;
  readonly #window: ByteWindow;
  readonly #order: ByteOrder;
  readonly #scanner: RecordScanner;
  readonly #clock: Clock;
  readonly #table: EventTable | undefined;
  readonly #catalogTable = catalogTable();
  readonly #named = new Map<string, NamedEvent>();
  readonly #problems = new ProblemCounter();
  readonly #drops: DroppedEvents;
  readonly #queue: TraceItem[] = [];
  #records = 0;
  #events = 0;
  #first: { readonly time: Uint64; readonly ns: number } | undefined;
  #lastNs: number | undefined;
  #atEnd = false;

  /** The source begins with `head`, a header that `isSimpleLog` recognised. */
  constructor(source: ByteSource, head: Buffer, { input, clock, table }: SimpleReaderOptions) {
    const order = headerOrder(head, 0);
    if (order === undefined) throw new Error('not a binary log');
    this.input = input;
    this.#source = source;
    this.#window = new ByteWindow(source);
    this.#order = order;
    this.#scanner = new RecordScanner(this.#window, order);
    this.#drops = new DroppedEvents(droppedMark(order));
    this.#clock = clock;
    clock.leavesEpoch();
    this.#table = table;
  }

  get size(): number | undefined {
    return this.#source.size;
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  next(): TraceItem | undefined | Promise<TraceItem | undefined> {
    for (;;) {
      const item = this.#queue.shift();
      if (item !== undefined || this.#atEnd) return item;
      if (this.#window.left < ENOUGH_BYTES && !this.#window.atEnd) {
        const waiting = this.#window.fill(ENOUGH_BYTES);
        if (waiting !== undefined) return waiting.then(() => this.#afterWait());
        this.#drops.search(this.#window);
      }
      this.#step();
    }
  }

  facts(): InputFacts {
    const { packing } = this.#source;
    const format = `simple-v${VERSION}`;
    return {
      bytes: this.#source.bytesRead,
      lines: this.#records,
      events: this.#events,
      messages: 0,
      format: packing === 'plain' ? format : `${format}+${packing}`,
      problems: this.#problems.list(),
      digest: this.#source.finishDigest(),
    };
  }

  note(code: ProblemCode, line: number): void {
    this.#problems.add(code, line);
  }

  close(): void {
    this.#source.close();
  }

  #afterWait(): TraceItem | undefined | Promise<TraceItem | undefined> {
    this.#drops.search(this.#window);
    this.#step();
    return this.next();
  }

  #step(): void {
    switch (this.#scanner.step()) {
      case 'event':
        this.#readRecord();
        return;
      case 'torn':
        this.#damage('torn-record', '');
        return;
      case 'nothing':
        return;
      case 'end':
        this.#atEnd = true;
        if (this.#source.damaged) this.#damage('truncated-compression', '');
        return;
    }
  }

  #readRecord(): void {
    const { from, to, name, isDropped } = this.#scanner;
    const event = name === undefined ? undefined : this.#eventNamed(name);
    const fit =
      event && fitDeclaration(event.declarations, { bytes: this.#window.bytes, from, to, order: this.#order });
    this.#records += 1;
    this.#drops.passed(this.#scanner.place, to - from + EVENT_BYTES);
    const timeNs = this.#timeNs(this.#scanner.time);
    if (isDropped) this.#dropped(this.#order.u64(this.#window.bytes, from), timeNs);
    else if (event === undefined || timeNs === undefined) this.#damage('torn-record', name ?? '');
    else if (fit === undefined) this.#unfit(event, timeNs);
    else this.#readEvent(event, fit.declaration.printer?.(fit.values), timeNs);
  }

  #eventNamed(name: string): NamedEvent {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const entry = CATALOG.get(name);
    const operation = entry === undefined ? undefined : lockOperationOf(entry);
    const declarations = this.#table?.get(name) ?? this.#catalogTable.get(name) ?? [];
    const event = { name, entry, operation, declarations };
    this.#named.set(name, event);
    return event;
  }

  /** `args` is undefined when the declaration's format could not be read. */
  #readEvent(event: NamedEvent, args: string | undefined, timeNs: number): void {
    const { name, entry, operation } = event;
    const text = args === undefined ? name : `${name} ${args}`;
    if (text.includes('\ufffd')) this.#problems.add('invalid-utf8', this.#records);
    const base = this.#base(text, timeNs);
    if (entry === undefined) {
      this.#push({ kind: 'other-event', name, ...base });
      return;
    }
    const item =
      args === undefined
        ? undefined
        : operation === undefined
          ? eventItem(entry, args, base)
          : lockItem(operation, name, args, base);
    if (item !== undefined) this.#push(item);
    else if (isOnlyCounted(entry)) this.#onlyCounted(base, name);
    else this.#damage('unknown-arguments', text);
  }

  #unfit({ name, entry }: NamedEvent, timeNs: number): void {
    const base = this.#base(name, timeNs);
    if (entry === undefined) this.#push({ kind: 'other-event', name, ...base });
    else if (isOnlyCounted(entry)) this.#onlyCounted(base, name);
    else this.#damage('undeclared-record', name);
  }

  #onlyCounted(base: ItemBase, name: string): void {
    this.#problems.add('unread-arguments', this.#records);
    this.#push({ kind: 'other-event', name, ...base });
  }

  #dropped(count: Uint64, timeNs: number | undefined): void {
    this.#problems.add('dropped-events', this.#records, Math.max(1, Math.min(Number(count), MAX_DROPPED)));
    const place = this.#place(`dropped events: ${count}`);
    this.#queue.push({ kind: 'damage', code: 'dropped-events', place, timeNs, thread: undefined });
    if (timeNs !== undefined) this.#drops.untilNs(timeNs);
  }

  #push(item: TraceItem): void {
    this.#events += 1;
    this.#checkTime(item);
    const { place, timeNs } = item;
    if (timeNs !== undefined && this.#drops.mayPrecede(this.#scanner.place, timeNs)) {
      this.#queue.push({ kind: 'damage', code: 'dropped-events', place, timeNs, thread: undefined });
    }
    this.#queue.push(item);
  }

  #checkTime({ timeNs, place }: TraceItem): void {
    const back = timeNs === undefined || this.#lastNs === undefined ? 0 : this.#lastNs - timeNs;
    this.#lastNs = timeNs ?? this.#lastNs;
    if (back <= 0) return;
    if (back < JITTER_NS) this.#problems.add('time-jitter', place.line);
    else this.#damage('time-backwards', place.text);
  }

  #damage(code: ProblemCode, text: string): void {
    const place = this.#place(text);
    this.#problems.add(code, place.line);
    if (isHole(code)) this.#queue.push({ kind: 'damage', code, place, timeNs: this.#lastNs, thread: undefined });
  }

  /** On the log's clock; undefined when it lies months away from the first one. */
  #timeNs(time: Uint64): number | undefined {
    if (this.#first === undefined) {
      const seconds = Number(BigInt(time) / NS_PER_SECOND);
      this.#first = { time, ns: this.#clock.toNs(seconds, Number(BigInt(time) % NS_PER_SECOND)) };
    }
    const { time: first, ns } = this.#first;
    const since =
      typeof time === 'number' && typeof first === 'number' ? time - first : Number(BigInt(time) - BigInt(first));
    return Math.abs(since) < MONTHS_NS ? ns + since : undefined;
  }

  #place(text: string): Place {
    return { input: this.input, line: Math.max(1, this.#records), text };
  }

  #base(text: string, timeNs: number): ItemBase {
    // The process id that a record has is no thread id.
    return { place: this.#place(text), timeNs, thread: undefined };
  }
}
