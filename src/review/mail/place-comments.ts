/** Puts a comment that was made on one copy of a patch at its place in the patch. */
import type { Hunk, HunkLine, PatchFile } from '../series.ts';
import type { DraftComment } from './comments.ts';

type Placed = Pick<DraftComment, 'path' | 'hunk' | 'hunkLine' | 'line'>;

const NOWHERE: Placed = { path: undefined, hunk: undefined, hunkLine: undefined, line: undefined };
/** A reply that leaves lines out leaves out no more at a time. */
const AHEAD = 400;
/** A line that stands in more places tells none. */
const MOST_PLACES = 100;

const MARKS: Readonly<Record<HunkLine['kind'], string>> = { context: ' ', added: '+', deleted: '-' };

interface Spot {
  readonly file: PatchFile;
  readonly hunk: number;
  readonly at: number;
}

/** Finds places in one patch. */
export class Placer {
  readonly #files: readonly PatchFile[];
  #spots: Map<string, Spot[]> | undefined;
  /** Of each copy's hunk: where its lines stand in the patch. */
  readonly #lines = new Map<Hunk, readonly (number | undefined)[]>();

  constructor(files: readonly PatchFile[]) {
    this.#files = files;
  }

  /** `from` is the copy in which the comment stands; it may be the patch itself. */
  place(from: readonly PatchFile[], comment: DraftComment): Placed {
    const { path, hunk, hunkLine, line } = comment;
    if (path === undefined || hunk === undefined) return this.#byQuotedLines(comment);
    if (from === this.#files) return { path, hunk, hunkLine, line };
    const source = from.find((file) => file.path === path)?.hunks[hunk];
    const file = this.#files.find((one) => (path === '' ? hasHunk(one, source) : one.path === path));
    if (source === undefined || file === undefined) return this.#byQuotedLines(comment);
    const own = sameHunk(file.hunks, source);
    const target = file.hunks[own];
    if (target === undefined) return { ...NOWHERE, path: file.path };
    const at = hunkLine === undefined ? undefined : this.#sameLine(target, source, hunkLine);
    return {
      path: file.path,
      hunk: own,
      hunkLine: at,
      line: numberOf(at === undefined ? undefined : target.lines[at]),
    };
  }

  #sameLine(target: Hunk, source: Hunk, hunkLine: number): number | undefined {
    const known = this.#lines.get(source) ?? alignedLines(target, source);
    this.#lines.set(source, known);
    return known[hunkLine];
  }

  /** No hunk header is quoted: the lines above the comment are looked for in the patch. */
  #byQuotedLines({ quoted, path }: DraftComment): Placed {
    const last = quoted.findLast((text) => text.trim() !== '')?.trimEnd() ?? '';
    const named = /^(?:--- a\/|\+\+\+ b\/|diff --git a\/\S+ b\/)(.+)$/.exec(last)?.[1];
    if (this.#files.some((file) => file.path === named)) return { ...NOWHERE, path: named };
    const wanted = path === '' ? undefined : path;
    let best: Placed = { ...NOWHERE, path: wanted };
    if (!/^[-+ ]\s*\S/.test(last)) return best;
    let most = 0;
    this.#spots ??= spotsOf(this.#files);
    for (const { file, hunk, at } of this.#spots.get(last) ?? []) {
      if (wanted !== undefined && file.path !== wanted) continue;
      const lines = file.hunks[hunk]?.lines ?? [];
      const score = agreement(lines, at, quoted);
      if (score > most) best = { path: file.path, hunk, hunkLine: at, line: numberOf(lines[at]) };
      most = Math.max(most, score);
    }
    return best;
  }
}

function numberOf(line: HunkLine | undefined): number | undefined {
  return line?.newLine ?? line?.oldLine;
}

/** A reply that quotes a hunk alone does not say its file. */
function hasHunk({ hunks }: PatchFile, source: Hunk | undefined): boolean {
  return hunks.some((one) => one.oldStart === source?.oldStart && one.newStart === source.newStart);
}

function sameHunk(hunks: readonly Hunk[], source: Hunk): number {
  const exact = hunks.findIndex((one) => one.oldStart === source.oldStart && one.newStart === source.newStart);
  return exact >= 0 ? exact : hunks.findIndex((one) => one.oldStart === source.oldStart);
}

/** A reply may leave out lines of what it quotes: the others come in the same order. */
function alignedLines(target: Hunk, source: Hunk): readonly (number | undefined)[] {
  let next = 0;
  let last: number | undefined;
  return source.lines.map((line) => {
    const text = textOf(line);
    for (let at = next; at < Math.min(target.lines.length, next + AHEAD); at += 1) {
      if (textOf(target.lines[at]) !== text) continue;
      last = at;
      next = at + 1;
      break;
    }
    return last;
  });
}

function spotsOf(files: readonly PatchFile[]): Map<string, Spot[]> {
  const spots = new Map<string, Spot[]>();
  for (const file of files) {
    for (const [hunk, { lines }] of file.hunks.entries()) {
      for (const [at, line] of lines.entries()) {
        const text = textOf(line) ?? '';
        const known = spots.get(text);
        if (known === undefined) spots.set(text, [{ file, hunk, at }]);
        else if (known.length < MOST_PLACES) known.push({ file, hunk, at });
      }
    }
  }
  return spots;
}

/** How many of the quoted lines stand there in a row, from the last one up. */
function agreement(lines: readonly HunkLine[], at: number, quoted: readonly string[]): number {
  const texts = quoted.map((text) => text.trimEnd());
  const end = texts.findLastIndex((text) => text !== '');
  let same = 0;
  while (same <= end && textOf(lines[at - same]) === texts[end - same]) same += 1;
  return same;
}

function textOf(line: HunkLine | undefined): string | undefined {
  return line === undefined ? undefined : (MARKS[line.kind] + line.text).trimEnd();
}
