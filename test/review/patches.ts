/** Invented patches, what mailers do to them, and what must be left of them. */
import fc from 'fast-check';
import type { Hunk, HunkLine, Series } from '../../src/review/series.ts';

interface LineSpec {
  readonly kind: HunkLine['kind'];
  readonly text: string;
}

export interface HunkSpec {
  readonly section: string;
  readonly lines: readonly LineSpec[];
}

export interface FileSpec {
  readonly path: string;
  readonly hunks: readonly HunkSpec[];
}

const MARKS: Readonly<Record<HunkLine['kind'], string>> = { context: ' ', added: '+', deleted: '-' };

const word = fc.constantFrom(
  'if',
  'return',
  'pending',
  '(final)',
  '{',
  '}',
  '->',
  'bytes += 1;',
  '*',
  '/*',
  '*/',
  'a - b',
  '+',
  '"%d"',
  '&&',
  'lock(s);',
);
const code = fc
  .tuple(fc.constantFrom('', '    ', '        ', '\t', '    ', '        ', ' '), fc.array(word, { maxLength: 14 }))
  .map(([indent, words]) => (indent + words.join(' ')).trimEnd());
const kind = fc.constantFrom<HunkLine['kind']>('context', 'context', 'added', 'deleted');
const hunk: fc.Arbitrary<HunkSpec> = fc.record({
  section: fc.constantFrom('', 'static void queue_push(Queue *q)', 'struct Page {'),
  lines: fc
    .array(fc.record({ kind, text: code }), { minLength: 1, maxLength: 30 })
    .filter((lines) => lines.some((line) => line.kind !== 'context')),
});
const file = fc.record({
  path: fc.constantFrom('core/queue.c', 'core/queue.h', 'devices/lamp.c', 'docs/a b.txt'),
  hunks: fc.array(hunk, { minLength: 1, maxLength: 4 }),
});

export const anyPatch: fc.Arbitrary<readonly FileSpec[]> = fc.uniqueArray(file, {
  minLength: 1,
  maxLength: 3,
  selector: ({ path }) => path,
});

/** As git writes it; the hunks of a file follow each other at growing lines. */
export function diffOf(files: readonly FileSpec[]): string {
  const lines: string[] = [];
  for (const { path, hunks } of files) {
    lines.push(`diff --git a/${path} b/${path}`, 'index 1111111..2222222 100644');
    const tab = path.includes(' ') ? '\t' : '';
    lines.push(`--- a/${path}${tab}`, `+++ b/${path}${tab}`);
    let [oldLine, newLine] = [10, 10];
    for (const { section, lines: own } of hunks) {
      const oldLines = own.filter((line) => line.kind !== 'added').length;
      const newLines = own.filter((line) => line.kind !== 'deleted').length;
      lines.push(`@@ -${oldLine},${oldLines} +${newLine},${newLines} @@${section === '' ? '' : ` ${section}`}`);
      lines.push(...own.map((line) => MARKS[line.kind] + line.text));
      oldLine += oldLines + 20;
      newLine += newLines + 20;
    }
  }
  return `${lines.join('\n')}\n`;
}

export const HEADERS = [
  'From: Ada Example <ada@example.org>',
  'To: list@example.org',
  'Subject: [PATCH] core/queue: One change',
  'Message-ID: <one@example.org>',
];

export const MESSAGE = [
  'Why this is done, in a sentence or two.',
  '',
  'Signed-off-by: Ada Example <ada@example.org>',
  '---',
  '',
];

/** A mail as git format-patch writes it, in lines. */
export function bodyOf(files: readonly FileSpec[]): readonly string[] {
  return [...MESSAGE, ...diffOf(files).slice(0, -1).split('\n'), '-- ', '2.45.0'];
}

export function mailOf(body: readonly string[], more: readonly string[] = []): string {
  return `${[...HEADERS, ...more, '', ...body].join('\n')}\n`;
}

/** What a patch says, without what had to be mended and where it stood. */
export function contentOf(series: Series): unknown {
  return series.patches.map(({ files }) =>
    files.map(({ path, additions, deletions, hunks }) => ({
      path,
      additions,
      deletions,
      hunks: hunks.map(hunkContent),
    })),
  );
}

function hunkContent({ oldStart, oldLines, newStart, newLines, section, lines }: Hunk): unknown {
  const own = lines.map(({ kind: mark, text, oldLine, newLine }) => [mark, text.trimEnd(), oldLine, newLine]);
  return { oldStart, oldLines, newStart, newLines, section, lines: own };
}

export function statesOf(series: Series): readonly string[] {
  return series.patches.flatMap(({ files }) => files.flatMap(({ hunks }) => hunks.map(({ state }) => state)));
}

/**
 * Breaks lines at a blank, as a mailer does; `keeps` the blank at the end or
 * not. Without it a rest that begins with + or - could be a line of its own,
 * and below the last line of a hunk it could be a remark: such lines are left
 * as they are.
 */
export function fold(lines: readonly string[], width: number, keeps: boolean): readonly string[] {
  return lines.flatMap((line, index) => {
    if (!keeps && !/^[-+ ]/.test(lines[index + 1]?.replace(/^-- $/, '') ?? '')) return [line];
    const parts: string[] = [];
    let rest = line;
    while (rest.length > width) {
      const at = rest.lastIndexOf(' ', width);
      if (at < 20 || (!keeps && /^[-+]/.test(rest.slice(at + 1)))) break;
      parts.push(rest.slice(0, keeps ? at + 1 : at));
      rest = rest.slice(at + 1);
    }
    return [...parts, rest];
  });
}

export function quote(lines: readonly string[], marks: string): readonly string[] {
  return lines.map((line) => (marks + line).trimEnd());
}
