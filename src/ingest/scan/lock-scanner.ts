/**
 * Reads mutex events from the bytes. Their texts, `EVENT OPERATION mutex
 * ADDRESS (FILE:LINE)`, are few and come by the million: each is parsed once.
 */
import { CATALOG } from '../../catalog/catalog.ts';
import { lockOperationOf } from '../event-item.ts';
import { parseLockArgs } from '../line-kinds.ts';
import type { LockFilter, LockText } from '../trace-item.ts';
import { type ByteEntry, ByteTable } from './byte-table.ts';
import { NOT_SCANNED } from './prefix-scanner.ts';
import { type Printer, WholeText } from './scanned-place.ts';
import type { Skimmer, TextKind } from './skim/skimmer.ts';

const LINE_END = 10;
const LONGEST = 400;
/** No such text is shorter; one that has its line end before is none, for a text with a line end inside is not known. */
const SHORTEST = 36;
const MAX_TEXTS = 32_768;
/** What every one begins with. */
const FIRST = Buffer.from('qemu_mut').readDoubleLE(0);

export interface Lock extends LockText {
  readonly printer: Printer;
  /** Of the skimmer; 0 where it does not know the text. */
  readonly entry: number;
}

export class LockScanner implements LockFilter {
  readonly #view: DataView;
  readonly #buffer: Buffer;
  readonly #texts = new ByteTable<Lock>(MAX_TEXTS);
  readonly #skimmer: Skimmer | undefined;
  readonly #byEntry = new Map<number, Lock>();
  #last: ByteEntry<Lock> | undefined;

  constructor(view: DataView, buffer: Buffer, skimmer: Skimmer | undefined) {
    this.#view = view;
    this.#buffer = buffer;
    this.#skimmer = skimmer;
  }

  countOnly(): void {
    this.#become('counted');
  }

  follow(): void {
    this.#become('followed');
  }

  reset(): void {
    this.#skimmer?.forgetLocks();
  }

  /** What the skimmer knows under this entry. */
  byEntry(entry: number): Lock | undefined {
    return this.#byEntry.get(entry);
  }

  /** An event of this kind may stand here. */
  mayBeAt(at: number): boolean {
    return this.#view.getFloat64(at, true) === FIRST;
  }

  /** Where its line ends, before `filled`. */
  scan(at: number, filled: number): number {
    const view = this.#view;
    const expected = this.#last?.next;
    if (expected?.standsAt(view, at) === true && at + expected.length <= filled) {
      this.#last = expected;
      return at + expected.length - 1;
    }
    const limit = Math.min(filled, at + LONGEST);
    let end = at + SHORTEST;
    while (end < limit && view.getUint8(end) !== LINE_END) end += 1;
    if (end >= limit) return NOT_SCANNED;
    // With its line end, so that no longer text begins like it.
    const length = end + 1 - at;
    const found = this.#texts.find(view, at, length) ?? this.#newText(at, end);
    if (found === undefined) return NOT_SCANNED;
    if (this.#last !== undefined) this.#last.next = found;
    this.#last = found;
    return end;
  }

  /** What was scanned last. */
  get found(): Lock | undefined {
    return this.#last?.value;
  }

  #become(kind: TextKind): void {
    if (this.#last !== undefined) this.#skimmer?.become(this.#last.value.entry, kind);
  }

  #newText(at: number, end: number): ByteEntry<Lock> | undefined {
    const text = this.#buffer.toString('latin1', at, end);
    const nameEnd = text.indexOf(' ');
    if (nameEnd < 0 || !/^[ -~]+$/.test(text)) return undefined;
    const name = text.slice(0, nameEnd);
    const event = CATALOG.get(name);
    const operation = event && lockOperationOf(event);
    const lock = parseLockArgs(text.slice(nameEnd + 1));
    if (operation === undefined || lock === undefined) return undefined;
    const entry = this.#skimmer?.learn(at, end + 1 - at, name, 'unknown') ?? 0;
    const found = { operation, name, ...lock, printer: new WholeText(text), entry };
    if (entry > 0) this.#byEntry.set(entry, found);
    return this.#texts.add(this.#view, at, end + 1 - at, found);
  }
}
