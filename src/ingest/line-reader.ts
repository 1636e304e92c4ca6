/** Lines of a byte source, as offsets into one buffer: no line becomes a string here. */
import type { ByteSource } from './byte-source.ts';

const CAPACITY = 1 << 20;
/** Behind the buffer, so that a look at the bytes ahead needs no check of its own. */
const SLACK = 1024;
/** Bytes that it needs of a memory that it is given. */
export const LINE_MEMORY_BYTES = CAPACITY + SLACK;
const LINE_END = 10;

export class LineReader {
  readonly #source: Pick<ByteSource, 'readInto'>;
  readonly buffer: Buffer;
  readonly view: DataView;
  /** The part of the buffer that holds data. */
  #filled: Buffer;
  #next = 0;
  #atEnd = false;
  /** NUL bytes so far at the beginning of the line to come. */
  #nuls = 0;
  /** The current line, without its line end and without NUL bytes at its beginning. */
  start = 0;
  end = 0;
  /** NUL bytes that stood at the beginning of the current line: a truncated log begins with any number of them. */
  nuls = 0;
  /** Number of the current line, counted from 1. */
  line = 0;
  /** False for a last line without a line end. */
  terminated = true;
  /** The line was longer than 1 MiB; only its beginning is there. */
  overlong = false;

  /** The lines are read into the beginning of `memory`. */
  constructor(source: Pick<ByteSource, 'readInto'>, memory: ArrayBuffer = new ArrayBuffer(LINE_MEMORY_BYTES)) {
    this.#source = source;
    this.buffer = Buffer.from(memory, 0, CAPACITY);
    this.view = new DataView(memory, 0, LINE_MEMORY_BYTES);
    this.#filled = this.buffer.subarray(0, 0);
  }

  /** Offset of the line to come. */
  get ahead(): number {
    return this.#next;
  }

  /** Where the data ends that was read so far. */
  get filled(): number {
    return this.#filled.length;
  }

  /** Goes to the next line, as `advance` would: it ends at `end`, before `filled`, and has no NUL byte. */
  pass(end: number): void {
    this.#take(end, end + 1);
  }

  /** Goes over as many lines, as `pass` would, of which the last one is in [start, end). */
  passAll(lines: number, start: number, end: number): void {
    this.#next = start;
    this.line += lines - 1;
    this.pass(end);
  }

  /** Goes to the next line; false at the end. Waits only for inputs that are no plain files. */
  advance(): boolean | Promise<boolean> {
    for (;;) {
      while (this.#filled[this.#next] === 0) {
        this.#next += 1;
        this.#nuls += 1;
      }
      const found = this.#filled.indexOf(LINE_END, this.#next);
      if (found >= 0) return this.#take(found, found + 1);
      if (this.#atEnd) return this.#lastLine();
      const kept = this.#keep();
      if (kept === CAPACITY) return this.#skipOverlong();
      const count = this.#source.readInto(this.buffer, kept);
      if (typeof count !== 'number') return this.#acceptLater(kept, count);
      this.#accept(kept, count);
    }
  }

  #take(end: number, next: number): true {
    this.start = this.#next;
    this.end = end;
    this.#next = next;
    this.nuls = this.#nuls;
    this.#nuls = 0;
    this.line += 1;
    this.overlong = false;
    return true;
  }

  #lastLine(): boolean {
    const end = this.#filled.length;
    if (this.#next >= end && this.#nuls === 0) return false;
    this.terminated = false;
    return this.#take(end, end);
  }

  /** Moves the unfinished line to the beginning of the buffer; its length. */
  #keep(): number {
    const kept = this.#filled.length - this.#next;
    this.buffer.copy(this.buffer, 0, this.#next, this.#filled.length);
    this.#next = 0;
    return kept;
  }

  #accept(kept: number, count: number): void {
    this.#atEnd = count === 0;
    this.#filled = this.buffer.subarray(0, kept + count);
  }

  async #acceptLater(kept: number, count: Promise<number>): Promise<boolean> {
    this.#accept(kept, await count);
    return this.advance();
  }

  /** Keeps the first half of the buffer as the line, and reads on in the other half to its end. */
  async #skipOverlong(): Promise<boolean> {
    const half = CAPACITY / 2;
    for (;;) {
      const count = await this.#source.readInto(this.buffer, half);
      const found = this.buffer.subarray(half, half + count).indexOf(LINE_END);
      if (count > 0 && found < 0) continue;
      this.#accept(half, count);
      this.terminated = count > 0;
      this.#take(half, half + (found < 0 ? count : found + 1));
      this.overlong = true;
      return true;
    }
  }
}
