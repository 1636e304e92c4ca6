import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DigestBuilder } from '../../src/ingest/digest.ts';
import { readItems } from './support.ts';

const MIB = 1024 * 1024;

const sha256 = (...parts: readonly (Buffer | string)[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

/** Bytes of which no two MiB are alike. */
const pattern = Buffer.from(Uint32Array.from({ length: 66 * (MIB / 4) }, (_, index) => index * 2_654_435_761).buffer);

function digestOf(length: number, chunk: number, full = false, expected?: number) {
  const builder = new DigestBuilder(full, expected);
  for (let at = 0; at < length; at += chunk) builder.update(pattern.subarray(at, Math.min(length, at + chunk)));
  expect(builder.bytes).toBe(length);
  return builder.finish();
}

test.each([0, 1, MIB, 5 * MIB, 64 * MIB])('%i bytes: of all of them', (length) => {
  expect(digestOf(length, 256 * 1024)).toEqual({ kind: 'sha256', hex: sha256(pattern.subarray(0, length)) });
});

describe('above 64 MiB: of the first MiB, the last MiB and the length', () => {
  const ends = (length: number) =>
    sha256(pattern.subarray(0, MIB), pattern.subarray(length - MIB, length), String(length));

  test.each([
    [64 * MIB + 1, 256 * 1024],
    [64 * MIB + 1, 100_003],
    [64 * MIB + MIB / 2, 256 * 1024],
    [65 * MIB, 256 * 1024],
    [65 * MIB + 12_345, 3 * MIB + 7],
  ])('%i bytes in chunks of %i', (length, chunk) => {
    expect(digestOf(length, chunk)).toEqual({ kind: 'sha256-ends', hex: ends(length) });
    expect(digestOf(length, chunk, false, length), 'of a file').toEqual({ kind: 'sha256-ends', hex: ends(length) });
    const grown = digestOf(length, chunk, false, length - 12_345);
    expect(grown, 'of a file that grows').toEqual({ kind: 'sha256-ends', hex: ends(length) });
  });

  test('unless the full one is asked for', () => {
    const length = 64 * MIB + 1;
    expect(digestOf(length, MIB, true, length)).toEqual({ kind: 'sha256', hex: sha256(pattern.subarray(0, length)) });
  });
});

test('an input has that of its file', async () => {
  const content = Buffer.from('2026-11-23T01:04:40Z migration_cleanup \nnot read as anything');
  expect((await readItems(content)).facts.digest).toEqual({ kind: 'sha256', hex: sha256(content) });
});
