/** A stretch of a byte source that moves forward: what is to be read, and enough behind it. */
import type { ByteSource } from '../byte-source.ts';

const CAPACITY = 1 << 21;
/** Less room than that is not worth a read. */
const ROOM = 64 * 1024;

export class ByteWindow {
  readonly #source: Pick<ByteSource, 'readInto'>;
  readonly bytes = Buffer.allocUnsafe(CAPACITY);
  /** Place in the input of the first of the bytes. */
  start = 0;
  /** What is to be read is in [at, end). */
  at = 0;
  end = 0;
  /** Nothing comes behind `end`. */
  atEnd = false;

  constructor(source: Pick<ByteSource, 'readInto'>) {
    this.#source = source;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Reads on until `count` bytes are there or the source ends. Waits only for inputs that are no plain files. */
  fill(count: number): Promise<void> | undefined {
    while (this.left < count && !this.atEnd) {
      if (CAPACITY - this.end < ROOM) this.#moveDown();
      const got = this.#source.readInto(this.bytes, this.end);
      if (typeof got !== 'number') return this.#fillLater(got, count);
      this.#accept(got);
    }
    return undefined;
  }

  #moveDown(): void {
    this.bytes.copy(this.bytes, 0, this.at, this.end);
    this.start += this.at;
    this.end -= this.at;
    this.at = 0;
  }

  #accept(count: number): void {
    this.end += count;
    this.atEnd = count === 0;
  }

  async #fillLater(got: Promise<number>, count: number): Promise<void> {
    this.#accept(await got);
    await this.fill(count);
  }
}
