/** Reads mails whole: they are small, and a hunk is understood by what follows. */
import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { messageOf, systemCode, UserError } from '../base/errors.ts';
import { visible } from '../base/text.ts';

const MOST_BYTES = 256 * 2 ** 20;
/** So much tells whether it is text. */
const HEAD = 8192;

/** `path` is a file, plain or .gz (as lore hands out threads), or `-`. @throws UserError */
export function readMailFile(path: string): Uint8Array {
  if (path === '') throw new UserError('the name of a mail is empty; check the variables of your shell');
  const shown = path === '-' ? 'standard input' : visible(path);
  const bytes = unpacked(readBytes(path, shown), shown);
  if (bytes.length === 0) throw new UserError(`${shown} is empty; give a mail, an mbox or a diff`);
  if (bytes.subarray(0, HEAD).includes(0)) {
    throw new UserError(`${shown} is not text; give a mail, an mbox or a diff`);
  }
  return bytes;
}

function readBytes(path: string, shown: string): Buffer {
  try {
    if (path === '-') return readFileSync(0);
    if (statSync(path).size > MOST_BYTES) throw new UserError(tooLarge(shown));
    return readFileSync(path);
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    throw new UserError(`${shown}: ${reasonOf(thrown)}`);
  }
}

function unpacked(bytes: Buffer, shown: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
  } catch (thrown) {
    if (systemCode(thrown) === 'ERR_BUFFER_TOO_LARGE') throw new UserError(tooLarge(shown));
    throw new UserError(`${shown}: the packed data are damaged; copy the file again`);
  }
}

function tooLarge(shown: string): string {
  return `${shown}: larger than 256 MiB; give the mails of one series`;
}

function reasonOf(thrown: unknown): string {
  switch (systemCode(thrown)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file; check the path';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied; make the file readable for you';
    case 'EISDIR':
      return 'is a directory; name the mails in it';
    default:
      return `can't be read (${systemCode(thrown) ?? messageOf(thrown)}); check the path`;
  }
}
