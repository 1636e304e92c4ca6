/**
 * Lines that wait to be laid into a block. A process that polls prints the same
 * few lines over and over, with nothing new but their microseconds: such rounds
 * are copied as a whole, which costs a fraction of copying line by line.
 */
import { putSix } from './digits.ts';

export interface QueuedLine {
  /** With its line feed. */
  readonly bytes: Uint8Array;
  /** Of those bytes. */
  readonly length: number;
  /** Where in them the microseconds stand; negative: nowhere. */
  readonly microsAt: number;
}

const LINES = 512;
/** A round of more lines is not looked for. */
const LONGEST_ROUND = 64;
/** Copied at once: what the fastest cache holds. */
const COPY_BYTES = 16_384;

const NO_LINE: QueuedLine = { bytes: new Uint8Array(0), length: 0, microsAt: -1 };

export class LineQueue {
  /** Of all its lines. */
  bytes = 0;
  readonly #lines: QueuedLine[] = new Array<QueuedLine>(LINES).fill(NO_LINE);
  readonly #micros = new Int32Array(LINES);
  #count = 0;

  /** True: it is full. */
  add(line: QueuedLine, micros: number): boolean {
    const count = this.#count;
    this.#lines[count] = line;
    this.#micros[count] = micros;
    this.#count = count + 1;
    this.bytes += line.length;
    return count + 1 === LINES;
  }

  /** All of them into `block`, which has the room, and none is left. */
  lay(block: Uint8Array, from: number): void {
    const count = this.#count;
    const last = from + this.bytes;
    let at = from;
    let index = 0;
    while (index < count) {
      const round = this.#roundAt(index);
      const end = this.#endOfRounds(index, round);
      at = this.#layRounds(block, at, last, index, round, end);
      index = end;
    }
    this.#putMicros(block, from);
    this.#count = 0;
    this.bytes = 0;
  }

  /** How many lines from this one on make a round: up to where it stands again. 1 where it does not. */
  #roundAt(index: number): number {
    const lines = this.#lines;
    const first = lines[index];
    const end = Math.min(this.#count, index + LONGEST_ROUND);
    for (let other = index + 1; other < end; other += 1) if (lines[other] === first) return other - index;
    return 1;
  }

  /** How far the lines go on as in the round before them. */
  #endOfRounds(index: number, round: number): number {
    const lines = this.#lines;
    let end = index + round;
    while (end < this.#count && lines[end] === lines[end - round]) end += 1;
    return end;
  }

  /** `last`: where the last of all lines ends. */
  #layRounds(block: Uint8Array, from: number, last: number, index: number, round: number, end: number): number {
    const lines = this.#lines;
    let at = from;
    for (let next = index; next < index + round; next += 1) {
      const line = lines[next];
      if (line === undefined) break;
      block.set(line.bytes, at);
      at += line.length;
    }
    const until = end === this.#count ? last : at + this.#bytesBetween(index + round, end);
    repeat(block, from, at, until);
    return until;
  }

  #bytesBetween(index: number, end: number): number {
    let bytes = 0;
    for (let next = index; next < end; next += 1) bytes += this.#lines[next]?.length ?? 0;
    return bytes;
  }

  #putMicros(block: Uint8Array, from: number): void {
    const lines = this.#lines;
    const micros = this.#micros;
    let at = from;
    for (let index = 0; index < this.#count; index += 1) {
      const line = lines[index];
      if (line === undefined) break;
      if (line.microsAt >= 0) putSix(block, at + line.microsAt, micros[index] ?? 0);
      at += line.length;
    }
  }
}

/** Copies what stands from `from` to `at` behind itself, again and again. */
function repeat(block: Uint8Array, from: number, at: number, until: number): void {
  let filled = at - from;
  const total = until - from;
  while (filled < total) {
    const count = Math.min(filled, total - filled, wholeRounds(at - from));
    block.copyWithin(from + filled, from, from + count);
    filled += count;
  }
}

function wholeRounds(roundBytes: number): number {
  return roundBytes * Math.max(1, Math.floor(COPY_BYTES / roundBytes));
}
