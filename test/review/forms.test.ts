/** Inputs in the forms in which they come; each holds the patch of one fixture. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSeries } from '../../src/review/read-series.ts';
import { ROOT } from '../cli/program.ts';

const PATCH = readFileSync(join(ROOT, 'fixtures', 'patches', '0001-last-query.patch'), 'utf8');
const BODY = PATCH.slice(PATCH.indexOf('\n\n') + 2);
const DIFF = BODY.slice(BODY.indexOf('\ndiff --git') + 1, BODY.lastIndexOf('-- \n'));
const REPLY = [
  'From: Bo Review <bo@example.org>',
  'Subject: Re: [PATCH 1/2] core/queue: Tell the last query from the others',
];
const [EVENT] = DIFF.split('\n').filter((line) => line.startsWith('+    trace_queue_push'));

const quoted = (text: string, marks = '> '): string => text.trimEnd().replace(/^/gm, marks);
const behindEvent = (text: string, words: string, marks = ''): string =>
  text.replace(`${marks}${EVENT}\n`, (line) => `${line}${words}\n`);
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const textOf = (series: Awaited<ReturnType<typeof readSeries>>): unknown =>
  series.patches.map(({ files }) =>
    files.map(({ path, hunks }) => [path, hunks.map(({ lines }) => lines.map(({ kind, text }) => [kind, text]))]),
  );

const FORMS: readonly (readonly [string, string])[] = [
  [
    'git show',
    `commit 1234567890123456\nAuthor: Ada Example <ada@example.org>\nDate:   Mon Mar 2\n\n    A title\n\n    Words.\n\n${DIFF}`,
  ],
  ['a page of a list', `[PATCH 1/2] A title\n\nAda Example ada at example.org\nMon Mar 2 10:00:00 UTC 2026\n\n${BODY}`],
  ['git diff --no-prefix', DIFF.replace(/ [ab]\//g, ' ')],
  ['a diff without git', DIFF.replace(/^(?:diff --git|index) .*\n/gm, '')],
  [
    'svn diff',
    DIFF.replace(/^diff --git a\/(\S+) .*\nindex .*$/gm, `Index: $1\n${'='.repeat(67)}`).replace(
      /^(--- |\+\+\+ )[ab]\/(\S+)/gm,
      '$1$2\t(revision 1)',
    ),
  ],
  [
    'a mail that is HTML alone',
    [
      ...REPLY,
      'Content-Type: text/html; charset=utf-8',
      '',
      `<html><body><pre>${escaped(quoted(BODY))}</pre></body></html>`,
    ].join('\n'),
  ],
  [
    'a saved page with block quotes',
    `<!DOCTYPE html><html><head><title>x</title><style>p { a: b }</style></head><body><p>Hi,</p><blockquote><pre>${escaped(BODY)}</pre></blockquote><script>x()</script></body></html>`,
  ],
  ['with a byte order mark', `\ufeff${PATCH}`],
  ['doubled CR', PATCH.replaceAll('\n', '\r\r\n')],
  ['old Mac line ends', PATCH.replaceAll('\n', '\r')],
  ['blanks as no-break spaces', DIFF.replace(/^ {2}/gm, ' \u00a0')],
];

describe('every form holds the same patch', async () => {
  const expected = textOf(await readSeries(DIFF));

  test.each(FORMS)('%s', async (_name, text) => {
    const series = await readSeries(text);
    expect(textOf(series)).toEqual(expected);
    expect(series.problems).toEqual([]);
  });
});

describe('what a form tells of its author', () => {
  test('git show', async () => {
    const { patches } = await readSeries(FORMS[0]?.[1] ?? '');
    expect(patches[0]).toMatchObject({
      headers: { from: 'Ada Example <ada@example.org>', subject: 'A title' },
      message: 'Words.',
    });
  });

  test('a From: line above the message', async () => {
    const { patches } = await readSeries(PATCH.replace('\n\n', '\n\nFrom: Cy Example <cy@example.org>\n\n'));
    expect(patches[0]?.headers.from).toBe('Cy Example <cy@example.org>');
    expect(patches[0]?.message).toMatch(/^The last query/);
  });

  test('headers inside of the text, nothing quoted: the answer is its sender’s', async () => {
    const above = ['Hi Ada,', '', 'one comment inline.', '', '-----Original Message-----'];
    const inner = [
      'From: Ada Example <ada@example.org>',
      'Sent: Monday, March 2, 2026 11:00 AM',
      'To: list@example.org',
      'Subject: [PATCH 1/2] x',
      '',
    ];
    const mail = [...REPLY, '', ...above, ...inner, behindEvent(BODY, 'This needs the lock.')].join('\n');
    const { patches, comments } = await readSeries(mail);
    expect(patches[0]?.headers.from).toBe('Ada Example');
    expect(comments.map(({ author, authorFrom, line, text }) => [author, authorFrom, line, text])).toEqual([
      ['Bo Review', 'mail', undefined, 'one comment inline.'],
      ['Bo Review', 'mail', 21, 'This needs the lock.'],
    ]);
  });

  test('“X wrote:” in the message of a posted patch nests nothing', async () => {
    const said = 'As Bo Review wrote:\n\nOn Mon, 2 Mar 2026 10:00:00 +0000, Bo Review wrote:\nit waits for itself.\n\n';
    const { patches, comments } = await readSeries(PATCH.replace('\n\n', `\n\n${said}`));
    expect(patches[0]?.headers).toMatchObject({
      from: 'Ada Example <ada@example.org>',
      messageId: '<patch.1@example.org>',
    });
    expect(comments).toEqual([]);
  });

  test('the heading of a page names who answers', async () => {
    const heading = ['[list] Re: a patch', '', 'Cy Example Tue, 03 Mar 2026 10:00:00 -0700', ''];
    const above = 'On Mon, 2 Mar 2026 10:00:00 +0000, Ada Example wrote:';
    const { comments } = await readSeries([...heading, above, behindEvent(BODY, 'This needs the lock.')].join('\n'));
    expect(comments.map(({ author, line, text }) => [author, line, text])).toEqual([
      ['Cy Example', 21, 'This needs the lock.'],
    ]);
  });

  test('an attribution that is folded, in other words, or names an address alone', async () => {
    for (const [line, author] of [
      ['On Mon, Mar 2, 2026 at 10:00\u202fAM Ada Example <ada@example.org>\nwrote:', 'Ada Example'],
      ['* Ada Example (ada@example.org) wrote:', 'Ada Example'],
      ['Ada Example <ada@example.org> writes:', 'Ada Example'],
      ['Am 02.03.26 um 10:00 schrieb Ada Example:', 'Ada Example'],
      ['On 3/2/26 10:00, Example, Ada via list wrote:', 'Example, Ada'],
      ['On Mon, 2 Mar 2026 10:00:00 +0000\nAda Example <ada@example.org> wrote:', 'Ada Example'],
      ['On 2026-03-02 10:00, ada@example.org wrote:', 'ada@example.org'],
    ]) {
      const { patches } = await readSeries([...REPLY, '', line, quoted(BODY)].join('\n'));
      expect(patches[0]?.headers.from).toBe(author);
    }
  });
});

describe('patches that are attached as git writes them, and forwarded mails', () => {
  const SECOND = readFileSync(join(ROOT, 'fixtures', 'patches', '0002-devices.patch'), 'utf8');
  const HEAD = [
    'From: Bo Review <bo@example.org>',
    'Subject: See the patches',
    'Content-Type: multipart/mixed; boundary=B',
    '',
  ];
  const part = (type: string, text: string): string => `--B\n${type}\n\n${text}\n`;
  const mail = (...parts: readonly string[]): string => `${HEAD.join('\n')}\n${parts.join('')}--B--\n`;

  test('are mails of their own', async () => {
    const encoded = Buffer.from(SECOND).toString('base64').replace(/.{76}/g, '$&\n');
    const { patches, comments, problems } = await readSeries(
      mail(
        part('Content-Type: text/plain', 'Hi, two patches.'),
        part('Content-Type: text/x-patch; name=1.patch\nContent-Disposition: attachment', PATCH),
        part('Content-Type: text/x-patch; name=2.patch\nContent-Transfer-Encoding: base64', encoded),
      ),
    );
    expect(patches.map(({ number, headers, files }) => [number, headers.from, files.length])).toEqual([
      [1, 'Ada Example <ada@example.org>', 3],
      [2, 'Ada Example <ada@example.org>', 6],
    ]);
    expect([comments, problems]).toEqual([[], []]);
  });

  test('forwarded: by who wrote it', async () => {
    const { patches } = await readSeries(
      mail(part('Content-Type: message/rfc822', PATCH.slice(PATCH.indexOf('\n') + 1))),
    );
    expect(patches.map(({ headers }) => [headers.from, headers.messageId])).toEqual([
      ['Ada Example <ada@example.org>', '<patch.1@example.org>'],
    ]);
  });
});

describe('what can’t be mended is said', () => {
  const unresolved = async (text: string): Promise<readonly (readonly [string, string])[]> => {
    const { patches } = await readSeries(text);
    const hunks = patches.flatMap(({ files }) => files.flatMap((file) => file.hunks));
    return hunks.filter(({ state }) => state === 'unresolved').map(({ state, note }) => [state, note] as const);
  };

  test('a patch that is cut off', async () => {
    const text = PATCH.slice(0, PATCH.indexOf('+        queue_unlock(q);'));
    expect(await unresolved(text)).toEqual([
      ['unresolved', 'the header counts 11 old and 18 new lines, 8 and 13 are there'],
    ]);
    const { problems } = await readSeries(text);
    expect(problems.map(({ code, count }) => [code, count])).toEqual([
      ['unresolved-hunk', 1],
      ['diffstat-mismatch', 1],
    ]);
  });

  test('a line put in by hand', async () => {
    const text = PATCH.replace('+        queue_unlock(q);', '+        queue_unlock(q);\n+        more();');
    expect(await unresolved(text)).toEqual([
      ['unresolved', 'the header counts 11 old and 18 new lines, 11 and 19 are there'],
    ]);
  });

  test('a combined diff', async () => {
    const text = 'diff --cc a.h\nindex 1,2..3\n--- a/a.h\n+++ b/a.h\n@@@ -1,2 -1,2 +1,3 @@@\n  a\n++b\n +c\n';
    expect(await unresolved(text)).toEqual([['unresolved', expect.stringContaining('combined diff')]]);
    expect((await readSeries(text)).comments).toEqual([]);
  });

  test('a hunk below no file', async () => {
    const { problems, patches } = await readSeries('@@ -1 +1 @@\n-a\n+b\n');
    expect(problems.map(({ code }) => code)).toEqual(['unnamed-file']);
    expect(patches[0]?.files[0]).toMatchObject({ path: '', additions: 1, deletions: 1 });
  });

  test('a patch of the series that is not there', async () => {
    const { problems } = await readSeries([
      PATCH.replace('1/2', '1/3'),
      PATCH.replace('1/2', '3/3').replace('patch.1@', 'patch.3@'),
    ]);
    expect(problems).toEqual([
      expect.objectContaining({ code: 'missing-patch', count: 1, text: expect.stringContaining('3 patches; 2 is') }),
    ]);
  });

  test('an attachment that is not text', async () => {
    const mail = [
      'From: a@example.org',
      'Subject: [PATCH] x',
      'Content-Type: multipart/mixed; boundary=B',
      '',
      '--B',
      '',
      DIFF,
      '--B',
      'Content-Type: image/png',
      'Content-Transfer-Encoding: base64',
      '',
      'AAAA',
      '--B--',
    ];
    const { problems, patches } = await readSeries(mail.join('\n'));
    expect(problems.map(({ code }) => code)).toEqual(['unread-attachment']);
    expect(patches).toHaveLength(1);
  });
});

describe('what a mailer folds in a quoted line', () => {
  const fold = (text: string): string =>
    text
      .split('\n')
      .flatMap((line) => {
        const parts: string[] = [];
        let rest = line;
        while (rest.length > 78) {
          const at = rest.lastIndexOf(' ', 78);
          parts.push(rest.slice(0, at));
          rest = rest.slice(at + 1);
        }
        return [...parts, rest];
      })
      .join('\n');

  test('comes back, though the rest has no marks; what is said there stays a comment', async () => {
    const mail = [...REPLY, '', fold(behindEvent(`${quoted(BODY)}\n`, '\nWhy seven?\n', '> '))].join('\n');
    const series = await readSeries(mail);
    expect(textOf(series)).toEqual(textOf(await readSeries(DIFF)));
    expect(series.comments.map(({ text, line }) => [text, line])).toEqual([['Why seven?', 21]]);
  });
});

test('patches of format-patch, one right behind the other, without signatures', async () => {
  const from = 'From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001\n';
  const bare = `${from}${PATCH.replace(/^From [0-9a-f]{40} .*\n/, '').replace(/^-- \n[\s\S]*$/m, '')}`;
  expect(bare.endsWith('\n')).toBe(true);
  const one = await readSeries(Buffer.from(bare));
  const other = bare
    .replace('[PATCH 1/2]', '[PATCH 2/2]')
    .replaceAll('queue', 'trail')
    .replaceAll('patch.1@', 'patch.2@');
  const both = await readSeries(Buffer.from(bare + other));
  expect(both.patches.length).toBe(2);
  expect(both.comments).toEqual([]);
  expect(textOf({ ...both, patches: both.patches.slice(0, 1) })).toEqual(textOf(one));
});
