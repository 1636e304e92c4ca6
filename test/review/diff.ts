/** A unified diff as git prints it, three lines of context, out of two texts. */
interface Edit {
  readonly kind: ' ' | '-' | '+';
  readonly text: string;
  readonly oldLine: number;
  readonly newLine: number;
}

const CONTEXT = 3;

/** The diffs of files that differ, in the order of the names. */
export function diffFiles(older: Readonly<Record<string, string>>, newer: Readonly<Record<string, string>>): string {
  const paths = [...new Set([...Object.keys(older), ...Object.keys(newer)])].sort();
  return paths.map((path) => diffFile(path, older[path] ?? '', newer[path] ?? '')).join('');
}

/** As a mail that git format-patch writes. */
export function asMail(diff: string, subject = '[PATCH] migration: Change something'): string {
  return [
    'From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001',
    'From: A Author <author@example.org>',
    'Date: Mon, 23 Nov 2026 09:00:00 +0000',
    `Subject: ${subject}`,
    '',
    'Some words.',
    '',
    'Signed-off-by: A Author <author@example.org>',
    '---',
    '',
    `${diff}-- `,
    '2.39.5',
    '',
  ].join('\n');
}

function diffFile(path: string, older: string, newer: string): string {
  if (older === newer) return '';
  const olds = older.split('\n').slice(0, -1);
  const edits = editsOf(olds, newer.split('\n').slice(0, -1));
  const hunks = hunksOf(edits).map((hunk) => hunkText(hunk, olds));
  return `diff --git a/${path} b/${path}\nindex 1111111..2222222 100644\n--- a/${path}\n+++ b/${path}\n${hunks.join('')}`;
}

/** By the longest common subsequence. */
function editsOf(olds: readonly string[], news: readonly string[]): readonly Edit[] {
  const table = Array.from({ length: olds.length + 1 }, () => new Array<number>(news.length + 1).fill(0));
  const at = (i: number, j: number): number => table[i]?.[j] ?? 0;
  for (let i = olds.length - 1; i >= 0; i -= 1) {
    for (let j = news.length - 1; j >= 0; j -= 1) {
      const row = table[i] ?? [];
      row[j] = olds[i] === news[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < olds.length || j < news.length) {
    const place = { oldLine: i + 1, newLine: j + 1 };
    if (i < olds.length && j < news.length && olds[i] === news[j]) {
      edits.push({ kind: ' ', text: olds[i] ?? '', ...place });
      i += 1;
      j += 1;
    } else if (i < olds.length && (j >= news.length || at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ kind: '-', text: olds[i] ?? '', ...place });
      i += 1;
    } else {
      edits.push({ kind: '+', text: news[j] ?? '', ...place });
      j += 1;
    }
  }
  return edits;
}

function hunksOf(edits: readonly Edit[]): readonly (readonly Edit[])[] {
  const near = (index: number): boolean => {
    for (let at = index - CONTEXT; at <= index + CONTEXT; at += 1) if ((edits[at]?.kind ?? ' ') !== ' ') return true;
    return false;
  };
  const hunks: Edit[][] = [];
  for (const [index, edit] of edits.entries()) {
    if (!near(index)) continue;
    if (index === 0 || !near(index - 1)) hunks.push([]);
    hunks.at(-1)?.push(edit);
  }
  return hunks;
}

function hunkText(hunk: readonly Edit[], olds: readonly string[]): string {
  const first = hunk[0];
  const oldStart = first?.oldLine ?? 1;
  const section = olds.slice(0, oldStart - 1).findLast((line) => /^[A-Za-z_$]/.test(line)) ?? '';
  const count = (kinds: string): number => hunk.filter(({ kind }) => kinds.includes(kind)).length;
  const header = `@@ -${oldStart},${count(' -')} +${first?.newLine ?? 1},${count(' +')} @@ ${section.slice(0, 80)}`;
  return `${[header.trimEnd(), ...hunk.map(({ kind, text }) => kind + text)].join('\n')}\n`;
}
