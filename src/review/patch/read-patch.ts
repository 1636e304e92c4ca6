/** The files and hunks of one diff, out of lines that may hold more than it. */
import type { PatchFile } from '../series.ts';
import { readFileHeader } from './file-header.ts';
import { type HunkReading, movedLeft, readHunk, type SourceLine } from './read-hunk.ts';
import { SearchBudget } from './search-hunk.ts';
import { type FileDraft, findStructure } from './structure.ts';
import { surplusIndent } from './surplus-indent.ts';
import { verified } from './verify.ts';

/** What a line of the text is to the patch. */
export interface Place {
  readonly file: number;
  readonly hunk: number | undefined;
  /** Index in the hunk's lines. */
  readonly hunkLine: number | undefined;
}

export interface PatchReading {
  readonly files: readonly PatchFile[];
  /** By index of the text; undefined for a line that is not the patch's. */
  readonly places: readonly (Place | undefined)[];
}

/** `lines` begin with the diff's first; `message` is what stood above. */
export function readPatch(lines: readonly SourceLine[], message: readonly string[]): PatchReading {
  const texts = lines.map(({ text }) => text);
  const drafts = findStructure(texts);
  const budget = new SearchBudget();
  const read = drafts.map((draft) => draft.hunks.map((hunk) => readHunk(hunk, lines, budget)));
  const surplus = surplusOf(message, read);
  const readings = read.map((hunks) =>
    hunks.map((reading) => ({ ...reading, hunk: movedLeft(reading.hunk, surplus) })),
  );
  const places = new Array<Place | undefined>(lines.length).fill(undefined);
  const files = drafts.map((draft, file) => {
    for (const at of draft.header) places[at] = { file, hunk: undefined, hunkLine: undefined };
    placeHunks(draft, readings[file] ?? [], file, places);
    return fileOf(draft, texts, readings[file] ?? []);
  });
  return { files: verified(files), places };
}

function surplusOf(message: readonly string[], readings: readonly (readonly HunkReading[])[]): number {
  const lines = readings.flatMap((hunks) => hunks.flatMap(({ hunk }) => hunk.lines));
  const context = lines.filter(({ kind }) => kind === 'context').map(({ text }) => ` ${text}`);
  const changed = lines.filter(({ kind }) => kind !== 'context').map(({ text }) => `+${text}`);
  const damaged = readings.some((hunks) => hunks.some(({ hunk }) => hunk.state !== 'clean'));
  return surplusIndent(message, context, changed, damaged);
}

function placeHunks(
  draft: FileDraft,
  readings: readonly HunkReading[],
  file: number,
  places: (Place | undefined)[],
): void {
  for (const [hunk, { at: header, body }] of draft.hunks.entries()) {
    places[header] = { file, hunk, hunkLine: undefined };
    const reading = readings[hunk];
    for (const [index, at] of body.entries()) {
      const fate = reading?.fates[index];
      if (fate === 'keep' || fate === 'fold') places[at] = { file, hunk, hunkLine: reading?.owners[index] };
    }
  }
}

function fileOf(draft: FileDraft, texts: readonly string[], readings: readonly HunkReading[]): PatchFile {
  const hunks = readings.map(({ hunk }) => hunk);
  const count = (kind: 'added' | 'deleted'): number =>
    hunks.reduce((sum, { lines }) => sum + lines.filter((line) => line.kind === kind).length, 0);
  return {
    ...readFileHeader(draft.header.map((at) => texts[at] ?? '')),
    additions: count('added'),
    deletions: count('deleted'),
    hunks,
  };
}
