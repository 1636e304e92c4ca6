/**
 * Where events may be missing. QEMU writes the record that counts dropped
 * events when its writing thread wakes up next, not where they are missing:
 * that is somewhere between about a buffer's length before that record and its
 * time. They can be missing only where a buffer's length of records came before.
 */
import type { ByteWindow } from './byte-window.ts';
import { EVENT_BYTES, RING_BYTES, TYPE_BYTES } from './layout.ts';

/** The buffer, and as much again for what came while it was written out; the file has the types besides. */
export const LOOK_AHEAD = Math.ceil((2 * RING_BYTES * (EVENT_BYTES + TYPE_BYTES)) / EVENT_BYTES);

export class DroppedEvents {
  /** How a record of dropped events begins. */
  readonly #mark: Buffer;
  /** Bytes of the input that were searched. */
  #searched = 0;
  /** Where records of dropped events are still to come. */
  readonly #ahead: number[] = [];
  #recordBytes = 0;
  /** Until then events may be missing behind the last record of dropped ones. */
  #untilNs = Number.NEGATIVE_INFINITY;
  /** The last event came before that. */
  #inDoubt = false;

  constructor(mark: Buffer) {
    this.#mark = mark;
  }

  /** Finds the records of dropped events in what has come into the window. */
  search({ bytes, start, end }: ByteWindow): void {
    const overlap = this.#mark.length - 1;
    let from = Math.max(0, this.#searched - start - overlap);
    const filled = bytes.subarray(0, end);
    for (let found = filled.indexOf(this.#mark, from); found >= 0; found = filled.indexOf(this.#mark, from)) {
      this.#ahead.push(start + found);
      from = found + this.#mark.length;
    }
    this.#searched = start + end;
  }

  /** A record at this place of the input, with as many bytes behind its type. */
  passed(at: number, bytes: number): void {
    while (this.#ahead.length > 0 && (this.#ahead[0] ?? 0) <= at) this.#ahead.shift();
    this.#recordBytes += bytes;
  }

  /** The record just passed counts dropped events. */
  untilNs(timeNs: number): void {
    this.#untilNs = timeNs;
    this.#inDoubt = false;
  }

  /** Events may have been dropped right before the record just passed. */
  mayPrecede(at: number, timeNs: number): boolean {
    // The first one later than that is doubtful too, unless it follows the record of dropped events itself.
    const wasInDoubt = this.#inDoubt;
    this.#inDoubt = timeNs <= this.#untilNs;
    if (this.#inDoubt) return true;
    this.#untilNs = Number.NEGATIVE_INFINITY;
    const [next] = this.#ahead;
    return wasInDoubt || (next !== undefined && next - at <= LOOK_AHEAD && this.#recordBytes > RING_BYTES);
  }
}
