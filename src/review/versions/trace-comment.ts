/** Whether the lines that a comment was about still stand in the next version of a patch. */
import type { Hunk, ReviewComment } from '../series.ts';
import { alignLines } from './align-lines.ts';
import type { ComparedHunk, HunkAt } from './compare-hunks.ts';
import { marked, similarity } from './similarity.ts';

export interface LineFate {
  readonly lines: 'changed' | 'unchanged' | 'gone';
  readonly path: string | undefined;
  /** Line in the new file of the newer version. */
  readonly line: number | undefined;
}

const GONE: LineFate = { lines: 'gone', path: undefined, line: undefined };

/**
 * A comment stands below what it is about: the line above it with what was
 * changed right before, and one line more on each side, so that what is put in
 * there counts.
 */
const MOST_ABOVE = 3;

export function fateOf(comment: ReviewComment, hunks: readonly ComparedHunk[]): LineFate {
  const { path, hunk, hunkLine } = comment;
  const own = hunks.filter(({ older }) => older?.path === path);
  if (hunk === undefined || hunkLine === undefined) return fateOfFile(path, own, hunks);
  const compared = own.find(({ older }) => older?.hunk === hunk);
  if (compared?.older === undefined || compared.newer === undefined) return GONE;
  const { older, newer } = compared;
  const partner = alignLines(older.value.lines.map(marked), newer.value.lines.map(marked));
  const from = firstAbout(older.value, hunkLine);
  const about = partner.slice(from, hunkLine + 1);
  if (about.every((at) => at === undefined)) return rewritten(older.value, newer, hunkLine, partner);
  const line = newer.value.lines[about.findLast((at) => at !== undefined) ?? 0];
  return {
    lines: isRow(partner.slice(Math.max(0, from - 1), hunkLine + 2)) ? 'unchanged' : 'changed',
    path: newer.path,
    line: line?.newLine ?? line?.oldLine,
  };
}

/** Lines that share so many of their words are one line, rewritten. */
const LEAST_ALIKE = 0.5;

/** No line of it is left as it was: one that is much like it may stand in its place. */
function rewritten(older: Hunk, newer: HunkAt, hunkLine: number, partner: readonly (number | undefined)[]): LineFate {
  const before = partner.slice(0, hunkLine).findLast((at) => at !== undefined) ?? -1;
  const behind = partner.slice(hunkLine + 1).find((at) => at !== undefined) ?? newer.value.lines.length;
  const old = older.lines[hunkLine];
  const words = wordsOf(old?.text ?? '');
  const line = newer.value.lines
    .slice(before + 1, behind)
    .find(({ kind, text }) => kind === old?.kind && similarity(words, wordsOf(text)) >= LEAST_ALIKE);
  if (line === undefined) return GONE;
  return { lines: 'changed', path: newer.path, line: line.newLine ?? line.oldLine };
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\w+/g) ?? [];
}

/** The lines above that are of its kind: a comment on an added line is about those added before it, too. */
function firstAbout(hunk: Hunk, hunkLine: number): number {
  const { kind } = hunk.lines[hunkLine] ?? { kind: 'context' };
  let from = hunkLine;
  while (hunkLine - from < MOST_ABOVE - 1 && hunk.lines[from - 1]?.kind === kind) from -= 1;
  return from;
}

/** All are there, with nothing between them. */
function isRow(values: readonly (number | undefined)[]): boolean {
  return values.every((value, at) => value !== undefined && (at === 0 || value === (values[at - 1] ?? 0) + 1));
}

/** A comment on the message has no file: it is about all. */
function fateOfFile(path: string | undefined, own: readonly ComparedHunk[], all: readonly ComparedHunk[]): LineFate {
  const hunks = path === undefined ? all : own;
  const left = hunks.find(({ newer }) => newer !== undefined);
  if (left === undefined && hunks.length > 0) return GONE;
  const same = hunks.every(({ change }) => change === 'unchanged' || change === 'moved');
  return {
    lines: same ? 'unchanged' : 'changed',
    path: path === undefined ? undefined : left?.newer?.path,
    line: undefined,
  };
}
