/** Reads `EVENT OPERATION mutex ADDRESS (FILE:LINE)` from the bytes, as `parseLockArgs` reads it. */
import { parseLockArgs } from '../line-kinds.ts';
import type { LockFilter, LockOperation } from '../trace-item.ts';
import { type ByteEntry, ByteTable } from './byte-table.ts';
import { NOT_SCANNED } from './prefix-scanner.ts';
import type { ScannedLock } from './scanned-line.ts';

const LINE_END = 10;
const SPACE = 32;
const OPEN = 40;
const CLOSE = 41;
/** Hexadecimal digits of 64 bits, and 0x. */
const LONGEST_MUTEX = 18;
const LONGEST_SITE = 200;

/** What stands before the address. */
interface Beginning {
  readonly operation: LockOperation;
  /** From 0. */
  readonly number: number;
  readonly name: string;
  readonly words: Int32Array;
  readonly length: number;
  /** The last four bytes: they overlap the words where the length is no multiple of four. */
  readonly last: number;
}

interface Mutex {
  readonly text: string;
  /** By site and operation, the generation of the filter that counts them only. */
  readonly countedIn: number[];
}

interface Site {
  /** From 0. */
  readonly number: number;
  readonly site: string;
  readonly file: string;
}

const OPERATIONS = 3;
const WAITING = beginning('waiting', 0, 'qemu_mutex_lock', 'waiting on');
const TAKEN = beginning('taken', 1, 'qemu_mutex_locked', 'taken');
const RELEASED = beginning('released', 2, 'qemu_mutex_unlock', 'released');

function beginning(operation: LockOperation, number: number, name: string, verb: string): Beginning {
  const bytes = Buffer.from(`${name} ${verb} mutex `);
  const words = Int32Array.from({ length: bytes.length >> 2 }, (_, index) => bytes.readInt32LE(index * 4));
  return { operation, number, name, words, length: bytes.length, last: bytes.readInt32LE(bytes.length - 4) };
}

/** `qemu_mutex_` and one letter: they tell an event of this kind, and `lock` from `unlock`. */
const FIRST = WAITING.words[0] ?? 0;
const SECOND = WAITING.words[1] ?? 0;
const THIRD = WAITING.words[2] ?? 0;
const FOURTH = WAITING.words[3] ?? 0;

export class LockScanner implements LockFilter {
  readonly #view: DataView;
  readonly #buffer: Buffer;
  readonly #mutexes = new ByteTable<Mutex>();
  readonly #sites = new ByteTable<Site>();
  /** Of the line before: the lines of one lock come in threes. */
  #mutex: ByteEntry<Mutex> | undefined;
  #site: ByteEntry<Site> | undefined;
  #operation = 0;
  #sitesSeen = 0;
  #generation = 1;

  constructor(view: DataView, buffer: Buffer) {
    this.#view = view;
    this.#buffer = buffer;
  }

  /** The line scanned last need not be handed on. */
  get isCounted(): boolean {
    const place = this.#site?.value.number ?? 0;
    return this.#mutex?.value.countedIn[place * OPERATIONS + this.#operation] === this.#generation;
  }

  countOnly(): void {
    const { value } = this.#mutex ?? {};
    if (value === undefined || this.#site === undefined) return;
    const at = this.#site.value.number * OPERATIONS + this.#operation;
    while (value.countedIn.length <= at) value.countedIn.push(0);
    value.countedIn[at] = this.#generation;
  }

  reset(): void {
    this.#generation += 1;
  }

  /** An event of this kind may stand here. */
  mayBeAt(at: number): boolean {
    return this.#view.getInt32(at + 4, true) === SECOND && this.#view.getInt32(at, true) === FIRST;
  }

  /** Where its line ends, before `filled`; fills the item. */
  scan(at: number, filled: number, into: ScannedLock): number {
    const view = this.#view;
    const begun = this.#beginningAt(at);
    if (begun === undefined) return NOT_SCANNED;
    const mutexAt = at + begun.length;
    const mutex = this.#mutexAt(mutexAt);
    if (mutex === undefined) return NOT_SCANNED;
    const siteAt = mutexAt + mutex.length + 2;
    if (view.getUint8(siteAt - 2) !== SPACE || view.getUint8(siteAt - 1) !== OPEN) return NOT_SCANNED;
    const site = this.#siteAt(siteAt, filled);
    if (site === undefined) return NOT_SCANNED;
    const end = siteAt + site.length + 1;
    this.#operation = begun.number;
    into.operation = begun.operation;
    into.name = begun.name;
    into.mutex = mutex.value.text;
    into.site = site.value.site;
    into.file = site.value.file;
    return end;
  }

  #beginningAt(at: number): Beginning | undefined {
    const view = this.#view;
    const third = view.getInt32(at + 8, true);
    const begun = third !== THIRD ? RELEASED : view.getInt32(at + 12, true) === FOURTH ? WAITING : TAKEN;
    const { words } = begun;
    if (view.getInt32(at + begun.length - 4, true) !== begun.last) return undefined;
    for (let index = 0; index < words.length; index += 1) {
      if (view.getInt32(at + index * 4, true) !== words[index]) return undefined;
    }
    return begun;
  }

  #mutexAt(at: number): ByteEntry<Mutex> | undefined {
    const view = this.#view;
    const before = this.#mutex;
    if (before !== undefined && view.getUint8(at + before.length) === SPACE && before.standsAt(view, at)) return before;
    let end = at;
    while (end - at <= LONGEST_MUTEX && view.getUint8(end) !== SPACE) end += 1;
    const known = this.#mutexes.find(view, at, end - at) ?? this.#newMutex(at, end);
    if (known !== undefined) this.#mutex = known;
    return known;
  }

  #newMutex(at: number, end: number): ByteEntry<Mutex> | undefined {
    const text = this.#buffer.toString('latin1', at, end);
    return /^0x[0-9a-f]+$/.test(text)
      ? this.#mutexes.add(this.#view, at, end - at, { text, countedIn: [] })
      : undefined;
  }

  #siteAt(at: number, filled: number): ByteEntry<Site> | undefined {
    const view = this.#view;
    const before = this.#site;
    if (before !== undefined && isEnd(view, at + before.length, filled) && before.standsAt(view, at)) return before;
    const limit = Math.min(at + LONGEST_SITE, filled - 2);
    let end = at;
    while (end <= limit && !isEnd(view, end, filled)) end += 1;
    if (end > limit) return undefined;
    const known = this.#sites.find(view, at, end - at) ?? this.#newSite(at, end);
    if (known !== undefined) this.#site = known;
    return known;
  }

  #newSite(at: number, end: number): ByteEntry<Site> | undefined {
    const text = this.#buffer.toString('latin1', at, end);
    if (!/^[ -~]+$/.test(text)) return undefined;
    const lock = parseLockArgs(`taken mutex 0x0 (${text})`);
    if (lock === undefined) return undefined;
    // Of a place that was forgotten and comes again nothing is known.
    const number = this.#sitesSeen;
    this.#sitesSeen += 1;
    return this.#sites.add(this.#view, at, end - at, { number, site: lock.site, file: lock.file });
  }
}

/** The bracket that ends a mutex event, and the line. */
function isEnd(view: DataView, at: number, filled: number): boolean {
  return view.getUint8(at) === CLOSE && view.getUint8(at + 1) === LINE_END && at + 1 < filled;
}
