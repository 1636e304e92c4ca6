/** A PNG that tells who has made it. */
import { crc32 } from 'node:zlib';

const SIGNATURE_BYTES = 8;
/** Length, type, 13 bytes, checksum: the first chunk of every PNG. */
const HEADER_BYTES = 25;

/** Puts a `Software` text behind the header. */
export function signed(png: Buffer, maker: string): Buffer {
  const body = Buffer.from(`tEXtSoftware\0${maker}`, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length - 4);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  const at = SIGNATURE_BYTES + HEADER_BYTES;
  return Buffer.concat([png.subarray(0, at), length, body, checksum, png.subarray(at)]);
}
