/** Bytes of one input, unpacked: a file or standard input, plain, gzip or zstd. Nothing is held but a chunk. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { systemCode, UserError } from '../base/errors.ts';
import { DigestBuilder } from './digest.ts';

const CHUNK = 256 * 1024;

export type Packing = 'plain' | 'gzip' | 'zstd';

/** Explains why an input can't be read; anything unexpected is passed on. */
export function explainOpenError(path: string, thrown: unknown): Error {
  switch (systemCode(thrown)) {
    case 'ENOENT':
      return new UserError(`${path}: no such file; check the path`);
    case 'EACCES':
    case 'EPERM':
      return new UserError(`${path}: permission denied; make the file readable for you`);
    case 'EISDIR':
      return new UserError(`${path}: is a directory; name the log files in it`);
    case 'EIO':
      return new UserError(`${path}: the device reported a read error; copy the file and try again`);
    default:
      return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

export class ByteSource {
  readonly #path: string;
  readonly #fd: number;
  readonly #digest: DigestBuilder;
  /** First bytes, read to recognise the packing, not yet handed out. */
  #held: Buffer | undefined;
  #unpacked: AsyncIterator<Uint8Array> | undefined;
  #left: Uint8Array | undefined;
  readonly packing: Packing;
  /** Size in bytes where it is known beforehand, for a progress bar. */
  readonly size: number | undefined;
  /** The packed data ended early or was damaged. */
  damaged = false;

  /** `path` is a file or `-`. @throws UserError when it can't be read. */
  constructor(path: string, fullDigest: boolean) {
    this.#path = path;
    this.#digest = new DigestBuilder(fullDigest);
    try {
      this.#fd = path === '-' ? 0 : openSync(path, 'r');
      const stat = fstatSync(this.#fd);
      if (stat.isDirectory()) throw new UserError(`${path}: is a directory; name the log files in it`);
      this.size = stat.isFile() ? stat.size : undefined;
      this.#held = this.#readRaw(Buffer.allocUnsafe(CHUNK), 0);
    } catch (thrown) {
      throw explainOpenError(path, thrown);
    }
    this.packing = packingOf(this.#held);
  }

  get bytesRead(): number {
    return this.#digest.bytes;
  }

  finishDigest(): ReturnType<DigestBuilder['finish']> {
    return this.#digest.finish();
  }

  /** Fills `target` from `offset` on; the number of bytes, 0 at the end. Only packed inputs wait. */
  readInto(target: Buffer, offset: number): number | Promise<number> {
    if (this.packing !== 'plain') return this.#readUnpacked(target, offset);
    const held = this.#held;
    if (held === undefined) return this.#readRaw(target, offset).length;
    const count = held.copy(target, offset);
    this.#held = count < held.length ? held.subarray(count) : undefined;
    return count;
  }

  close(): void {
    if (this.#fd !== 0) closeSync(this.#fd);
  }

  #readRaw(target: Buffer, offset: number): Buffer {
    for (;;) {
      try {
        const count = readSync(this.#fd, target, offset, Math.min(CHUNK, target.length - offset), null);
        const chunk = target.subarray(offset, offset + count);
        this.#digest.update(chunk);
        return chunk;
      } catch (thrown) {
        const code = systemCode(thrown);
        if (code === 'EOF') return target.subarray(offset, offset);
        if (code !== 'EAGAIN') throw explainOpenError(this.#path, thrown);
        // A non-blocking pipe with nothing in it yet: wait, there is no other work.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  }

  async #readUnpacked(target: Buffer, offset: number): Promise<number> {
    this.#unpacked ??= (this.packing === 'gzip' ? this.#gunzip() : this.#unzstd())[Symbol.asyncIterator]();
    while (this.#left === undefined || this.#left.length === 0) {
      const next = await this.#unpacked.next();
      if (next.done === true) return 0;
      this.#left = next.value;
    }
    const part = this.#left.subarray(0, target.length - offset);
    target.set(part, offset);
    this.#left = this.#left.subarray(part.length);
    return part.length;
  }

  *#packedChunks(): Generator<Buffer> {
    if (this.#held !== undefined) yield this.#held;
    this.#held = undefined;
    for (;;) {
      const chunk = this.#readRaw(Buffer.allocUnsafe(CHUNK), 0);
      if (chunk.length === 0) return;
      yield chunk;
    }
  }

  async *#gunzip(): AsyncGenerator<Uint8Array> {
    const { createGunzip } = await import('node:zlib');
    const unpacked: AsyncIterable<Uint8Array> = Readable.from(this.#packedChunks()).pipe(createGunzip());
    try {
      yield* unpacked;
    } catch {
      this.damaged = true;
    }
  }

  async *#unzstd(): AsyncGenerator<Uint8Array> {
    const { Decompress } = await import('fzstd');
    const ready: Uint8Array[] = [];
    const decompress = new Decompress((data) => {
      ready.push(data);
    });
    try {
      for (const chunk of this.#packedChunks()) {
        decompress.push(chunk);
        yield* ready.splice(0);
      }
      decompress.push(new Uint8Array(0), true);
      yield* ready.splice(0);
    } catch {
      yield* ready.splice(0);
      this.damaged = true;
    }
  }
}

function packingOf(head: Buffer): Packing {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  return 'plain';
}
