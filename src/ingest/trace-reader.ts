/** Reads one input line by line into trace items, and counts everything that is wrong with it. */

import { isUtf8 } from 'node:buffer';
import { CATALOG, type CatalogEntry } from '../catalog/catalog.ts';
import type { Side } from '../catalog/vocabulary.ts';
import type { ByteSource } from './byte-source.ts';
import type { Clock } from './clock.ts';
import { eventItem, fieldItem, isOnlyCounted, lockItem, lockOperationOf } from './event-item.ts';
import { FormatCounts } from './format-counts.ts';
import { NOT_MINE, NOT_QEMUS, type PrefixFormat, Stamp } from './formats/format.ts';
import { OTHER_FORMATS, PREFIX_FORMATS } from './formats/registry.ts';
import type { InputFacts, ItemReader } from './item-reader.ts';
import { countNuls, eventNameOf, hasStampInside, isFragment, isMessage, isSnip, sectionOf } from './line-kinds.ts';
import { LineReader } from './line-reader.ts';
import type { LineSource } from './line-source.ts';
import { Losses } from './losses.ts';
import { isHole, type ProblemCode, ProblemCounter } from './problems.ts';
import { LineScanner } from './scan/line-scanner.ts';
import { Skimmer } from './scan/skim/skimmer.ts';
import { TimeOrder } from './time-order.ts';
import type { ItemBase, LineRunItem, Place, TraceItem } from './trace-item.ts';

const SPACE = 32;
const CARRIAGE_RETURN = 13;
const BRACE = 123;
/** Longest name of a trace event that is looked for. */
const LONGEST_NAME = 80;

export interface TraceReaderOptions {
  /** Index of the input. */
  readonly input: number;
  readonly clock: Clock;
  /** Thread id that the file's name gives to all its lines. */
  readonly thread: number | undefined;
  /** False: every line is read the long way, which tests compare the short one with. */
  readonly scan?: boolean;
  /** Lines that are only counted may come as runs. */
  readonly runs?: boolean;
}

export class TraceReader implements ItemReader {
  readonly input: number;
  readonly #source: ByteSource;
  readonly #lines: LineSource;
  /** Reads most lines of a log; undefined where the lines are not those of the file. */
  readonly #scanner: LineScanner | undefined;
  readonly #clock: Clock;
  /** Thread id that the file's name gives to all its lines. */
  readonly #fileThread: number | undefined;
  readonly #stamp = new Stamp();
  /** The current line. */
  #text = '';
  readonly #problems = new ProblemCounter();
  readonly #queue: TraceItem[] = [];
  readonly #formatCounts = new FormatCounts();
  readonly #order = new TimeOrder();
  readonly #losses = new Losses();
  #section: Side | undefined;
  #events = 0;
  #messages = 0;
  #prefixed = false;
  #binaryLines = 0;

  /** `lines`, where they are not the source's own. */
  constructor(
    source: ByteSource,
    { input, clock, thread, scan = true, runs = false }: TraceReaderOptions,
    lines?: LineSource,
  ) {
    this.input = input;
    this.#source = source;
    const skimmer = runs && lines === undefined ? Skimmer.create() : undefined;
    this.#lines = lines ?? new LineReader(source, skimmer?.memory);
    if (scan && this.#lines instanceof LineReader) {
      this.#scanner = new LineScanner(this.#lines, { input, clock, thread, stamp: this.#stamp, skimmer });
    }
    this.#clock = clock;
    this.#fileThread = thread;
  }

  get size(): number | undefined {
    return this.#source.size;
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  /** The next item in the order of the file, undefined at the end. Waits only for packed inputs. */
  next(): TraceItem | undefined | Promise<TraceItem | undefined> {
    for (;;) {
      const queued = this.#queue.length > 0 ? this.#queue.shift() : this.#scanned();
      if (queued !== undefined) return queued;
      const advanced = this.#lines.advance();
      if (typeof advanced !== 'boolean') return advanced.then((more) => this.#afterWait(more));
      if (!advanced) return this.#atEnd();
      this.#readLine();
    }
  }

  facts(): InputFacts {
    return {
      bytes: this.#source.bytesRead,
      lines: this.#lines.line,
      events: this.#events,
      messages: this.#messages,
      format: this.#format(),
      problems: this.#problems.list(),
      digest: this.#source.finishDigest(),
    };
  }

  /** Most lines hold bytes that no text has. */
  get looksBinary(): boolean {
    return this.#binaryLines * 2 > this.#lines.line;
  }

  /** Counts a problem that only the replay can see, such as a log that starts in the middle. */
  note(code: ProblemCode, line: number): void {
    this.#problems.add(code, line);
  }

  close(): void {
    this.#source.close();
  }

  #afterWait(more: boolean): TraceItem | undefined | Promise<TraceItem | undefined> {
    if (!more) return this.#atEnd();
    this.#readLine();
    return this.next();
  }

  #atEnd(): TraceItem | undefined {
    if (!this.#source.damaged) return undefined;
    this.#source.damaged = false;
    this.#damage('truncated-compression', { input: this.input, line: this.#lines.line, text: '' });
    return this.#queue.shift();
  }

  /** The next item, if its line can be read from the bytes. */
  #scanned(): TraceItem | undefined {
    const scanner = this.#scanner;
    if (scanner === undefined) return undefined;
    const run = scanner.run(this.#order.lastNs);
    if (run !== undefined) return this.#counted(run, scanner.format);
    const item = scanner.next(this.#prefixed);
    if (item === undefined) return undefined;
    if (item.timeNs !== undefined) this.#prefixed = true;
    this.#count(scanner.format, item);
    if (this.#queue.length === 0) return item;
    this.#queue.push(item);
    return this.#queue.shift();
  }

  #counted(run: LineRunItem, format: string): LineRunItem {
    this.#events += run.lines;
    this.#formatCounts.add(format, run.lines);
    this.#order.passed(run.timeNs, run.thread);
    return run;
  }

  #readLine(): void {
    const lines = this.#lines;
    if (lines.end > lines.start && lines.buffer[lines.end - 1] === CARRIAGE_RETURN) lines.end -= 1;
    this.#text = lines.buffer.toString('utf8', lines.start, lines.end);
    if (lines.nuls > 0) this.#nulBytes(lines.nuls);
    if (!lines.terminated) this.#problems.add('unterminated-last-line', lines.line);
    if (lines.gap === true) this.#damage('excerpt', this.#place());
    if (lines.start === lines.end) return;
    // A NUL byte inside is what another process, or a truncation, left of the line.
    const inside = countNuls(this.#text);
    if (inside > 0) {
      this.#nulBytes(inside);
      this.#binaryLines += 1;
      this.#damage('torn-line', this.#place());
      return;
    }
    if (lines.overlong) {
      this.#damage('overlong-line', this.#place());
      return;
    }
    for (const format of PREFIX_FORMATS) {
      const rest = format.read(lines.buffer, lines.start, lines.end, this.#stamp);
      if (rest < 0) continue;
      this.#scanner?.learn(format.id);
      this.#readRest(format.id, rest);
      return;
    }
  }

  #nulBytes(count: number): void {
    const { line } = this.#lines;
    this.#problems.add('nul-bytes', line, count);
    const item = { place: { input: this.input, line, text: '' }, timeNs: this.#order.lastNs, thread: this.#fileThread };
    this.#queue.push({ kind: 'damage', code: 'nul-bytes', ...item });
  }

  #readRest(format: string, rest: number): void {
    const lines = this.#lines;
    const stamped = this.#stamp.seconds !== undefined;
    // A mail may show a log with time stamps, and then one without.
    if (stamped && lines.raw === undefined) this.#prefixed = true;
    let nameEnd = rest;
    const limit = Math.min(lines.end, rest + LONGEST_NAME);
    while (nameEnd < limit && lines.buffer[nameEnd] !== SPACE) nameEnd += 1;
    // Only simpletrace.py prints a time behind the name.
    if (!stamped && rest === lines.start && isDigit(lines.buffer[nameEnd + 1]) && this.#readOtherForm()) return;
    const name = this.#textBetween(rest, nameEnd);
    const entry = CATALOG.get(name);
    if (entry !== undefined && (stamped || !this.#prefixed)) {
      this.#readEvent(format, entry, name, Math.min(nameEnd + 1, lines.end));
      return;
    }
    this.#readOther(format, rest, stamped);
  }

  /** A line of another back end's, or of its recorder's; false when it is none. */
  #readOtherForm(): boolean {
    const { buffer, start, end } = this.#lines;
    const head = buffer.toString('latin1', start, Math.min(end, start + LONGEST_NAME));
    const lost = this.#losses.saidBy(head);
    if (lost !== undefined) {
      this.#messages += 1;
      this.#damage('lost-events', this.#place(), lost);
      return true;
    }
    const stamp = this.#stamp;
    for (const format of OTHER_FORMATS) {
      const rest = format.read(buffer, start, end, stamp);
      if (rest === NOT_MINE) continue;
      if (this.#losses.ringBegins(stamp.cpu)) this.#damage('lost-events', this.#place(), 0);
      if (rest === NOT_QEMUS) this.#messages += 1;
      else this.#readForm(format, rest);
      stamp.process = undefined;
      return true;
    }
    return false;
  }

  #readForm(format: PrefixFormat, rest: number): void {
    if (!this.#stamp.sinceEpoch) this.#clock.leavesEpoch();
    if (format.event === undefined) {
      this.#readRest(format.id, rest);
      return;
    }
    this.#prefixed = true;
    const place = this.#place();
    const shown = format.event(this.#textBetween(rest), this.#stamp);
    const entry = shown === undefined ? undefined : CATALOG.get(shown.name);
    if (shown === undefined) this.#damage('torn-line', place);
    else if (entry === undefined)
      this.#push(format.id, { kind: 'other-event', name: shown.name, ...this.#base(place) });
    else {
      const item = fieldItem(entry, shown.fields, this.#base(place));
      if (item === undefined) this.#unknownArguments(format.id, entry, place);
      else this.#push(format.id, item);
    }
  }

  #readEvent(format: string, entry: CatalogEntry, name: string, argsAt: number): void {
    const place = this.#place();
    const args = this.#textBetween(argsAt);
    const base = this.#base(place);
    const operation = lockOperationOf(entry);
    if (operation !== undefined) {
      const lock = lockItem(operation, name, args, base);
      if (lock === undefined) this.#damage('torn-line', place);
      else this.#push(format, lock);
      return;
    }
    const item = hasStampInside(args) ? undefined : eventItem(entry, args, base);
    if (item === undefined) this.#undecoded(format, entry, args, place);
    else this.#push(format, item);
  }

  #undecoded(format: string, entry: CatalogEntry, args: string, place: Place): void {
    if (hasStampInside(args) || entry.isCutShort(args)) {
      this.#damage('torn-line', place);
      return;
    }
    this.#unknownArguments(format, entry, place);
  }

  #unknownArguments(format: string, entry: CatalogEntry, place: Place): void {
    if (!isOnlyCounted(entry)) {
      this.#damage('unknown-arguments', place);
      return;
    }
    this.#problems.add('unread-arguments', place.line);
    this.#push(format, { kind: 'other-event', name: entry.name, ...this.#base(place) });
  }

  #readOther(format: string, rest: number, stamped: boolean): void {
    const lines = this.#lines;
    if (rest === lines.start && this.#readOtherForm()) return;
    const place = this.#place();
    const text = this.#textBetween(rest);
    const section = stamped ? undefined : sectionOf(text);
    if (section !== undefined) {
      this.#section = section;
      this.#messages += 1;
      return;
    }
    if (lines.buffer[rest] === BRACE) {
      this.#messages += 1;
      this.#queue.push({ kind: 'sample', json: text, ...this.#base(place) });
      return;
    }
    const name = stamped || !this.#prefixed ? eventNameOf(text) : undefined;
    if (name !== undefined && hasStampInside(text)) {
      this.#damage('torn-line', place);
      return;
    }
    if (name !== undefined) {
      this.#push(format, { kind: 'other-event', name, ...this.#base(place) });
      return;
    }
    if (stamped || isMessage(text)) this.#message(text, place);
    else this.#notUnderstood(text, place);
  }

  #message(message: string, place: Place): void {
    this.#messages += 1;
    this.#queue.push({ kind: 'message', message, side: this.#section, ...this.#base(place) });
  }

  #notUnderstood(text: string, place: Place): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what tells junk from text
    if (/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text)) this.#binaryLines += 1;
    if (isSnip(text)) this.#damage('excerpt', place);
    else this.#damage(this.#events > 0 && isFragment(text) ? 'torn-line' : 'unknown-line', place);
  }

  #push(format: string, item: TraceItem): void {
    this.#count(format, item);
    this.#queue.push(item);
  }

  /** What is wrong with its time goes into the queue, ahead of it. */
  #count(format: string, item: TraceItem): void {
    this.#events += 1;
    this.#formatCounts.add(format);
    this.#checkTime(item);
  }

  #checkTime(item: TraceItem): void {
    const { timeNs, thread } = item;
    if (timeNs === undefined) return;
    const order = this.#order.next(timeNs, thread);
    if (order === 'forwards') return;
    // One thread's own log has no such race.
    if (order === 'jitter' && this.#fileThread === undefined) this.#problems.add('time-jitter', item.place.line);
    else this.#damage('time-backwards', item.place);
  }

  #damage(code: ProblemCode, place: Place, count = 1): void {
    this.#problems.add(code, place.line, count);
    if (!isHole(code)) return;
    const base = this.#base(place);
    // What is lost may be any process's.
    this.#queue.push({ kind: 'damage', code, ...base, ...(code === 'lost-events' && { process: undefined }) });
  }

  #place(): Place {
    const { buffer, start, end, line, raw } = this.#lines;
    const text = this.#text;
    if (text.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) this.#problems.add('invalid-utf8', line);
    return { input: this.input, line, text: raw ?? text };
  }

  /** A part of the line, by offsets into the buffer. Cut out of its text where that has one character for each byte. */
  #textBetween(from: number, to = this.#lines.end): string {
    const { buffer, start, end } = this.#lines;
    if (this.#text.length === end - start) return this.#text.slice(from - start, to - start);
    return buffer.toString('utf8', from, to);
  }

  #base(place: Place): ItemBase {
    const { seconds, nanos, thread, process } = this.#stamp;
    return {
      place,
      timeNs: seconds === undefined ? undefined : this.#clock.toNs(seconds, nanos),
      thread: thread ?? this.#fileThread,
      process,
    };
  }

  #format(): string {
    const best = this.#formatCounts.most ?? (this.#messages > 0 ? 'stderr' : 'unknown');
    return this.#source.packing === 'plain' ? best : `${best}+${this.#source.packing}`;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
