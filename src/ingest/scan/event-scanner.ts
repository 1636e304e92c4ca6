/** Reads an event from the bytes: its name, whole, and its arguments. */
import { CATALOG, type CatalogEntry, isKnownEvent, type KnownEvent } from '../../catalog/catalog.ts';
import type { ArgValues } from '../../catalog/declaration.ts';
import { lockOperationOf } from '../event-item.ts';
import { eventNameOf } from '../line-kinds.ts';
import type { LineReader } from '../line-reader.ts';
import type { EventFilter, EventItem } from '../trace-item.ts';
import { type ByteEntry, ByteTable } from './byte-table.ts';
import { EventLessons } from './event-lessons.ts';
import { FormatScanner, type ScannedText, type Tail } from './format-scanner.ts';
import { NOT_SCANNED } from './prefix-scanner.ts';
import { ScannedEvent } from './scanned-event.ts';
import { ScannedPlace, type ShownPrefix } from './scanned-place.ts';
import type { Skimmer } from './skim/skimmer.ts';

const LINE_END = 10;
const SPACE = 32;
const COLON = 58;
const AT_SIGN = 64;
const LETTER_E = 101;
const LETTER_Z = 90;
const TILDE = 126;
const LONGEST_NAME = 80;
const LONGEST_LINE = 4096;
/** An input may hold any number of names and texts. */
const MAX_TEXTS = 8192;

/** A name that stands in the log. */
interface Named {
  readonly name: string;
  readonly entry: CatalogEntry | undefined;
  /** None for a name that is not in the catalogue. */
  readonly format: FormatScanner | undefined;
  /** The last one, which many lines have in common. */
  event: KnownEvent | undefined;
}

/** What the skimmer knows under a number. */
interface Skimmed extends ScannedText {
  readonly named: Named;
  readonly entry: CatalogEntry;
}

/** Where and when the line of a record stands. */
export interface RecordAt {
  readonly line: number;
  readonly prefix: ShownPrefix;
  readonly timeNs: number;
  readonly thread: number | undefined;
}

export class EventScanner implements EventFilter {
  readonly #input: number;
  readonly #lines: LineReader;
  readonly #lessons: EventLessons<Skimmed> | undefined;
  readonly #filter: EventFilter | undefined;
  readonly #view: DataView;
  readonly #names = new ByteTable<Named>(MAX_TEXTS);
  readonly #tables = {
    texts: new ByteTable<string>(MAX_TEXTS),
    tails: new ByteTable<Tail>(MAX_TEXTS),
  };
  #last: ByteEntry<Named> | undefined;
  #found: Named | undefined;
  readonly #record = new ScannedEvent();
  /** Where its name stands. */
  #at = 0;

  constructor(lines: LineReader, input: number, skimmer: Skimmer | undefined) {
    this.#input = input;
    this.#lines = lines;
    this.#view = lines.view;
    this.#lessons = skimmer && new EventLessons(skimmer);
    this.#filter = skimmer && this;
  }

  /** The name that `scan` found, when it is in no catalogue. */
  get otherName(): string | undefined {
    return this.#found?.entry === undefined ? this.#found?.name : undefined;
  }

  /** Where the line of the event ends, before `filled`. */
  scan(at: number, filled: number): number {
    const name = this.#nameAt(at);
    if (name === undefined) return NOT_SCANNED;
    this.#found = name.value;
    this.#at = at;
    const from = at + name.length + 1;
    return name.value.format?.scan(from, filled) ?? endOfOther(this.#view, from, filled);
  }

  /** The item of what was found last, in the line of this number. */
  item(
    line: number,
    prefix: ShownPrefix,
    timeNs: number | undefined,
    thread: number | undefined,
  ): EventItem | undefined {
    const found = this.#found;
    const format = found?.format?.format;
    if (found?.entry === undefined || found.format === undefined || format === undefined) return undefined;
    const { args, tail } = found.format;
    const event = eventOf(found, found.entry, args);
    const { group } = found.entry;
    const place = new ScannedPlace(this.#input, line, prefix, format, args, tail?.text ?? '');
    const filter = this.#filter;
    return { kind: 'event', group, event, extra: tail?.pairs, filter, place, timeNs, thread, process: undefined };
  }

  /** A record of the skimmer with this text is that of an event. */
  knows(text: number): boolean {
    return this.#lessons?.known(text) !== undefined;
  }

  /** The event of such a record, whose values begin at `valuesAt`; the next call fills it anew. */
  recorded(text: number, valuesAt: number, { line, prefix, timeNs, thread }: RecordAt): EventItem {
    const known = this.#lessons?.known(text);
    if (this.#lessons === undefined || known === undefined) throw new Error('a line of an event that nobody learnt');
    const { named, entry, format, tail } = known;
    const args = format.isNumeric ? format.argsOf(this.#lessons.values, valuesAt) : known.args;
    const event = eventOf(named, entry, args);
    const place = new ScannedPlace(this.#input, line, prefix, format, args, tail?.text ?? '');
    return this.#record.fill(entry.group, event, tail?.pairs, place, timeNs, thread);
  }

  follow(): void {
    const named = this.#found;
    const entry = named?.entry;
    const format = named?.format?.format;
    if (this.#lessons === undefined || entry === undefined || named?.format === undefined || format === undefined)
      return;
    this.#lessons.pass = true;
    const { args, tail, isDistinct } = named.format;
    const seen = { name: named.name, at: this.#at, end: this.#lines.end + 1 };
    const known = { named, entry, format, args, tail };
    if (isDistinct && format.isNumeric) this.#lessons.learnFormat(seen, known);
    else if (entry.group === 'round') this.#lessons.learnLine(seen, known);
  }

  reset(): void {
    if (this.#lessons !== undefined) this.#lessons.pass = false;
  }

  #nameAt(at: number): ByteEntry<Named> | undefined {
    const view = this.#view;
    const last = this.#last;
    if (last !== undefined) {
      if (isNameAt(last.next, view, at)) {
        this.#last = last.next;
        return last.next;
      }
      if (isNameAt(last.before, view, at)) return this.#follows(last.before);
    }
    let end = at;
    while (end - at <= LONGEST_NAME && view.getUint8(end) > SPACE) end += 1;
    if (view.getUint8(end) !== SPACE) return undefined;
    const found = this.#names.find(view, at, end - at) ?? this.#newName(at, end);
    return found && this.#follows(found);
  }

  #follows(found: ByteEntry<Named>): ByteEntry<Named> {
    const last = this.#last;
    if (last !== undefined) {
      last.before = last.next;
      last.next = found;
    }
    this.#last = found;
    return found;
  }

  #newName(at: number, end: number): ByteEntry<Named> | undefined {
    if (end - at >= LONGEST_NAME) return undefined;
    const name = this.#lines.buffer.toString('latin1', at, end);
    const entry = CATALOG.get(name);
    if (entry === undefined ? eventNameOf(name) !== name : lockOperationOf(entry) !== undefined) return undefined;
    const { buffer } = this.#lines;
    const format = entry && new FormatScanner(this.#view, buffer, name, entry.formats(), this.#tables);
    return this.#names.add(this.#view, at, end - at, { name, entry, format, event: undefined });
  }
}

function isNameAt(name: ByteEntry<Named> | undefined, view: DataView, at: number): name is ByteEntry<Named> {
  return name !== undefined && view.getUint8(at + name.length) === SPACE && name.standsAt(view, at);
}

function eventOf(found: Named, entry: CatalogEntry, args: ArgValues): KnownEvent {
  if (found.event?.args === args) return found.event;
  const event = { name: entry.name, args };
  if (!isKnownEvent(event, entry)) throw new Error(`${entry.name} is not what its entry decoded`);
  found.event = event;
  return event;
}

/** Text of which nothing can be the stamp of another line. */
function endOfOther(view: DataView, from: number, filled: number): number {
  const limit = Math.min(filled, from + LONGEST_LINE);
  let before = SPACE;
  for (let at = from; at < limit; at += 1) {
    const byte = view.getUint8(at);
    if (byte < SPACE) return byte === LINE_END ? at : NOT_SCANNED;
    if (byte > TILDE || byte === AT_SIGN) return NOT_SCANNED;
    if (byte === SPACE && before === LETTER_Z) return NOT_SCANNED;
    if (byte === COLON && before === LETTER_E) return NOT_SCANNED;
    before = byte;
  }
  return NOT_SCANNED;
}
