/**
 * Reads mutex events from the bytes. Their texts, `EVENT OPERATION mutex
 * ADDRESS (FILE:LINE)`, are few and come by the million: each is parsed once.
 */
import { CATALOG } from '../../catalog/catalog.ts';
import { lockOperationOf } from '../event-item.ts';
import { parseLockArgs } from '../line-kinds.ts';
import type { LockFilter, LockOperation } from '../trace-item.ts';
import { type ByteEntry, ByteTable } from './byte-table.ts';
import { NOT_SCANNED } from './prefix-scanner.ts';
import type { ScannedLock } from './scanned-line.ts';
import { type Printer, WholeText } from './scanned-place.ts';

const LINE_END = 10;
const LONGEST = 400;
/** No such text is shorter; one that has its line end before is none, for a text with a line end inside is not known. */
const SHORTEST = 36;
const MAX_TEXTS = 32_768;
/** What every one begins with. */
const FIRST = Buffer.from('qemu_mut').readDoubleLE(0);

interface Lock {
  readonly operation: LockOperation;
  readonly name: string;
  readonly mutex: string;
  readonly file: string;
  readonly site: string;
  readonly printer: Printer;
  /** The generation of the filter in which such lines are only counted. */
  countedIn: number;
}

export class LockScanner implements LockFilter {
  readonly #view: DataView;
  readonly #buffer: Buffer;
  readonly #texts = new ByteTable<Lock>(MAX_TEXTS);
  #last: ByteEntry<Lock> | undefined;
  #generation = 1;

  constructor(view: DataView, buffer: Buffer) {
    this.#view = view;
    this.#buffer = buffer;
  }

  /** The line scanned last need not be handed on. */
  get isCounted(): boolean {
    return this.#last?.value.countedIn === this.#generation;
  }

  get operation(): LockOperation {
    return this.#last?.value.operation ?? 'waiting';
  }

  countOnly(): void {
    if (this.#last !== undefined) this.#last.value.countedIn = this.#generation;
  }

  reset(): void {
    this.#generation += 1;
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

  /** The item of what was scanned last. */
  fill(into: ScannedLock): void {
    const lock = this.#last?.value;
    if (lock === undefined) return;
    into.operation = lock.operation;
    into.name = lock.name;
    into.mutex = lock.mutex;
    into.file = lock.file;
    into.site = lock.site;
    into.printer = lock.printer;
  }

  #newText(at: number, end: number): ByteEntry<Lock> | undefined {
    const text = this.#buffer.toString('latin1', at, end);
    const nameEnd = text.indexOf(' ');
    if (nameEnd < 0 || !/^[ -~]+$/.test(text)) return undefined;
    const name = text.slice(0, nameEnd);
    const entry = CATALOG.get(name);
    const operation = entry && lockOperationOf(entry);
    const lock = parseLockArgs(text.slice(nameEnd + 1));
    if (operation === undefined || lock === undefined) return undefined;
    return this.#texts.add(this.#view, at, end + 1 - at, {
      operation,
      name,
      ...lock,
      printer: new WholeText(text),
      countedIn: 0,
    });
  }
}
