/** QEMUFile: collects what is put on it and writes it out by the vector, as the rate limit counts it. */

/** IO_BUF_SIZE and MAX_IOV_SIZE of qemu-file.c. */
const BUFFER_BYTES = 32_768;
const MAX_VECTORS = 64;

export class Stream {
  /** All bytes that were put on it. */
  putBytes = 0;
  /** Those that were written out. */
  flushedBytes = 0;
  /** What a write says once the other side is gone. */
  error: string | undefined;
  /** The link failed; the next write finds out. */
  isBroken = false;
  #vectors = 0;
  #buffered = 0;
  #endsInBuffer = false;

  /** Small data, copied: it joins the vector before it. */
  put(bytes: number): void {
    this.putBytes += bytes;
    this.#buffered += bytes;
    if (!this.#endsInBuffer) this.#vectors += 1;
    this.#endsInBuffer = true;
    if (this.#vectors >= MAX_VECTORS || this.#buffered >= BUFFER_BYTES) this.flush();
  }

  /** A page, not copied. */
  putPage(bytes: number): void {
    this.putBytes += bytes;
    this.#vectors += 1;
    this.#endsInBuffer = false;
    if (this.#vectors >= MAX_VECTORS) this.flush();
  }

  flush(): void {
    if (this.isBroken) this.error = 'Unable to write to socket: Broken pipe';
    this.flushedBytes = this.putBytes;
    this.#vectors = 0;
    this.#buffered = 0;
    this.#endsInBuffer = false;
  }
}
