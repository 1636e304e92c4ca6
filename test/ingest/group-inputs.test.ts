import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { groupInputs } from '../../src/ingest/group-inputs.ts';
import { bytesOf, type Content, groupNames, inFolder } from './support.ts';

/** A log from one second to another of one minute. */
function log(from: number, to: number): readonly string[] {
  return [from, to].map((second) => `2026-11-23T01:00:${String(second).padStart(2, '0')}Z migration_cleanup `);
}

/** The groups of these files, given in this order. */
function grouped(files: Readonly<Record<string, Content>>, given = Object.keys(files)) {
  return inFolder(files, (path) => groupNames(given.map(path)));
}

describe('a set of threads', () => {
  test('the number in the name is the thread', async () => {
    expect(await grouped({ 'LOG.15221': log(0, 9), 'LOG.15005': log(1, 5) })).toEqual([
      '15221:LOG.15221 15005:LOG.15005',
    ]);
    expect(await grouped({ 'src-9600.log': log(0, 9), 'src-9651.log': log(1, 5) })).toEqual([
      '9600:src-9600.log 9651:src-9651.log',
    ]);
    expect(await grouped({ '7.log': log(0, 9), '8.log': log(9, 10) })).toEqual(['7:7.log 8:8.log']);
  });

  test('with the older stamps', async () => {
    const old = (second: number) => [
      `1@${second}.000000:migration_cleanup `,
      `1@${second + 5}.000000:migration_cleanup `,
    ];
    expect(await grouped({ 'L.1': old(1_795_396_494), 'L.2': old(1_795_396_496) })).toEqual(['1:L.1 2:L.2']);
    expect(await grouped({ 'L.1': old(1_795_396_494), 'L.2': old(1_795_396_500) })).toEqual(['-:L.1', '-:L.2']);
  });

  test('only the last number tells sets apart', async () => {
    const all = { 'src-1.2': log(0, 9), 'src-1.3': log(0, 9), 'dst-1.2': log(0, 9), 'dst-1.3': log(0, 9) };
    expect(await grouped(all)).toEqual(['2:src-1.2 3:src-1.3', '2:dst-1.2 3:dst-1.3']);
  });

  test('hangs together by its times, one thread after the other', async () => {
    expect(await grouped({ 'L.1': log(0, 3), 'L.2': log(6, 9), 'L.3': log(2, 7) })).toEqual(['1:L.1 2:L.2 3:L.3']);
    expect(await grouped({ 'L.1': log(0, 3), 'L.2': log(6, 9), 'L.3': log(2, 5) })).toEqual(['1:L.1 3:L.3', '-:L.2']);
  });

  test('keeps its place and its order among the inputs', async () => {
    const files = { 'L.2': log(0, 9), 'dst.log': log(0, 9), 'L.1': log(1, 2), 'other.log': log(0, 9) };
    expect(await grouped(files)).toEqual(['2:L.2 1:L.1', '-:dst.log', '-:other.log']);
  });

  test('is read at its beginning and its end alone', async () => {
    const middle = Array.from({ length: 3000 }, () => `2026-11-23T01:00:05Z ${'x_y '.repeat(20)}`);
    expect(
      await grouped({ 'L.1': ['qemu-system-x86_64: x', ...log(0, 1), ...middle, ...log(8, 9)], 'L.2': log(9, 9) }),
    ).toEqual(['1:L.1 2:L.2']);
  });
});

describe('no set', () => {
  test.each<[string, Readonly<Record<string, Content>>]>([
    ['runs one after the other', { 'run1.log': log(0, 3), 'run2.log': log(4, 9) }],
    ['two numbers differ', { 'a1-1.log': log(0, 9), 'a2-2.log': log(0, 9) }],
    ['the words differ', { 'src-1.log': log(0, 9), 'dst-1.log': log(0, 9) }],
    ['no number', { 'a.log': log(0, 9), 'b.log': log(0, 9) }],
    ['no time stamps', { 'L.1': ['migration_cleanup '], 'L.2': ['migration_cleanup '] }],
    ['one without time stamps', { 'L.1': log(0, 9), 'L.2': ['migration_cleanup '] }],
    ['an empty one', { 'L.1': log(0, 9), 'L.2': '' }],
  ])('%s', async (_, files) => {
    expect(await grouped(files)).toEqual(Object.keys(files).map((name) => `-:${name}`));
  });

  test('one name in folders whose numbers differ, at different times', async () => {
    await inFolder({}, (path) => {
      for (const [folder, from] of [
        ['run1', 0],
        ['run2', 10],
      ] as const) {
        mkdirSync(path(folder));
        writeFileSync(path(`${folder}/src.log`), bytesOf(log(from, from + 5)));
      }
      expect(groupNames([path('run1/src.log'), path('run2/src.log')])).toEqual(['-:src.log', '-:src.log']);
    });
  });

  test('mails of one thread', async () => {
    const mail = (lines: readonly string[]) => ['From: a', 'Subject: b', '', ...lines];
    expect(await grouped({ '1.eml': mail(log(0, 9)), '2.eml': mail(log(0, 9)) })).toEqual(['-:1.eml', '-:2.eml']);
  });

  test('standard input beside anything', async () => {
    await inFolder({ 'L.1': log(0, 9) }, (path) => {
      expect(groupNames(['-', path('L.1')])).toEqual(['-:-', '-:L.1']);
    });
  });
});

describe('the pattern given to QEMU', () => {
  const files = {
    'LOG.9': log(0, 9),
    'LOG.10': log(0, 9),
    'LOG.10.old': log(0, 9),
    'xLOG.3': log(0, 9),
    'LOG.': log(0, 9),
  };

  test('stands for its files, by number', async () => {
    expect(await grouped(files, ['LOG.%d'])).toEqual(['9:LOG.9 10:LOG.10']);
  });

  test('its other characters mean themselves', async () => {
    expect(await grouped({ 'a+b.1': log(0, 9), 'aab.1': log(0, 9) }, ['a+b.%d'])).toEqual(['-:a+b.1']);
  });

  test('that fits nothing is refused', async () => {
    await inFolder(files, (path) => {
      expect(() => groupInputs([path('log.%d')])).toThrow(UserError);
    });
  });

  // The pattern takes packed files, so they must make a set like the others.
  test('of packed logs', async () => {
    const packed = { 'LOG.1.gz': gzipSync(bytesOf(log(0, 9))), 'LOG.2.gz': gzipSync(bytesOf(log(1, 5))) };
    expect(await grouped(packed, ['LOG.%d'])).toEqual(['1:LOG.1.gz 2:LOG.2.gz']);
  });
});

test('what is named twice, by a link or a longer way, is read once', async () => {
  await inFolder({ 'a.log': '', 'b.log': '' }, (path) => {
    symlinkSync(path('a.log'), path('link.log'));
    mkdirSync(path('folder'));
    const again = `${path('folder')}/../a.log`;
    const named = (paths: readonly string[]) => groupInputs(paths).map((group) => group.map((input) => input.path));
    expect(named([path('a.log'), path('b.log'), path('a.log'), path('link.log'), again, '-', '-'])).toEqual([
      [path('a.log')],
      [path('b.log')],
      ['-'],
    ]);
    expect(named([path('link.log'), path('a.log')])).toEqual([[path('link.log')]]);
  });
});

test('a pattern and one of its files', async () => {
  expect(await grouped({ 'L.1': log(0, 9), 'L.2': log(0, 9) }, ['L.%d', 'L.2'])).toEqual(['1:L.1 2:L.2']);
});
