import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Stamp } from '../../src/ingest/formats/format.ts';
import { iso } from '../../src/ingest/formats/iso.ts';
import { PREFIX_FORMATS } from '../../src/ingest/formats/registry.ts';
import { tid } from '../../src/ingest/formats/tid.ts';

/** What the first format that takes the line makes of it; `behind` stands in the buffer after it. */
function readPrefix(line: string, behind = '\n') {
  const before = '1@1795396494.8067';
  const bytes = Buffer.from(before + line + behind);
  const start = before.length;
  const end = start + Buffer.byteLength(line);
  const stamp = new Stamp();
  for (const format of PREFIX_FORMATS) {
    const rest = format.read(bytes, start, end, stamp);
    if (rest >= 0) return { id: format.id, rest: bytes.toString('utf8', rest, end), ...stamp };
  }
  return undefined;
}

describe.each(PREFIX_FORMATS)('$id', ({ id, samples }) => {
  test.each(samples)('its sample: $line', ({ line, rest }) => {
    expect(readPrefix(line)).toMatchObject({ id, rest });
  });
});

test('the ids differ, and the last format takes every line', () => {
  expect(new Set(PREFIX_FORMATS.map(({ id }) => id)).size).toBe(PREFIX_FORMATS.length);
  expect(readPrefix('')).toMatchObject({ id: 'qemu-log-bare', rest: '', seconds: undefined, thread: undefined });
});

describe('fractions of the ISO stamp', () => {
  test.each([
    ['', 0],
    ['.0', 0],
    ['.5', 500_000_000],
    ['.05', 50_000_000],
    ['.123', 123_000_000],
    ['.1234', 123_400_000],
    ['.12345', 123_450_000],
    ['.000001', 1000],
    ['.999999', 999_999_000],
    ['.1234567', 123_456_700],
    ['.12345678', 123_456_780],
    ['.123456789', 123_456_789],
  ])('%j', (fraction, nanos) => {
    const read = readPrefix(`2026-11-23T01:04:40${fraction}Z migration_cleanup `);
    expect(read).toMatchObject({ id: iso.id, rest: 'migration_cleanup ', seconds: 1_795_395_880, nanos });
  });
});

test.each([
  '2026-11-23T01:04:40.Z x_y',
  '2026-11-23T01:04:40.1234567890Z x_y',
  '2026-11-23T01:04:40.123456 x_y',
  '2026-11-23T01:04:40.123456Zx_y',
  '2026-11-23T01:04:40.123456Z',
  '2026-11-23T01:04:40Z',
  '2026-11-23 01:04:40Z x_y',
  '2026-11-23T01:04:4xZ x_y',
  '202x-11-23T01:04:40Z x_y',
  '2026-11-23T01:04:40+01:00 x_y',
  '22680@1795396494.806711',
  '22680@1795396494.80671:x_y',
  '22680@1795396494.8067111:x_y',
  '22680@1795396494:x_y',
  '22680@.806711:x_y',
  '@1795396494.806711:x_y',
  '12345678901@1795396494.806711:x_y',
  '22680 @1795396494.806711:x_y',
  '22680',
  '22680@1795396494.',
])('not quite a prefix: %s', (line) => {
  // Bytes of earlier lines stand behind the last line: a format must not look at them.
  for (const behind of ['\n', ' x_y', ':x_y', '11:x_y', '@1795396494.806711:x_y', 'Z x_y']) {
    expect(readPrefix(line, behind)).toMatchObject({ id: 'qemu-log-bare', rest: line, seconds: undefined });
  }
});

test('a bare line forgets the stamp of the line before', () => {
  const stamp = new Stamp();
  const read = (line: string): void => {
    const bytes = Buffer.from(line);
    for (const format of PREFIX_FORMATS) if (format.read(bytes, 0, bytes.length, stamp) >= 0) return;
  };
  read('22680@1795396494.806711:x_y');
  expect(stamp).toMatchObject({ seconds: 1_795_396_494, nanos: 806_711_000, thread: 22_680 });
  read('2026-11-23T01:04:40Z x_y');
  expect(stamp).toMatchObject({ seconds: 1_795_395_880, nanos: 0, thread: undefined });
  read('x_y');
  expect(stamp).toMatchObject({ seconds: undefined, nanos: 0, thread: undefined });
});

describe('property: time since 1970', () => {
  const time = fc.date({
    min: new Date('1970-01-01T00:00:00Z'),
    max: new Date('2199-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  const micros = fc.nat({ max: 999_999 });

  test('of ISO stamps is that of Date.UTC', () => {
    fc.assert(
      fc.property(time, micros, (date, fraction) => {
        const line = `${date.toISOString().slice(0, 19)}.${String(fraction).padStart(6, '0')}Z x_y`;
        const seconds = Math.floor(date.getTime() / 1000);
        expect(readPrefix(line)).toMatchObject({ id: iso.id, rest: 'x_y', seconds, nanos: fraction * 1000 });
      }),
      { numRuns: 1000 },
    );
  });

  test('and thread of the older stamps are taken as they are', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 9_999_999_999 }), micros, (thread, seconds, fraction) => {
        const line = `${thread}@${seconds}.${String(fraction).padStart(6, '0')}:x_y`;
        expect(readPrefix(line)).toMatchObject({ id: tid.id, rest: 'x_y', seconds, nanos: fraction * 1000, thread });
      }),
    );
  });
});
