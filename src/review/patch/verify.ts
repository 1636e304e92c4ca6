/**
 * The cleaned patch read once more, by parse-diff: where it sees other lines
 * than qtrace does, one of the two is wrong and the hunk is unresolved. The
 * files get plain names in that text, as parse-diff misreads some.
 */
import parseDiff from 'parse-diff';
import type { Hunk, HunkLine, PatchFile } from '../series.ts';

const MARKS: Readonly<Record<HunkLine['kind'], string>> = { context: ' ', added: '+', deleted: '-' };

export function verified(files: readonly PatchFile[]): readonly PatchFile[] {
  const read = parseDiff(cleanText(files));
  const chunks = read.flatMap((file) => file.chunks);
  let next = 0;
  return files.map((file) => ({
    ...file,
    hunks: file.hunks.map((hunk) => {
      if (hunk.lines.length === 0) return hunk;
      const chunk = chunks[next];
      next += 1;
      return chunk !== undefined && isSame(hunk, chunk) ? hunk : doubted(hunk);
    }),
  }));
}

/** As git would have written it, but for the names. */
function cleanText(files: readonly PatchFile[]): string {
  const lines: string[] = [];
  for (const [at, { hunks }] of files.entries()) {
    if (!hunks.some((hunk) => hunk.lines.length > 0)) continue;
    lines.push(`diff --git a/f${at} b/f${at}`, `--- a/f${at}`, `+++ b/f${at}`);
    for (const hunk of hunks) {
      if (hunk.lines.length === 0) continue;
      const oldLines = hunk.lines.filter(({ kind }) => kind !== 'added').length;
      const newLines = hunk.lines.filter(({ kind }) => kind !== 'deleted').length;
      lines.push(`@@ -${hunk.oldStart},${oldLines} +${hunk.newStart},${newLines} @@`);
      for (const line of hunk.lines) lines.push(MARKS[line.kind] + line.text);
    }
  }
  return lines.join('\n');
}

function isSame(hunk: Hunk, chunk: parseDiff.Chunk): boolean {
  if (chunk.changes.length !== hunk.lines.length) return false;
  return chunk.changes.every((change, at) => {
    const line = hunk.lines[at];
    if (line === undefined || change.content !== MARKS[line.kind] + line.text) return false;
    if (change.type === 'add') return line.newLine === change.ln;
    if (change.type === 'del') return line.oldLine === change.ln;
    return line.oldLine === change.ln1 && line.newLine === change.ln2;
  });
}

function doubted(hunk: Hunk): Hunk {
  if (hunk.state === 'unresolved') return hunk;
  return { ...hunk, state: 'unresolved', note: 'parse-diff reads other lines in it than qtrace does' };
}
