/** Bytes on their way out: collected in a block, handed on when it is full. */
import { LineQueue, type QueuedLine } from './line-queue.ts';

const BLOCK_BYTES = 262_144;
const UTF8 = new TextEncoder();

export class ByteLog {
  #bytes: Uint8Array;
  /** Bytes up to here are written. */
  #at = 0;
  #handedOn = 0;
  /** Lines behind those bytes. */
  readonly #queue = new LineQueue();
  readonly #handOn: (bytes: Uint8Array) => void;

  /** What `handOn` gets is overwritten when it returns. */
  constructor(handOn: (bytes: Uint8Array) => void, blockBytes = BLOCK_BYTES) {
    this.#handOn = handOn;
    this.#bytes = new Uint8Array(blockBytes);
  }

  /** All that were ever put into it. */
  get writtenBytes(): number {
    return this.#handedOn + this.#at + this.#queue.bytes;
  }

  /** The line with these microseconds; its bytes stay as they are until `settle`. */
  line(line: QueuedLine, micros: number): void {
    if (this.#queue.add(line, micros)) this.settle();
  }

  put(bytes: Uint8Array): void {
    this.settle();
    this.#bytes.set(bytes, this.#reserve(bytes.length));
  }

  text(text: string): void {
    this.put(UTF8.encode(text));
  }

  /** Lines that were put into it may change from now on. */
  settle(): void {
    const { bytes } = this.#queue;
    if (bytes === 0) return;
    const at = this.#reserve(bytes);
    this.#queue.lay(this.#bytes, at);
  }

  flush(): void {
    this.settle();
    this.#handOnBlock();
  }

  /** The place for so many bytes. */
  #reserve(count: number): number {
    if (this.#at + count > this.#bytes.length) {
      this.#handOnBlock();
      if (count > this.#bytes.length) this.#bytes = new Uint8Array(2 * count);
    }
    const at = this.#at;
    this.#at = at + count;
    return at;
  }

  #handOnBlock(): void {
    const at = this.#at;
    this.#at = 0;
    this.#handedOn += at;
    if (at > 0) this.#handOn(this.#bytes.subarray(0, at));
  }
}
