/** Two versions of a series: what changed, and whether the lines of each comment did. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ChosenVersions, chooseVersions, type NamedInput } from '../../src/review/versions/choose-versions.ts';
import { ROOT } from '../cli/program.ts';

function input(name: string): NamedInput {
  return { name, bytes: readFileSync(join(ROOT, 'fixtures', 'patches', name)) };
}

const text = (name: string, content: string): NamedInput => ({ name, bytes: Buffer.from(content) });
const compare = ({ base }: ChosenVersions) => base?.comparison;

describe('the thread and its second version', async () => {
  const chosen = await chooseVersions([input('v2.mbox'), input('thread.mbox')], undefined);
  const comparison = compare(chosen);

  test('the subjects tell which is newer, whatever the order', () => {
    expect(chosen.head.names).toEqual(['v2.mbox']);
    expect(chosen.base?.names).toEqual(['thread.mbox']);
  });

  test('patches by their titles', () => {
    expect(
      comparison?.patches.map(({ change, older, newer, messageChanged }) => [change, older, newer, messageChanged]),
    ).toEqual([
      ['changed', 0, 0, true],
      ['changed', 1, 1, true],
      ['new', undefined, 2, false],
    ]);
  });

  test('hunks by what they say, not by line numbers', () => {
    const hunks = comparison?.patches.flatMap((patch) =>
      patch.hunks.map(({ change, older, newer }) => [change, older?.path, older?.hunk, newer?.path, newer?.hunk]),
    );
    expect(hunks).toEqual([
      ['changed', 'core/queue.c', 0, 'core/queue.c', 0],
      ['changed', 'core/queue.c', 1, 'core/queue.c', 1],
      ['unchanged', 'core/queue.h', 0, 'core/queue.h', 0],
      ['changed', 'core/trace-events', 0, 'core/trace-events', 0],
      ['moved', 'core/trace-events', 0, 'core/trace-events', 0],
      ['dropped', 'devices/fan.c', 0, undefined, undefined],
      ['changed', 'devices/lamp.c', 0, 'devices/lamp.c', 0],
      ['unchanged', 'docs/new n\u00e4me.txt', 0, 'docs/new n\u00e4me.txt', 0],
      ['new', undefined, undefined, 'docs/new n\u00e4me.txt', 0],
    ]);
  });

  test('the lines of each comment', () => {
    const fates = comparison?.comments.map(({ lines, line, comment }) => [comment.path, comment.line, lines, line]);
    expect(fates).toEqual([
      [undefined, undefined, 'changed', undefined],
      [undefined, undefined, 'changed', undefined],
      [undefined, undefined, 'changed', undefined],
      [undefined, undefined, 'changed', undefined],
      ['core/queue.c', 21, 'changed', 23],
      ['core/queue.c', 21, 'changed', 23],
      ['core/queue.c', 46, 'changed', 46],
      ['core/queue.c', 52, 'gone', undefined],
      ['devices/fan.c', undefined, 'gone', undefined],
      ['devices/lamp.c', 6, 'changed', 7],
    ]);
  });
});

describe('what is compared at all', () => {
  const PATCH = input('0001-last-query.patch');

  test('a patch and a reply that quotes it are one version', async () => {
    const { base, head } = await chooseVersions([PATCH, input('review-reply.eml')], undefined);
    expect(base).toBeUndefined();
    expect(head.series.patches).toHaveLength(1);
  });

  test('the same patch twice is one patch', async () => {
    const { base, head } = await chooseVersions([PATCH, PATCH], undefined);
    expect(base).toBeUndefined();
    expect(head.series.patches).toHaveLength(1);
  });

  test('two patches of one series are one version', async () => {
    const { base, head } = await chooseVersions([PATCH, input('0002-devices.patch')], undefined);
    expect(base).toBeUndefined();
    expect(head.series.patches).toHaveLength(2);
  });

  test('the same files changed in another way are two versions, the first being the older', async () => {
    const old = text('old.diff', readFileSync(join(ROOT, 'fixtures', 'patches', 'plain.diff'), 'utf8'));
    const changed = text(
      'new.diff',
      Buffer.from(old.bytes).toString().replace('+        queue_unlock(q);', '+        queue_release(q);'),
    );
    const { base, head } = await chooseVersions([old, changed], undefined);
    expect([base?.names, head.names]).toEqual([['old.diff'], ['new.diff']]);
    expect(base?.comparison.patches[0]?.hunks.map(({ change }) => change)).toEqual([
      'unchanged',
      'changed',
      'unchanged',
      'unchanged',
    ]);
  });

  test('--against says it in any case', async () => {
    const { base } = await chooseVersions([PATCH], PATCH);
    expect(base?.comparison.patches.map(({ change }) => change)).toEqual(['unchanged']);
  });

  test('two versions in one mbox', async () => {
    const both = text(
      'both.mbox',
      ['thread.mbox', 'v2.mbox'].map((name) => Buffer.from(input(name).bytes).toString()).join('\n'),
    );
    const { base, head } = await chooseVersions([both], undefined);
    expect([base?.series.patches.length, head.series.patches.length]).toEqual([2, 3]);
    expect(base?.comparison.comments).toHaveLength(10);
    expect(head.series.comments.filter(({ patch }) => patch !== undefined)).toEqual([]);
  });
});

describe('lines of a comment', () => {
  const patch = (lines: readonly string[]): string => {
    const [oldLines, newLines] = [' -', ' +'].map(
      (marks) => lines.filter((line) => marks.includes(line[0] ?? '')).length,
    );
    return [
      'diff --git a/a.c b/a.c',
      '--- a/a.c',
      '+++ b/a.c',
      `@@ -1,${oldLines} +1,${newLines} @@ f(void)`,
      ...lines,
    ].join('\n');
  };
  const LINES = [' one();', ' two();', '+three();', '+four();', ' five();', '-six();', ' seven();'];
  const commented = text(
    'v1.eml',
    [
      'From: Bo <bo@example.org>',
      'Subject: Re: [PATCH] a',
      '',
      'On Mon, 2 Mar 2026 10:00:00 +0000, Ada wrote:',
      ...patch(LINES.slice(0, 4))
        .replace('-1,2 +1,4', '-1,5 +1,6')
        .split('\n')
        .map((line) => `> ${line}`),
      '',
      'Why?',
      '',
      ...LINES.slice(4).map((line) => `> ${line}`),
    ].join('\n'),
  );

  async function fate(lines: readonly string[]) {
    const chosen = await chooseVersions([text('v2.diff', patch(lines))], commented);
    return compare(chosen)?.comments.map((one) => [one.lines, one.line]);
  }

  test.each([
    ['as they were', LINES, 'unchanged', 4],
    ['as they were, others changed', [...LINES.slice(0, 5), '-eight();', ' seven();'], 'unchanged', 4],
    ['moved down with the hunk', [' zero();', ...LINES], 'unchanged', 5],
    ['one put between', [...LINES.slice(0, 3), '+new();', ...LINES.slice(3)], 'changed', 5],
    ['one put below', [...LINES.slice(0, 4), '+new();', ...LINES.slice(4)], 'changed', 4],
    ['one put above', [...LINES.slice(0, 2), '+new();', ...LINES.slice(2)], 'changed', 5],
    ['the line itself rewritten', [...LINES.slice(0, 3), '+four(4);', ...LINES.slice(4)], 'changed', 3],
    ['all of them dropped', [' one();', ' two();', ' five();', '-six();', ' seven();'], 'gone', undefined],
  ])('%s', async (_name, lines, expected, line) => {
    expect(await fate(lines)).toEqual([[expected, line]]);
  });
});
