/** A series of mails: patches in order, replies at their patch, each comment once and at its place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSeries } from '../../src/review/read-series.ts';
import { ROOT } from '../cli/program.ts';

const fixture = (name: string): Buffer => readFileSync(join(ROOT, 'fixtures', 'patches', name));
const [ADA, BO, CY] = ['Ada Example', 'Bo Review', 'Cy Example'];

describe('an mbox with cover letter, two patches and four replies', async () => {
  const series = await readSeries(fixture('thread.mbox'));

  test('two patches in order, as they were posted', () => {
    expect(
      series.patches.map(({ number, total, headers }) => [number, total, headers.messageId, headers.from]),
    ).toEqual([
      [1, 2, '<patch.1@example.org>', 'Ada Example <ada@example.org>'],
      [2, 2, '<patch.2@example.org>', 'Ada Example <ada@example.org>'],
    ]);
    expect(series.patches[0]?.headers).toMatchObject({
      subject: '[PATCH 1/2] core/queue: Tell the last query from the others',
      to: ['list@example.org'],
      cc: ['Bo Review <bo@example.org>'],
      references: ['<cover.1@example.org>'],
      date: 'Mon, 2 Mar 2026 10:00:00 +0000',
    });
    expect(series.cover?.headers.subject).toBe('[PATCH 0/2] core/queue: One last query');
    expect(series.cover?.message).toMatch(/^The last query of the pending bytes/);
    expect(series.problems).toEqual([]);
  });

  test('lines of the message that look like a diff are no file', () => {
    expect(series.patches[0]?.files.map(({ path }) => path)).toEqual([
      'core/queue.c',
      'core/queue.h',
      'core/trace-events',
    ]);
    expect(series.patches[0]?.message).toContain('-this is not a hunk of this patch');
  });

  test('renames, modes, binaries, new files and quoted names', () => {
    expect(series.patches[1]?.files.map(({ path, oldPath, change }) => [path, oldPath, change])).toEqual([
      ['core/queue.h', 'core/queue.h', 'mode'],
      ['core/trace-events', 'core/trace-events', 'modified'],
      ['devices/fan.c', 'devices/fan.c', 'added'],
      ['devices/lamp.c', 'devices/lamp.c', 'modified'],
      ['docs/logo.bin', 'docs/logo.bin', 'binary'],
      ['docs/new n\u00e4me.txt', 'docs/old-name.txt', 'renamed'],
    ]);
  });

  test('every comment once, by its author, at its place', () => {
    const found = series.comments.map(({ author, patch, path, hunk, line, text }) => [
      author,
      patch,
      path,
      hunk,
      line,
      text.slice(0, 28),
    ]);
    expect(found).toEqual([
      [BO, undefined, undefined, undefined, undefined, 'Which lock?'],
      [BO, 0, undefined, undefined, undefined, 'Does the caller always know?'],
      [BO, 0, undefined, undefined, undefined, 'Otherwise it looks good to m'],
      [ADA, 0, undefined, undefined, undefined, 'Good point, will do.'],
      [BO, 0, 'core/queue.c', 0, 21, 'Seven arguments, are all of '],
      [ADA, 0, 'core/queue.c', 0, 21, 'The flags are, the head and '],
      [BO, 0, 'core/queue.c', 1, 46, '[a]'],
      [BO, 0, 'core/queue.c', 1, 52, 'The same condition as in [a]'],
      [CY, 1, 'devices/fan.c', undefined, undefined, 'Is this file needed at all?'],
      [CY, 1, 'devices/lamp.c', 0, 6, 'This loses what the lamp cou'],
    ]);
  });

  test('folded by format=flowed and whole again', () => {
    const answer = series.comments.find(({ text }) => text.startsWith('The flags'));
    expect(answer?.text).toMatch(/in the next version, and keep the others\.$/);
  });

  test('the lines of a mail that is not encoded are told', () => {
    const lines = fixture('thread.mbox').toString().split('\n');
    const lock = series.comments.find(({ text }) => text === 'Which lock?');
    expect(lines[(lock?.inputLine ?? 0) - 1]).toBe('Which lock?');
    const first = series.patches[0]?.files[0]?.hunks[0]?.lines.find(({ kind }) => kind === 'added');
    expect(lines[(first?.inputLine ?? 0) - 1]).toMatch(/^\+ {4}trace_queue_push/);
  });
});

test.each([
  'thread.mbox',
  'v2.mbox',
  'review-reply.eml',
  '0002-devices.patch',
  'archive-page.txt',
  'plain.diff',
])('%s: every line is patch, message, comment or header', async (name) => {
  const { patch, message, comment, header } = (await readSeries(fixture(name))).lineCounts;
  expect(patch + message + comment + header).toBe(fixture(name).toString().split('\n').length - 1);
});

describe('a reply alone', async () => {
  const series = await readSeries(fixture('review-reply.eml'));

  test('holds the patch that it quotes, by the one who wrote it', () => {
    const [patch] = series.patches;
    expect(patch?.headers).toMatchObject({
      subject: '[PATCH 1/2] core/queue: Tell the last query from the others',
      from: ADA,
      messageId: '<patch.1@example.org>',
    });
    expect(patch?.mail.messageId).toBe('<review.1@example.org>');
    expect(patch?.files.map(({ additions, deletions }) => [additions, deletions])).toEqual([
      [9, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(series.comments.map(({ author }) => author)).toEqual([BO, BO, BO, BO, BO]);
  });

  test('beside its patch: one patch, the posted one', async () => {
    const both = await readSeries([fixture('review-reply.eml'), fixture('0001-last-query.patch')]);
    expect(both.patches).toHaveLength(1);
    expect(both.patches[0]?.headers.from).toBe('Ada Example <ada@example.org>');
    expect(both.comments.map(({ path, line, input }) => [path, line, input])).toEqual([
      [undefined, undefined, 0],
      [undefined, undefined, 0],
      ['core/queue.c', 21, 0],
      ['core/queue.c', 46, 0],
      ['core/queue.c', 52, 0],
    ]);
  });

  test('that leaves lines of a hunk out: its comment finds the place in the posted patch', async () => {
    const reply = [
      'From: Bo Review <bo@example.org>',
      'Subject: Re: [PATCH 1/2] core/queue: Tell the last query from the others',
      'In-Reply-To: <patch.1@example.org>',
      '',
      '> @@ -38,11 +39,18 @@ Page *queue_pop(PageQueue *q)',
      '[...]',
      '> +    if (exact && !last) {',
      '> +        queue_unlock(q);',
      '',
      'And who takes it again?',
    ].join('\n');
    const { comments, patches } = await readSeries([fixture('0001-last-query.patch'), reply]);
    expect(patches).toHaveLength(1);
    expect(comments.at(-1)).toMatchObject({
      author: BO,
      text: 'And who takes it again?',
      path: 'core/queue.c',
      hunk: 1,
      line: 52,
    });
  });
});

test('patches come in the order of their numbers, series by series; one without a number where it stood', async () => {
  const patch = (tag: string, title: string): string =>
    `From: a@example.org\nSubject: [${tag}] ${title}\n\n--- a/${title}.c\n+++ b/${title}.c\n@@ -1 +1 @@\n-a\n+b\n`;
  const mails = [
    patch('PATCH 2/2', 'two'),
    patch('PATCH', 'fix'),
    patch('PATCH 1/2', 'one'),
    patch('PATCH v2 1/2', 'next'),
    patch('PATCH 3/3', 'other-three'),
    patch('PATCH 1/3', 'other-one'),
  ];
  const { patches } = await readSeries(mails);
  expect(patches.map(({ headers }) => headers.subject.replace(/^\[.*\] /, ''))).toEqual([
    'one',
    'two',
    'fix',
    'other-one',
    'other-three',
    'next',
  ]);
});

describe('a reply', () => {
  const POSTED = fixture('0001-last-query.patch');
  const HEAD = [
    'From: Bo Review <bo@example.org>',
    'Subject: Re: [PATCH 1/2] core/queue: Tell the last query from the others',
    'Message-ID: <own@example.org>',
    'In-Reply-To: <patch.1@example.org>',
    '',
  ];
  const OWN = [
    'diff --git a/core/queue.c b/core/queue.c',
    '--- a/core/queue.c',
    '+++ b/core/queue.c',
    '@@ -1 +1 @@',
    '-a',
    '+b',
  ];

  test('with a diff of its own and nothing quoted: a second patch, by its sender', async () => {
    const { patches } = await readSeries([POSTED, [...HEAD, 'How about this?', '', ...OWN].join('\n')]);
    expect(patches.map(({ headers, files }) => [headers.from, headers.messageId, files.length])).toEqual([
      ['Ada Example <ada@example.org>', '<patch.1@example.org>', 3],
      ['Bo Review', '<own@example.org>', 1],
    ]);
  });

  test('with a diff of its own below a quoted hunk: the diff is what it says there', async () => {
    const reply = [
      ...HEAD,
      '> @@ -38,11 +39,18 @@ Page *queue_pop(PageQueue *q)',
      '> +    if (exact && !last) {',
      '> +        queue_lock(q);',
      '',
      'How about this?',
      '',
      ...OWN,
    ].join('\n');
    const { patches, comments } = await readSeries([POSTED, reply]);
    expect(patches).toHaveLength(1);
    expect(comments.map(({ author, line, text }) => [author, line, text])).toEqual([
      [BO, 46, ['How about this?', '', ...OWN].join('\n')],
    ]);
  });

  test('to a reply, by address alone: the comment is its author’s, and there once', async () => {
    const first = [...HEAD, '> +    if (exact && !last) {', '', 'Which lock is that?', ''].join('\n');
    const second = [
      'From: Ada Example <ada@example.org>',
      'Subject: Re: [PATCH 1/2] core/queue: Tell the last query from the others',
      'In-Reply-To: <own@example.org>',
      '',
      'On 2026-03-02 10:00, bo@example.org wrote:',
      '>> @@ -38,11 +39,18 @@ Page *queue_pop(PageQueue *q)',
      '>> +    if (exact && !last) {',
      '> Which lock is that?',
      '',
      'The one of the queue.',
      '',
      '_______________________________________________',
      'list mailing list',
      'list@example.org',
    ].join('\n');
    const { comments } = await readSeries([POSTED, first, second]);
    expect(comments.map(({ author, line, text }) => [author, line, text])).toEqual([
      [BO, 45, 'Which lock is that?'],
      [ADA, 45, 'The one of the queue.'],
    ]);
  });
});

test('a page without marks: who speaks is told by the turns, and said to be', async () => {
  const { patches, comments } = await readSeries(fixture('archive-page.txt'));
  expect(patches[0]?.files.map(({ path, additions, deletions }) => [path, additions, deletions])).toEqual([
    ['core/queue.c', 9, 1],
    ['core/queue.h', 1, 1],
    ['core/trace-events', 1, 1],
  ]);
  expect(comments.map(({ author, line, authorFrom, text }) => [author, line, authorFrom, text.slice(0, 18)])).toEqual([
    [BO, 21, 'turns', 'Seven arguments, a'],
    [ADA, 21, 'turns', 'The flags are, the'],
    [BO, 21, 'turns', 'Then please say in'],
    [ADA, 21, 'turns', 'Sure, will do that'],
    [BO, 21, 'turns', 'And a shorter name'],
    [BO, 46, 'turns', 'Please take the lo'],
    [ADA, 46, 'turns', 'Good point, will d'],
  ]);
});

test('the page and the patch say the same', async () => {
  const [page, patch] = [
    await readSeries(fixture('archive-page.txt')),
    await readSeries(fixture('0001-last-query.patch')),
  ];
  const textOf = ({ patches }: typeof page): unknown =>
    patches[0]?.files.map(({ hunks }) => hunks.map(({ lines }) => lines.map(({ kind, text }) => [kind, text])));
  expect(textOf(page)).toEqual(textOf(patch));
});
