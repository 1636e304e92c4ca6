/**
 * What a patch shows of a file before and after it: the lines of each hunk on
 * one side, with what lies between the hunks unseen.
 */
import type { Hunk, PatchFile, Series } from '../series.ts';

export type Side = 'old' | 'new';

/** A line of a hunk, by indices into the series. */
export interface CodeLine {
  readonly text: string;
  readonly patch: number;
  readonly file: number;
  readonly hunk: number;
  readonly hunkLine: number;
  /** Added, or deleted on the old side. */
  readonly changed: boolean;
}

/** One hunk on one side. */
export interface Chunk {
  readonly hunk: number;
  readonly section: string;
  readonly lines: readonly CodeLine[];
}

export function chunksOf(file: PatchFile, patch: number, index: number, side: Side): readonly Chunk[] {
  const dropped = side === 'old' ? 'added' : 'deleted';
  return file.hunks.map((hunk, number) => ({
    hunk: number,
    section: hunk.section,
    lines: hunk.lines.flatMap((line, hunkLine): readonly CodeLine[] =>
      line.kind === dropped
        ? []
        : [{ text: line.text, patch, file: index, hunk: number, hunkLine, changed: line.kind !== 'context' }],
    ),
  }));
}

export function fileOf(series: Series, at: CodeLine): PatchFile | undefined {
  return series.patches[at.patch]?.files[at.file];
}

export function hunkOf(series: Series, at: CodeLine): Hunk | undefined {
  return fileOf(series, at)?.hunks[at.hunk];
}

export const sameLine = (a: CodeLine, b: CodeLine): boolean =>
  a.patch === b.patch && a.file === b.file && a.hunk === b.hunk && a.hunkLine === b.hunkLine;

export const isCode = (path: string): boolean => /\.(?:c|h|cc|cpp|inc)$/i.test(path);
