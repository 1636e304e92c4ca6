import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Bounded } from '../../src/base/bounded.ts';
import { systemCode } from '../../src/base/errors.ts';
import { formatBytes, formatDuration, formatSeconds } from '../../src/base/units.ts';
import { VERSION } from '../../src/base/version.ts';

test.each([
  [0, '0 B'],
  [10_239, '10239 B'],
  [10_240, '10.0 KiB'],
  [4_239_360, '4.0 MiB'],
  [268_967_936, '257 MiB'],
  [104_857_600, '100 MiB'],
  [-20_480, '-20.0 KiB'],
  [2n ** 64n - 1n, '16.0 EiB'],
])('formatBytes(%s)', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0 us'],
  [75_000, '75 us'],
  [999_000, '999 us'],
  [1_000_000, '1.000 ms'],
  [4_412_000, '4.412 ms'],
  [9_999_000_000, '9999.000 ms'],
  [10_000_000_000, '10.000 s'],
  [-4_412_000, '-4.412 ms'],
])('formatDuration(%s)', (ns, text) => {
  expect(formatDuration(ns)).toBe(text);
});

test('formatSeconds', () => {
  expect([formatSeconds(2_447_863_000), formatSeconds(0)]).toEqual(['2.447863', '0.000000']);
});

test('Bounded keeps the first and counts all', () => {
  const bounded = new Bounded<number>(2);
  for (const item of [1, 2, 3]) bounded.push(item);
  expect([bounded.items, bounded.count]).toEqual([[1, 2], 3]);
});

test('systemCode', () => {
  expect(systemCode(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
  expect(systemCode(Object.assign(new Error('x'), { code: 2 }))).toBeUndefined();
  expect(systemCode({ code: 'ENOENT' })).toBeUndefined();
});

test('the version is that of package.json', () => {
  const file = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(VERSION).toBe(file.version);
});
