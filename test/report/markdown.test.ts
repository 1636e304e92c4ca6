/** Markdown for an issue: whole, bounded, and nothing of a trace acts in it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeSpan, fenced, inline } from '../../src/report/renderers/markdown/text.ts';
import { markdownRenderer } from '../../src/report/renderers/markdown.ts';
import type { Report } from '../../src/report/report.ts';
import { bothSides } from '../replay/both-sides.ts';
import { reportOn } from '../rules/support.ts';
import { arbitraryReport } from './arbitrary.ts';
import { buildFinding, buildLine, buildMigration, buildReport, buildVerdict } from './build.ts';
import { HOSTILE, reportFull } from './full.ts';
import { fixture } from './html/pages.ts';

const PLAIN = { color: false, verbose: false };
const MAX_CHARACTERS = 65_536;

const render = (report: Report): string => markdownRenderer.render(report, PLAIN);

/** From where it stands on: an escaped sign, or a code span up to as many backquotes as it began with. */
const INERT = /\\[!-/:-@[-`{-~]|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/y;

/** What is neither in a fence nor in a code span nor escaped: all of it is qtrace's own. */
function active(markdown: string): string {
  const text = markdown.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');
  let rest = '';
  for (let at = 0; at < text.length; at += 1) {
    INERT.lastIndex = at;
    const inert = INERT.exec(text)?.[0];
    if (inert === undefined) rest += text[at];
    else at += inert.length - 1;
  }
  return rest;
}

test('the verdict, the proof, what is not decided, the run, the inputs', async () => {
  const { report, beside } = await fixture('thread-no-final');
  const markdown = markdownRenderer.render(report, PLAIN, beside);
  const order = [
    '## 1 violation (error) in 1 migration of QEMU with the posted patch: final-missing\n',
    '### `final-missing` (error)\n',
    '**The protocol demands:** Every completed switchover makes one final pending query',
    '```text\nsrc.log:205: 2026-11-23T01:34:26.980341Z runstate_set current_run_state 9 (running)',
    '**Why it matters to the guest:**',
    '### Not decided (3)\n',
    '### Migration 0: precopy, completed\n',
    '| polls | time s | estimate | exact |',
    '### Inputs\n',
    '<summary>15 duties hold</summary>',
  ].map((text) => markdown.indexOf(text));
  expect(order.every((at) => at >= 0)).toBe(true);
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test('the destination in a sentence, also where it belongs to no migration', async () => {
  const sentence = async (trace: Parameters<typeof reportOn>[0]): Promise<string | undefined> =>
    markdownRenderer
      .render(await reportOn(trace), PLAIN)
      .split('\n')
      .find((line) => line.startsWith('Destination '));
  const { 'dst.log': alone, ...source } = bothSides({ aheadMs: 3_600_500 });
  expect(await sentence(bothSides({ aheadMs: 3_600_500 }))).toBe(
    "Destination `dst.log`: completed; blackout of the guest between 6.749 ms and 7.051 ms, from `src.log:23` to `dst.log:33`; its clock less the source's: between 3600.499849 s and 3600.500151 s (from 15 pairs of lines).",
  );
  expect(await sentence({ 'dst.log': alone })).toBe(
    'Destination `dst.log`: completed; not tied to a migration: there is no log of a migration that left its source.',
  );
  expect(await sentence(source)).toBeUndefined();
});

test('every block stands between empty lines, every fold is closed', async () => {
  const { report, beside } = await fixture('thread-no-final');
  const markdown = markdownRenderer.render(report, PLAIN, beside);
  expect(markdown).not.toMatch(/<\/summary>\n[^\n]|[^\n]\n<\/details>/);
  expect(markdown.split('<details>').length).toBe(markdown.split('</details>').length);
  // A table's rows have as many cells as its head.
  for (const table of markdown.match(/(?:^\|.*\n)+/gm) ?? []) {
    const counts = table
      .trimEnd()
      .split('\n')
      .map((row) => row.replace(/\\\|/g, '').split('|').length);
    expect(new Set(counts).size).toBe(1);
  }
});

describe('untrusted text', () => {
  test.each([
    ['<b>', '\\<b\\>'],
    ['[x](javascript:alert(1))', '\\[x\\](javascript:alert(1))'],
    ['![x](y)', '!\\[x\\](y)'],
    ['**a** `b` ~c~', '\\*\\*a\\*\\* \\`b\\` \\~c\\~'],
    ['@root', '`@`root'],
    ['fixes #12', 'fixes `#`12'],
    ['https://x.invalid', 'https\\://x.invalid'],
    ['www.x.invalid', 'www\\.x.invalid'],
    ['mailto:x', 'mailto\\:x'],
    [':bomb:', '\\:bomb:'],
    ['a|b', 'a\\|b'],
    ['&amp;', '\\&amp;'],
    ['1. x', '1\\. x'],
    ['- x', '\\- x'],
    ['a_b_c _d_', 'a_b_c \\_d\\_'],
    ['\u202ex\n# y', '⟨U+202E⟩x⟨U+000A⟩`#` y'],
    ['final=0, 3.5 MiB at 10:15', 'final=0, 3.5 MiB at 10:15'],
  ])('%j', (text, expected) => {
    expect(inline(text)).toBe(expected);
  });

  test('a code span is longer than what is in it', () => {
    expect(codeSpan('a')).toBe('`a`');
    expect(codeSpan('a`b``c')).toBe('```a`b``c```');
    expect(codeSpan('`')).toBe('`` ` ``');
    expect(codeSpan('a|b')).toBe('`a¦b`');
  });

  test('a fence is longer than what is in it', () => {
    expect(fenced([{ label: 'f:1', text: 'x ````` y' }], 100)).toBe('``````text\nf:1: x ````` y\n``````');
    expect(fenced([{ label: 'f:1', text: 'x\n```' }], 100)).toBe('````text\nf:1: x⟨U+000A⟩```\n````');
  });

  test.each(HOSTILE)('%s acts nowhere', (_, text) => {
    const markdown = render(reportFull(text));
    expect(markdown).not.toMatch(/[^\n\P{Cc}]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    expect(active(markdown)).not.toMatch(
      /<(?!\/?(?:details|summary)>)|[@#](?!#* )|\]\(|:\/\/|www\.|javascript:(?!alert)/,
    );
  });

  test('any report: bounded, and nothing acts', () => {
    fc.assert(
      fc.property(arbitraryReport, (report) => {
        const markdown = render(report);
        expect(markdown.length).toBeLessThanOrEqual(MAX_CHARACTERS);
        expect(active(markdown)).not.toMatch(/<(?!\/?(?:details|summary)>)/);
      }),
      { numRuns: 60 },
    );
  });
});

test.each(['x', '`'.repeat(500), '\u202e'.repeat(3000)])('the largest report of %#: an issue takes it', (text) => {
  const evidence = Array.from({ length: 20 }, () => buildLine({ text }));
  const findings = Array.from({ length: 20 }, () =>
    buildFinding({ message: text, expected: text, actual: text, evidence }),
  );
  const migrations = Array.from({ length: 100 }, (_, index) => buildMigration({ index }));
  const verdicts = migrations.map(({ index }) => buildVerdict({ migration: index, verdict: 'violated', findings }));
  const markdown = render(buildReport({ migrations, verdicts }));
  expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(MAX_CHARACTERS);
  expect(markdown).toMatch(/omitted/);
});
