/** Bytes of one input, unpacked: a file or standard input, plain, gzip or zstd. Nothing is held but a chunk. */
import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { Decompress } from 'fzstd';
import { systemCode, UserError } from '../base/errors.ts';
import { DigestBuilder } from './digest.ts';

const readWaiting = promisify(read);

const CHUNK = 256 * 1024;
/** As many bytes tell the packing. */
const MAGIC_LENGTH = 4;

export type Packing = 'plain' | 'gzip' | 'zstd';

/** Explains why an input can't be read; anything unexpected is passed on. */
export function explainOpenError(path: string, thrown: unknown): unknown {
  if (thrown instanceof UserError) return thrown;
  const code = systemCode(thrown);
  switch (code) {
    case undefined:
      return thrown;
    case 'ENOENT':
    case 'ENOTDIR':
      return new UserError(`${path}: no such file; check the path`);
    case 'EACCES':
    case 'EPERM':
      return new UserError(`${path}: permission denied; make the file readable for you`);
    case 'EISDIR':
      return new UserError(`${path}: is a directory; name the log files in it`);
    case 'EIO':
      return new UserError(`${path}: the device reported a read error; copy the file and try again`);
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return new UserError(`${path}: no file can have this name; check the path`);
    default:
      return new UserError(`${path}: can't be read (${code}); check the path`);
  }
}

export class ByteSource {
  readonly #path: string;
  readonly #fd: number;
  readonly #isFile: boolean;
  readonly #digest: DigestBuilder;
  /** First bytes, read to recognise the packing, not yet handed out. */
  #held: Buffer | undefined;
  #unpacked: AsyncIterator<Uint8Array> | undefined;
  #left: Uint8Array | undefined;
  packing: Packing = 'plain';
  /** Size in bytes where it is known beforehand, for a progress bar. */
  readonly size: number | undefined;
  /** The packed data ended early or was damaged. */
  damaged = false;

  private constructor(path: string, fd: number, fullDigest: boolean) {
    this.#path = path;
    this.#fd = fd;
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new UserError(`${path}: is a directory; name the log files in it`);
    this.#isFile = stat.isFile();
    this.size = this.#isFile ? stat.size : undefined;
    this.#digest = new DigestBuilder(fullDigest, this.size);
  }

  /** `path` is a file or `-`. @throws UserError when it can't be read. */
  static async open(path: string, fullDigest: boolean): Promise<ByteSource> {
    try {
      if (path === '') throw new UserError('the name of an input is empty; check the variables of your shell');
      const source = new ByteSource(path, path === '-' ? 0 : openSync(path, 'r'), fullDigest);
      await source.#recognise();
      return source;
    } catch (thrown) {
      throw explainOpenError(path, thrown);
    }
  }

  async #recognise(): Promise<void> {
    const head = Buffer.allocUnsafe(CHUNK);
    let length = 0;
    // A pipe may hand out its first bytes one by one.
    for (let more = 1; more > 0 && length < MAGIC_LENGTH; length += more) more = await this.#readRaw(head, length);
    this.#held = head.subarray(0, length);
    this.packing = packingOf(this.#held);
  }

  get bytesRead(): number {
    return this.#digest.bytes;
  }

  finishDigest(): ReturnType<DigestBuilder['finish']> {
    return this.#digest.finish();
  }

  /** The first unpacked bytes, at most `length`, without taking them: fewer only where the input is shorter. */
  async peek(length: number): Promise<Buffer> {
    const head = Buffer.allocUnsafe(length);
    let filled = 0;
    for (let more = 1; more > 0 && filled < length; filled += more) more = await this.readInto(head, filled);
    const peeked = head.subarray(0, filled);
    // What was taken goes back to where the next read begins.
    if (this.packing === 'plain') this.#held = joined(peeked, this.#held);
    else this.#left = joined(peeked, this.#left);
    return peeked;
  }

  /** Fills `target` from `offset` on; the number of bytes, 0 at the end. A plain file never waits. */
  readInto(target: Buffer, offset: number): number | Promise<number> {
    if (this.packing !== 'plain') return this.#readUnpacked(target, offset);
    const held = this.#held;
    if (held === undefined) return this.#readRaw(target, offset);
    const count = held.copy(target, offset);
    this.#held = count < held.length ? held.subarray(count) : undefined;
    return count > 0 ? count : this.#readRaw(target, offset);
  }

  close(): void {
    if (this.#fd !== 0) closeSync(this.#fd);
  }

  #readRaw(target: Buffer, offset: number): number | Promise<number> {
    const length = Math.min(CHUNK, target.length - offset);
    if (!this.#isFile) return this.#readWaiting(target, offset, length);
    try {
      const count = readSync(this.#fd, target, offset, length, null);
      this.#digest.update(target.subarray(offset, offset + count));
      return count;
    } catch (thrown) {
      throw explainOpenError(this.#path, thrown);
    }
  }

  /** A pipe or a terminal: while it has nothing, signals must come through. */
  async #readWaiting(target: Buffer, offset: number, length: number): Promise<number> {
    for (;;) {
      try {
        const { bytesRead } = await readWaiting(this.#fd, target, offset, length, null);
        this.#digest.update(target.subarray(offset, offset + bytesRead));
        return bytesRead;
      } catch (thrown) {
        const code = systemCode(thrown);
        if (code === 'EOF') return 0;
        if (code !== 'EAGAIN') throw explainOpenError(this.#path, thrown);
        await new Promise((resolve) => setTimeout(resolve, 5));
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

  async *#packedChunks(): AsyncGenerator<Buffer> {
    if (this.#held !== undefined) yield this.#held;
    this.#held = undefined;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const count = await this.#readRaw(chunk, 0);
      if (count === 0) return;
      yield chunk.subarray(0, count);
    }
  }

  /** The rest of a damaged file is read for its size and digest. */
  async #readToEnd(): Promise<void> {
    this.damaged = true;
    const chunk = Buffer.allocUnsafe(CHUNK);
    while ((await this.#readRaw(chunk, 0)) > 0);
  }

  async *#gunzip(): AsyncGenerator<Uint8Array> {
    const { createGunzip } = await import('node:zlib');
    const packed = Readable.from(this.#packedChunks());
    const unpacked = packed.pipe(createGunzip());
    // pipe() does not hand errors on: a file that can't be read is not one that can't be unpacked.
    packed.on('error', (error) => unpacked.destroy(error));
    try {
      const chunks: AsyncIterable<Uint8Array> = unpacked;
      yield* chunks;
    } catch (thrown) {
      if (thrown instanceof UserError) throw thrown;
      await this.#readToEnd();
    }
  }

  async *#unzstd(): AsyncGenerator<Uint8Array> {
    const ready: Uint8Array[] = [];
    const decompress = new Decompress((data) => {
      ready.push(data);
    });
    try {
      for await (const chunk of this.#packedChunks()) {
        decompress.push(chunk);
        yield* ready.splice(0);
      }
      decompress.push(new Uint8Array(0), true);
      yield* ready.splice(0);
    } catch (thrown) {
      if (thrown instanceof UserError) throw thrown;
      yield* ready.splice(0);
      await this.#readToEnd();
    }
  }
}

function joined(first: Buffer, rest: Uint8Array | undefined): Buffer {
  return rest === undefined || rest.length === 0 ? first : Buffer.concat([first, rest]);
}

/** What the beginning of a zstd file unpacks to, up to about `limit` bytes; damaged or cut, as far as it goes. */
export function unzstdHead(head: Buffer, limit: number): Buffer {
  const parts: Uint8Array[] = [];
  let length = 0;
  const decompress = new Decompress((data) => {
    parts.push(data);
    length += data.length;
    if (length >= limit) throw new RangeError('enough');
  });
  try {
    decompress.push(head);
  } catch {
    // Enough, or no more to be had.
  }
  return Buffer.concat(parts);
}

export function packingOf(head: Buffer): Packing {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  return 'plain';
}
