/**
 * Finds the records of a binary log one behind the other. Where something else
 * stands, it looks for the next place that can only be a record: of an event
 * that the log has named, of the same process, with another record behind it.
 */
import type { Uint64 } from '../../base/uint64.ts';
import type { ByteWindow } from './byte-window.ts';
import {
  type ByteOrder,
  DROPPED_ID,
  EVENT_BYTES,
  HEADER_BYTES,
  headerOrder,
  MAPPING_BYTES,
  MAX_NAME_BYTES,
  MAX_RECORD_BYTES,
  TYPE_BYTES,
  VERSION,
} from './layout.ts';

/** So much must be there for a step: a record, and the beginning of the one behind it. */
export const STEP_BYTES = 2 * MAX_RECORD_BYTES;

const NAME = /^[A-Za-z_]\w*$/;
/** More than any QEMU has; a limit for what damage can make. */
const MAX_NAMES = 100_000;
const MAX_ID = 2 ** 32;
const DROPPED_BYTES = TYPE_BYTES + EVENT_BYTES + 8;

/** What a step came upon; `nothing` of note is a name, a further header, or bytes that are still lost. */
export type Step = 'event' | 'torn' | 'nothing' | 'end';

export class RecordScanner {
  readonly #window: ByteWindow;
  readonly #order: ByteOrder;
  readonly #names = new Map<Uint64, string>();
  #process: number | undefined;
  #lost = false;
  #start = 0;
  /** Of the event that the last step came upon: its id, its time, and where its arguments are in the window. */
  id: Uint64 = 0;
  time: Uint64 = 0;
  from = 0;
  to = 0;

  constructor(window: ByteWindow, order: ByteOrder) {
    this.#window = window;
    this.#order = order;
  }

  /** Where in the input the event's record begins. */
  get place(): number {
    return this.#window.start + this.#start;
  }

  /** The event's name; undefined when the log has not told it. */
  get name(): string | undefined {
    return this.#names.get(this.id);
  }

  get isDropped(): boolean {
    return this.id === DROPPED_ID && this.to - this.from === 8;
  }

  /** At least STEP_BYTES are in the window, or all that is left. */
  step(): Step {
    const { at, left } = this.#window;
    if (left === 0) return 'end';
    if (this.#lost) return this.#seek();
    const length = this.#lengthAt(at);
    // A record whose middle is missing runs on into the next one.
    if (length === 0 || !this.#isFollowed(at + length)) return this.#lose(at);
    this.#window.at += length;
    switch (this.#typeAt(at)) {
      case 0:
        this.#name(at, length);
        return 'nothing';
      case 1:
        this.#event(at, length);
        return 'event';
      default:
        this.#names.clear();
        this.#process = undefined;
        return 'nothing';
    }
  }

  #lose(at: number): Step {
    this.#window.at = at + 1;
    this.#lost = true;
    return 'torn';
  }

  #seek(): Step {
    const window = this.#window;
    const limit = window.atEnd ? window.end : window.end - STEP_BYTES + 1;
    for (; window.at < limit; window.at += 1) {
      if (!this.#isRecordAt(window.at)) continue;
      this.#lost = false;
      break;
    }
    return 'nothing';
  }

  /** Asked where anything may stand. */
  #isRecordAt(at: number): boolean {
    const length = this.#lengthAt(at);
    if (length === 0) return false;
    if (this.#typeAt(at) !== 1) return true;
    const { bytes } = this.#window;
    const id = this.#order.u64(bytes, at + TYPE_BYTES);
    if (!(this.#names.has(id) || (id === DROPPED_ID && length === DROPPED_BYTES))) return false;
    return this.#isFollowed(at + length);
  }

  /** A record, the end, or a last record that is cut off. */
  #isFollowed(at: number): boolean {
    const { bytes, end, atEnd } = this.#window;
    if (at === end || this.#lengthAt(at) > 0) return true;
    const left = end - at;
    if (!atEnd || left > MAX_RECORD_BYTES) return false;
    if (left < TYPE_BYTES) return true;
    const type = this.#typeAt(at);
    if (type === 0) return left < TYPE_BYTES + MAPPING_BYTES + MAX_NAME_BYTES;
    return (
      type === 1 &&
      (left < TYPE_BYTES + EVENT_BYTES || TYPE_BYTES + this.#order.u32(bytes, at + TYPE_BYTES + 16) > left)
    );
  }

  #typeAt(at: number): Uint64 {
    return this.#order.u64(this.#window.bytes, at);
  }

  /** Length of the record at `at` with its type; 0 when there is none, or no whole one. */
  #lengthAt(at: number): number {
    const { bytes, end } = this.#window;
    const left = end - at;
    if (left < TYPE_BYTES) return 0;
    switch (this.#typeAt(at)) {
      case 0:
        return this.#mappingLength(at, left);
      case 1:
        return this.#eventLength(at, left);
      default:
        // Logs one behind the other in one file.
        if (left < HEADER_BYTES || headerOrder(bytes, at) !== this.#order) return 0;
        return this.#order.u64(bytes, at + 16) === VERSION ? HEADER_BYTES : 0;
    }
  }

  #eventLength(at: number, left: number): number {
    if (left < TYPE_BYTES + EVENT_BYTES) return 0;
    const length = this.#order.u32(this.#window.bytes, at + TYPE_BYTES + 16);
    const process = this.#order.u32(this.#window.bytes, at + TYPE_BYTES + 20);
    // Before QEMU has looked its own id up it is 0; another one is that of a second process on the file.
    if (this.#process !== undefined && this.#process !== 0 && process !== this.#process) return 0;
    return length >= EVENT_BYTES && length <= MAX_RECORD_BYTES && TYPE_BYTES + length <= left ? TYPE_BYTES + length : 0;
  }

  #mappingLength(at: number, left: number): number {
    const before = TYPE_BYTES + MAPPING_BYTES;
    if (left < before) return 0;
    const { bytes } = this.#window;
    const length = this.#order.u32(bytes, at + before - 4);
    if (length === 0 || length > MAX_NAME_BYTES || before + length > left) return 0;
    if (this.#order.u64(bytes, at + TYPE_BYTES) >= MAX_ID) return 0;
    return NAME.test(bytes.toString('latin1', at + before, at + before + length)) ? before + length : 0;
  }

  #name(at: number, length: number): void {
    const { bytes } = this.#window;
    if (this.#names.size >= MAX_NAMES) return;
    const name = bytes.toString('latin1', at + TYPE_BYTES + MAPPING_BYTES, at + length);
    this.#names.set(this.#order.u64(bytes, at + TYPE_BYTES), name);
  }

  #event(at: number, length: number): void {
    const { bytes } = this.#window;
    this.#start = at;
    this.id = this.#order.u64(bytes, at + TYPE_BYTES);
    this.time = this.#order.u64(bytes, at + TYPE_BYTES + 8);
    this.#process = this.#order.u32(bytes, at + TYPE_BYTES + 20);
    this.from = at + TYPE_BYTES + EVENT_BYTES;
    this.to = at + length;
  }
}
