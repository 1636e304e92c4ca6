import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inputNames } from '../../src/ingest/input-names.ts';

test.each([
  [['/logs/src.log'], ['src.log']],
  [['-'], ['-']],
  [
    ['/logs/src.log', '/logs/dst.log'],
    ['src.log', 'dst.log'],
  ],
  [
    ['/a/base/src.log', '/a/head/src.log'],
    ['base/src.log', 'head/src.log'],
  ],
  [
    ['x/run/src.log', 'y/run/src.log'],
    ['x/run/src.log', 'y/run/src.log'],
  ],
  [
    ['src.log', 'head/src.log'],
    ['src.log', 'head/src.log'],
  ],
  [
    ['./src.log', '-'],
    ['src.log', '-'],
  ],
  [
    ['a/src.log', 'b/src.log', 'b/dst.log'],
    ['a/src.log', 'b/src.log', 'dst.log'],
  ],
])('%j', (paths, names) => {
  expect(inputNames(paths)).toEqual(names);
});

test('property: different paths below one folder have different names, each the end of its path', () => {
  const path = fc
    .array(fc.constantFrom('a', 'b', 'src.log'), { minLength: 1, maxLength: 4 })
    .map((all) => all.join('/'));
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 6 }), (paths) => {
      const names = inputNames(paths);
      expect(new Set(names).size).toBe(paths.length);
      for (const [index, name] of names.entries()) expect(`/${paths[index]}`.endsWith(`/${name}`)).toBe(true);
    }),
  );
});
