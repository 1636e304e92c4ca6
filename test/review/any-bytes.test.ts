/** Any bytes: no crash, no hang, and every line is counted as something. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSeries } from '../../src/review/read-series.ts';
import { REVIEW_RENDERERS } from '../../src/review/renderers/registry.ts';
import { reviewMails } from '../../src/review/review-mails.ts';
import { anyPatch, bodyOf, mailOf } from './patches.ts';

const piece = fc.constantFrom(
  'diff --git a/x.c b/x.c',
  '--- a/x.c',
  '+++ b/x.c',
  '--- /dev/null',
  '@@ -1,3 +1,4 @@ static void f(void)',
  '@@ -999999999,999999999 +1,999999999 @@',
  '@@@ -1,2 -1,2 +1,3 @@@',
  '@@ -1 +1 @@',
  '+added',
  '-deleted',
  ' context',
  '',
  '> ',
  '> > ',
  '> diff --git a/y.c b/y.c',
  '-- ',
  '---',
  '\\ No newline at end of file',
  'GIT binary patch',
  'literal 10',
  'rename from "a\\303\\244"',
  'From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001',
  'From: A <a@example.org>',
  'Subject: Re: [PATCH v2 3/2] =?utf-8?q?x?=',
  'Content-Type: multipart/mixed; boundary="b"',
  'Content-Type: text/plain; format=flowed',
  'Content-Transfer-Encoding: base64',
  '--b',
  '--b--',
  'On 1/1/26 10:00, Bo wrote:',
  'What is this for?',
  ' 3 files changed, 1 insertion(+)',
  '\u0000\u001b[31m\u202e',
);

const soup = fc.array(fc.oneof(piece, piece, piece, fc.string()), { maxLength: 80 });
const linesOf = (text: string): number => {
  const lines = text.split(/\r\n|\n/);
  return lines.at(-1) === '' ? lines.length - 1 : lines.length;
};

async function accounted(input: string): Promise<void> {
  const series = await readSeries(input);
  const { patch, message, comment, header } = series.lineCounts;
  // What is decoded may have more lines than the input.
  expect(patch + message + comment + header).toBeGreaterThanOrEqual(linesOf(input));
  for (const { files } of series.patches) {
    for (const { hunks } of files) {
      for (const { state, lines, oldLines, newLines } of hunks) {
        if (state === 'unresolved') continue;
        expect(lines.filter(({ kind }) => kind !== 'added')).toHaveLength(oldLines);
        expect(lines.filter(({ kind }) => kind !== 'deleted')).toHaveLength(newLines);
      }
    }
  }
}

describe('any input', () => {
  test('lines of mails and patches in any order', () =>
    fc.assert(
      fc.asyncProperty(soup, (lines) => accounted(lines.join('\n'))),
      { numRuns: 5000 },
    ));

  test('random bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        await readSeries(bytes);
      }),
    ));

  test('a mail with a byte changed, cut or doubled', () =>
    fc.assert(
      fc.asyncProperty(anyPatch, fc.nat(), fc.string({ maxLength: 3 }), fc.nat(40), async (files, at, text, cut) => {
        const mail = mailOf(bodyOf(files));
        const place = at % mail.length;
        await accounted(mail.slice(0, place) + text + mail.slice(place + cut));
      }),
      { numRuns: 200 },
    ));

  test('every renderer prints what it gets, without control characters', () =>
    fc.assert(
      fc.asyncProperty(soup, soup, async (first, second) => {
        const inputs = [first, second].map((lines, at) => ({
          name: `${at}.eml`,
          bytes: Buffer.from(lines.join('\n')),
        }));
        const report = await reviewMails({ version: '0', inputs, against: undefined });
        for (const renderer of REVIEW_RENDERERS) {
          const text = renderer.render(report, { color: false, verbose: true });
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
          expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
          if (renderer.id === 'text') expect(text).not.toContain('\u202e');
        }
      }),
      { numRuns: 200 },
    ));
});

describe('large input', () => {
  const hunks = (count: number, body: readonly string[]): string => {
    const lines = ['diff --git a/x.c b/x.c', '--- a/x.c', '+++ b/x.c'];
    for (let at = 0; at < count; at += 1) lines.push(`@@ -${at * 10 + 1},3 +${at * 10 + 1},4 @@ f(void)`, ...body);
    return lines.join('\n');
  };
  const plain = [' a', '+b', ' c', ' d'];

  test.each([
    ['20,000 hunks', hunks(20_000, plain)],
    ['20,000 hunks with words in each', hunks(20_000, [' a', '+b', 'Why?', '', ' c', ' d'])],
    ['20,000 hunks that fit nothing', hunks(20_000, [' a', '+b', 'Why?', '', ' c', 'No.', ''])],
    ['a hunk of 60,000 lines with words here and there', wide(60_000)],
    ['a hunk of words', `${hunks(1, [])}\n${'x\n \n+y\n'.repeat(20_000)}`],
    ['60,000 attributions', `${'On 1/1/26 10:00, Bo wrote:\n'.repeat(60_000)}${hunks(1, plain)}`],
    ['20,000 attributions of many times', `On ${'1:11 '.repeat(70)}wrote:\n`.repeat(20_000)],
    [
      '100,000 lines that one person wrote',
      `On 1/1/26, A wrote:\nOn 1/2/26, B wrote:\n${hunks(1, plain)}\n${'words\n'.repeat(100_000)}`,
    ],
    [
      '5,000 mails that quote',
      `From a 2026\nFrom: a@example.org\nSubject: Re: x\n\n> @@ -1 +1 @@\n> -a\n> +b\nWhy?\n\n`.repeat(5_000),
    ],
    ['5,000 patches', `From a 2026\nFrom: a@example.org\nSubject: [PATCH] x\n\n${hunks(2, plain)}\n\n`.repeat(5_000)],
    ['a page of comments', `<!DOCTYPE html>${'<!-- x --><script>y</script>z\n'.repeat(50_000)}`],
    ['60,000 content types', `From: a@example.org\n${'Content-Type: text/plain; format=flowed\n'.repeat(20_000)}\nx\n`],
    ['60,000 quote marks', `${'> '.repeat(60_000)}x`],
    ['a line of a million letters', `@@ -1 +1 @@ ${'x'.repeat(1_000_000)}\n-${'y '.repeat(500_000)}\n+z`],
    ['60,000 file headers', 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n'.repeat(15_000)],
  ])('%s', { timeout: 20_000 }, async (_name, text) => {
    await accounted(text);
  });

  function wide(count: number): string {
    const body = Array.from({ length: count }, (_, at) =>
      at % 1000 === 999 ? 'Why?' : at % 7 === 0 ? '' : ` line ${at}`,
    );
    const kept = body.filter((line) => line !== 'Why?').length;
    return ['--- a/x.c', '+++ b/x.c', `@@ -1,${kept} +1,${kept + 1} @@`, ...body, '+end'].join('\n');
  }
});

describe('more code than is run', () => {
  /** Functions that each split into many paths. */
  const manyFunctions = (count: number): string => {
    const body = (at: number): string =>
      `+void f${at}(MigPendingData *pending, bool exact, bool final)\n+{\n+    if (a && b || c && d) { x(e || f, g || h); }\n+    qemu_savevm_query_pending_final(pending);\n+}\n`;
    const lines = Array.from({ length: count }, (_, at) => body(at)).join('');
    return `--- a/migration/savevm.c\n+++ b/migration/savevm.c\n@@ -0,0 +1,${count * 5} @@\n${lines}`;
  };
  const problemsIn = async (count: number) => {
    const bytes = Buffer.from(manyFunctions(count));
    const { problems } = await reviewMails({ version: '0', inputs: [{ name: 'a', bytes }], against: undefined });
    return problems.filter(({ code }) => code === 'unjudged-function');
  };

  test('is counted as a problem', async () => {
    const before = process.cpuUsage();
    const [problem, ...others] = await problemsIn(6000);
    expect(others).toEqual([]);
    expect(problem?.count).toBeGreaterThan(1000);
    expect(problem?.text).toContain('nothing is said of it');
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(20);
  });

  test('a few of them are none', async () => {
    expect(await problemsIn(3)).toEqual([]);
  });
});
