/** `qtrace review` on mails: what it reads, prints and refuses. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ENTRY, expectRefused, ROOT, runCommand, useWorkplace } from './program.ts';

const place = useWorkplace();
const patch = (name: string): string => join(ROOT, 'fixtures', 'patches', name);
const THREAD = patch('thread.mbox');

describe('what it prints', () => {
  test('text of at most 100 columns but for what people wrote', () => {
    const { code, stdout, stderr } = place.run(['review', THREAD]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^qtrace: 2 remarks \(2 infos\) on 2 patches, 9 files \(\+19 -5\), 8 hunks, 10 comments by /,
    );
    expect(stdout).toContain('On patch 1, core/queue.c:21\n  > +    trace_queue_push(q, ');
    const own = stdout.split('\n').filter((line) => !/^ {4}|^ {2}>/.test(line));
    expect(own.filter((line) => line.length > 100)).toEqual([]);
  });

  test('JSON with every key of the contract', () => {
    const run = place.run(['review', '--format', 'json', patch('archive-page.txt')]);
    expect(run.code).toBe(0);
    const report = JSON.parse(run.stdout);
    expect(report).toMatchObject({
      schema: 'qtrace-review/1',
      inputs: [{ name: 'archive-page.txt' }],
      remarks: [
        {
          rule: 'trace-format-mismatch',
          severity: 'info',
          path: 'core/trace-events',
          line: 1,
          hunk: 0,
          traceFindings: [],
        },
      ],
      versions: null,
    });
    expect(report.patches[0]).toMatchObject({ subject: null, from: 'Ada Example', messageId: null });
    const [file] = report.patches[0].files;
    expect(file).toMatchObject({ path: 'core/queue.c', additions: 9, deletions: 1 });
    expect(file.hunks[0]).toMatchObject({
      oldStart: 18,
      oldLines: 6,
      newStart: 18,
      newLines: 7,
      section: 'void queue_push(PageQueue *q, Page *page)',
      state: 'repaired',
      note: '1 folded line joined, 10 lines of text taken out, context moved left by 2 blanks',
    });
    expect(report.comments[0]).toMatchObject({
      author: 'Bo Review',
      path: 'core/queue.c',
      hunk: 0,
      line: 21,
      text: 'Seven arguments, are all of them needed?  The name alone would do.',
    });
  });

  test('the same bytes for the same mails, wherever they lie', () => {
    mkdirSync(place.path('deep'));
    writeFileSync(place.path('deep', 'thread.mbox'), readFileSync(THREAD));
    for (const format of ['text', 'json']) {
      const [a, b] = [THREAD, 'deep/thread.mbox'].map((path) => place.run(['review', path, '--format', format]).stdout);
      expect(a).toBe(b);
    }
  });

  test('from standard input, packed, and behind --', () => {
    const whole = place.run(['review', THREAD]).stdout;
    const mail = readFileSync(THREAD);
    expect(place.run(['review', '-'], { stdin: mail }).stdout).toBe(whole.replaceAll('thread.mbox:', '-:'));
    writeFileSync(place.path('thread.mbox'), gzipSync(mail));
    expect(place.run(['review', '--', 'thread.mbox']).stdout).toBe(whole);
  });

  test('two versions, told by the subjects or by --against', () => {
    const both = place.run(['review', THREAD, patch('v2.mbox')]).stdout;
    expect(both).toContain('\nSince the older version\n  changed: [PATCH v2 1/3] core/queue: ');
    expect(both).toContain('  gone: devices/fan.c\n    Cy Example: Is this file needed at all?\n');
    expect(place.run(['review', patch('v2.mbox'), '--against', THREAD]).stdout).toBe(both);
    const report = JSON.parse(place.run(['review', THREAD, patch('v2.mbox'), '--format', 'json']).stdout);
    expect(report.versions.patches.map(({ change }: { change: string }) => change)).toEqual([
      'changed',
      'changed',
      'new',
    ]);
  });

  test('to a file that is complete or absent', () => {
    const run = place.run(['review', THREAD, '-o', 'review.txt']);
    expect(run).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(place.read('review.txt')).toBe(place.run(['review', THREAD]).stdout);
    expectRefused(
      place.run(['review', THREAD, '-o', 'none/review.txt']),
      /can't be written: its folder does not exist/,
    );
    writeFileSync(place.path('bad.eml'), 'no patch\n');
    expectRefused(place.run(['review', 'bad.eml', '-o', 'other.txt']), /no patch/);
    expect(place.names()).toEqual(['bad.eml', 'review.txt']);
  });

  test('a closed pipe is no error', () => {
    const { code, stderr } = runCommand([
      'sh',
      '-c',
      `"${process.execPath}" "${ENTRY}" review "${THREAD}" --format json | head -1; exit 0`,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('hostile names and words come out as text', () => {
    const mail = [
      'From: "\u001b[31mEve\u202e" <eve@example.org>',
      'Subject: [PATCH] \u001b]0;title\u0007',
      '',
      'x',
      '---',
      'diff --git "a/\\033[2Jx.c" "b/\\033[2Jx.c"',
      'index 1..2 100644',
      '--- "a/\\033[2Jx.c"',
      '+++ "b/\\033[2Jx.c"',
      '@@ -1 +1 @@ \u001b[1m',
      '-a',
      '+\u001b[31mb',
      'Look\u202e here.',
    ].join('\n');
    const { code, stdout } = place.run(['review', '-', '--verbose'], { stdin: mail });
    expect(code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(stdout).toContain('\\x1b[2Jx.c');
  });
});

describe('bad input', () => {
  test.each([
    ['nothing named', ['review'], /^name at least one mail/],
    ['an empty name', ['review', ''], /^the name of a mail is empty/],
    ['no such file', ['review', 'none.eml'], /^none\.eml: no such file; check the path$/],
    ['a folder', ['review', '.'], /is a directory; name the mails in it$/],
    ['empty', ['review', 'empty.eml'], /^empty\.eml is empty/],
    ['binary', ['review', 'binary.eml'], /^binary\.eml is not text/],
    ['damaged gzip', ['review', 'bad.gz'], /^bad\.gz: the packed data are damaged/],
    ['a letter', ['review', 'letter.eml'], /^there is no patch in letter\.eml; give a mail with a patch/],
    ['two letters', ['review', 'letter.eml', 'letter.eml'], /^there is no patch in any of the 2 inputs/],
    [
      'an older version without a patch',
      ['review', THREAD, '--against', 'letter.eml'],
      /^there is no patch in letter\.eml/,
    ],
    ['standard input twice', ['review', '-', '--against', '-'], /^only one input can be standard input/],
    ['an unknown format', ['review', THREAD, '--format', 'pdf'], /pdf/],
    ['--against twice', ['review', THREAD, '--against', 'a', '--against', 'b'], /given more than once/],
  ])('%s', (_what, args, message) => {
    writeFileSync(place.path('empty.eml'), '');
    writeFileSync(place.path('binary.eml'), Buffer.alloc(100));
    writeFileSync(place.path('bad.gz'), Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]));
    writeFileSync(place.path('letter.eml'), 'Subject: Hello\n\nNo patch here.\n');
    expectRefused(place.run(args), message);
  });
});
