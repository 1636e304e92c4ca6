/**
 * The binary log of QEMU's `simple` trace back end (trace/simple.c), version 4:
 *
 *     header   u64 all ones, u64 magic, u64 version
 *     then records, each behind a u64 type:
 *     0        u64 event id, u32 length, name: what the id stands for
 *     1        u64 event id, u64 time, u32 length of the record from the id on, u32 process id, arguments
 *
 * A number or a pointer takes 8 bytes, a text a u32 length and its bytes; the
 * host's byte order throughout. Times are of the host's monotonic clock.
 */
import { normalise, type Uint64 } from '../../base/uint64.ts';

export const HEADER_BYTES = 24;
export const TYPE_BYTES = 8;
/** Of a record of type 0 behind its type, without the name. */
export const MAPPING_BYTES = 12;
/** Of a record of type 1 behind its type, without the arguments. */
export const EVENT_BYTES = 24;

/** What trace/simple.c buffers before the file: it drops events when so many bytes of records are not yet written. */
export const RING_BYTES = 256 * 1024;
/** Longest record that is believed: texts are cut at 512 bytes, and no event has many. */
export const MAX_RECORD_BYTES = 64 * 1024;
export const MAX_NAME_BYTES = 200;

const ALL_ONES = 2n ** 64n - 1n;
/** The id of a record that counts the events dropped before it was written. */
export const DROPPED_ID = ALL_ONES - 1n;
const MAGIC = 0xf2b177cb0aa429b4n;
export const VERSION = 4;

export interface ByteOrder {
  u32(bytes: Buffer, at: number): number;
  u64(bytes: Buffer, at: number): Uint64;
}

const TWO_32 = 2 ** 32;
/** High halves of the values that a `number` holds exactly. */
const SAFE_HIGH = 2 ** 21;

const LITTLE: ByteOrder = {
  u32: (bytes, at) => bytes.readUInt32LE(at),
  u64: (bytes, at) => {
    const high = bytes.readUInt32LE(at + 4);
    return high < SAFE_HIGH ? high * TWO_32 + bytes.readUInt32LE(at) : normalise(bytes.readBigUInt64LE(at));
  },
};

const BIG: ByteOrder = {
  u32: (bytes, at) => bytes.readUInt32BE(at),
  u64: (bytes, at) => normalise(bytes.readBigUInt64BE(at)),
};

/** The type and the id of a record that counts dropped events. */
export function droppedMark(order: ByteOrder): Buffer {
  const mark = Buffer.alloc(16);
  if (order === LITTLE) {
    mark.writeBigUInt64LE(1n);
    mark.writeBigUInt64LE(DROPPED_ID, 8);
  } else {
    mark.writeBigUInt64BE(1n);
    mark.writeBigUInt64BE(DROPPED_ID, 8);
  }
  return mark;
}

/** The byte order that the header at `at` shows; undefined when there is none. */
export function headerOrder(bytes: Buffer, at: number): ByteOrder | undefined {
  if (bytes.length < at + 16 || bytes.readBigUInt64LE(at) !== ALL_ONES) return undefined;
  if (bytes.readBigUInt64LE(at + 8) === MAGIC) return LITTLE;
  return bytes.readBigUInt64BE(at + 8) === MAGIC ? BIG : undefined;
}
