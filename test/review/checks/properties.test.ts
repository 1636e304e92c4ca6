/** Any code in a patch: no crash, no hang, and remarks that stand on a line of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSeries } from '../../../src/review/check-series.ts';
import { effectsOf } from '../../../src/review/effects.ts';
import { readSeries } from '../../../src/review/read-series.ts';
import type { Series } from '../../../src/review/series.ts';
import { asMail } from '../diff.ts';
import { FAULTY } from './faulty.ts';
import { review } from './patches.ts';

const token = fc.constantFrom(
  ...[
    'if',
    '(',
    ')',
    '{',
    '}',
    ';',
    'else',
    'for',
    'while',
    'do',
    'switch',
    'case',
    'return',
    'goto out',
    'out:',
    '/*',
    '*/',
  ],
  ...[
    'final',
    'exact',
    '!',
    '&&',
    '||',
    '=',
    '+=',
    '->',
    '.',
    ',',
    '*',
    '&',
    '"%d"',
    "'",
    '\\',
    '#define X(a) \\',
    '[',
    '?',
    ':',
  ],
  ...['bql_lock()', 'bql_unlock();', 'migration_bitmap_sync_precopy(final);', 'qemu_savevm_query_pending_final(&p);'],
  ...[
    'pending->total_bytes',
    'static void f(bool final)',
    'WITH_QEMU_LOCK_GUARD(&m)',
    'se->ops->save_query_pending(a, b, c, d);',
  ],
  ...['\t', '    ', '\u0000', '\u00e9', '0x', 'do {', '} while (0)'],
);
const line = fc.array(token, { maxLength: 8 }).map((tokens) => tokens.join(' ').replaceAll('\n', ' '));
const mark = fc.constantFrom(' ', '+', '-');
const path = fc.constantFrom(
  'migration/ram.c',
  'migration/savevm.c',
  'migration/migration.c',
  'include/migration/register.h',
  'migration/trace-events',
);

const patch = fc
  .tuple(
    path,
    fc.constantFrom('', 'static void ram_state_pending(void *opaque,', 'struct X {', 'out:'),
    fc.array(fc.tuple(mark, line), { maxLength: 40 }),
  )
  .map(([file, section, lines]) => {
    const count = (marks: string): number => lines.filter(([one]) => marks.includes(one)).length;
    const header = `@@ -10,${count(' -')} +10,${count(' +')} @@ ${section}`;
    const body = lines.map(([one, text]) => one + text).join('\n');
    return asMail(`diff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}\n${header}\n${body}\n`);
  });

function expectOnLines(series: Series): void {
  for (const { patch: at, path: file, hunk, hunkLine } of checkSeries(series)) {
    const one = series.patches[at]?.files.find((other) => other.path === file);
    expect(one?.hunks[hunk]?.lines[hunkLine]).toBeDefined();
  }
}

test('any tokens', async () => {
  await fc.assert(
    fc.asyncProperty(patch, async (mail) => {
      const series = await readSeries(mail);
      expectOnLines(series);
      effectsOf(series);
    }),
    { numRuns: 300 },
  );
});

test('a faulty patch of which lines are lost', async () => {
  const diffs = await Promise.all(FAULTY.slice(0, 30).map(async ({ edits }) => (await review(edits)).diff));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...diffs), fc.array(fc.nat(200), { maxLength: 12 }), async (diff, lost) => {
      const lines = diff.split('\n').filter((_, at) => !lost.includes(at));
      expectOnLines(await readSeries(asMail(lines.join('\n'))));
    }),
    { numRuns: 150 },
  );
});

test('deep nesting and long statements end', async () => {
  const deep = `+${'if (a) { '.repeat(5000)}\n`;
  const wide = `+${'f('.repeat(3000)}\n+x = ${'a + '.repeat(20_000)}b;\n`;
  const forks = Array.from({ length: 400 }, (_, at) => `+    if (c${at}) { bql_lock(); x${at}(); }\n`).join('');
  for (const body of [deep, wide, forks]) {
    const count = body.split('\n').length - 1;
    const diff = `--- a/migration/ram.c\n+++ b/migration/ram.c\n@@ -1,0 +1,${count + 3} @@\n+static void ram_state_pending_sync(bool exact, bool final)\n+{\n${body}+}\n`;
    expectOnLines(await readSeries(asMail(`diff --git a/migration/ram.c b/migration/ram.c\n${diff}`)));
  }
}, 20_000);
