/** Lines of a byte source, as offsets into one buffer: no line becomes a string here. */
import type { ByteSource } from './byte-source.ts';

const CAPACITY = 1 << 20;
const LINE_END = 10;

export class LineReader {
  readonly #source: ByteSource;
  readonly buffer = Buffer.allocUnsafe(CAPACITY);
  /** The part of the buffer that holds data. */
  #filled: Buffer = this.buffer.subarray(0, 0);
  #next = 0;
  #atEnd = false;
  /** The current line, without its line end. */
  start = 0;
  end = 0;
  /** Number of the current line, counted from 1. */
  line = 0;
  /** False for a last line without a line end. */
  terminated = true;
  /** The line was longer than 1 MiB; only its beginning is there. */
  overlong = false;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Goes to the next line; false at the end. Waits only for packed inputs. */
  advance(): boolean | Promise<boolean> {
    const found = this.#filled.indexOf(LINE_END, this.#next);
    if (found < 0) return this.#atEnd ? this.#lastLine() : this.#refill();
    this.start = this.#next;
    this.end = found;
    this.#next = found + 1;
    this.line += 1;
    this.overlong = false;
    return true;
  }

  #lastLine(): boolean {
    if (this.#next >= this.#filled.length) return false;
    this.start = this.#next;
    this.end = this.#filled.length;
    this.#next = this.end;
    this.line += 1;
    this.overlong = false;
    this.terminated = false;
    return true;
  }

  #refill(): boolean | Promise<boolean> {
    const kept = this.#filled.length - this.#next;
    this.buffer.copy(this.buffer, 0, this.#next, this.#filled.length);
    this.#next = 0;
    if (kept === CAPACITY) return this.#skipOverlong();
    const count = this.#source.readInto(this.buffer, kept);
    return typeof count === 'number' ? this.#accept(kept, count) : count.then((n) => this.#accept(kept, n));
  }

  #accept(kept: number, count: number): boolean | Promise<boolean> {
    this.#atEnd = count === 0;
    this.#filled = this.buffer.subarray(0, kept + count);
    return this.advance();
  }

  /** Keeps the first half of the buffer as the line, and reads on in the other half to its end. */
  async #skipOverlong(): Promise<boolean> {
    const half = CAPACITY / 2;
    for (;;) {
      const count = await this.#source.readInto(this.buffer, half);
      const found = this.buffer.subarray(half, half + count).indexOf(LINE_END);
      if (count > 0 && found < 0) continue;
      this.#atEnd = count === 0;
      this.terminated = count > 0;
      this.#filled = this.buffer.subarray(0, half + count);
      this.#next = half + (found < 0 ? count : found + 1);
      this.start = 0;
      this.end = half;
      this.line += 1;
      this.overlong = true;
      return true;
    }
  }
}
