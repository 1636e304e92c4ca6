import { createHash } from 'node:crypto';

const MIB = 1 << 20;
const FULL_LIMIT = 64 * MIB;

export interface Digest {
  readonly kind: 'sha256' | 'sha256-ends';
  readonly hex: string;
}

/**
 * Digest of an input as it was given (compressed ones unopened). Up to 64 MiB,
 * or with `full`, it is of all bytes; above, of the first MiB, the last MiB and
 * the length in decimal: reading a large log must not wait for hashing it.
 */
export class DigestBuilder {
  readonly #full: boolean;
  /** The bytes up to the limit are hashed: they may be all. */
  readonly #whole: boolean;
  readonly #hash = createHash('sha256');
  /** Nothing before this offset is among the last MiB, unless the file is cut short while it is read. */
  readonly #tailFrom: number;
  readonly #head: Buffer[] = [];
  #headLength = 0;
  #tail: Buffer | undefined;
  bytes = 0;

  /** `expected` is the number of bytes to come, where it is known: of a large file most bytes are then not looked at. */
  constructor(full: boolean, expected: number | undefined) {
    this.#full = full;
    this.#whole = full || expected === undefined || expected <= FULL_LIMIT;
    // Up to the limit the digest is of all bytes, and needs no tail.
    this.#tailFrom = Math.max(FULL_LIMIT, expected ?? 0) - MIB;
  }

  update(chunk: Buffer): void {
    this.#keepHead(chunk);
    if (this.bytes + chunk.length > this.#tailFrom) this.#keepTail(chunk);
    if (this.#whole && (this.#full || this.bytes <= FULL_LIMIT)) this.#hash.update(chunk);
    this.bytes += chunk.length;
  }

  finish(): Digest {
    if (this.#full || (this.#whole && this.bytes <= FULL_LIMIT))
      return { kind: 'sha256', hex: this.#hash.digest('hex') };
    const ends = createHash('sha256');
    for (const part of this.#head) ends.update(part);
    const split = this.bytes % MIB;
    if (this.#tail !== undefined) ends.update(this.#tail.subarray(split)).update(this.#tail.subarray(0, split));
    ends.update(String(this.bytes));
    return { kind: 'sha256-ends', hex: ends.digest('hex') };
  }

  #keepHead(chunk: Buffer): void {
    if (this.#headLength >= MIB) return;
    const part = Buffer.from(chunk.subarray(0, MIB - this.#headLength));
    this.#head.push(part);
    this.#headLength += part.length;
  }

  /** The tail is a ring: the byte at offset n of the input stands at n mod 1 MiB. */
  #keepTail(chunk: Buffer): void {
    const part = chunk.length > MIB ? chunk.subarray(chunk.length - MIB) : chunk;
    const at = (this.bytes + chunk.length - part.length) % MIB;
    this.#tail ??= Buffer.alloc(MIB);
    const first = part.copy(this.#tail, at);
    if (first < part.length) part.copy(this.#tail, 0, first);
  }
}
