/** Bytes on their way out: collected in a block, handed on when it is full. */

const BLOCK_BYTES = 262_144;
const UTF8 = new TextEncoder();

export class ByteLog {
  /** Bytes up to `at` are written. */
  bytes: Uint8Array;
  at = 0;
  readonly #handOn: (bytes: Uint8Array) => void;

  /** What `handOn` gets is overwritten when it returns. */
  constructor(handOn: (bytes: Uint8Array) => void, blockBytes = BLOCK_BYTES) {
    this.#handOn = handOn;
    this.bytes = new Uint8Array(blockBytes);
  }

  /** Makes room for so many bytes behind `at`. */
  reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    this.flush();
    if (count > this.bytes.length) this.bytes = new Uint8Array(2 * count);
  }

  text(text: string): void {
    const bytes = UTF8.encode(text);
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  flush(): void {
    const { at } = this;
    this.at = 0;
    if (at > 0) this.#handOn(this.bytes.subarray(0, at));
  }
}
