/** Whether the lines that a comment was about still stand in the next version of a patch. */
import type { Hunk, ReviewComment } from '../series.ts';
import { alignLines } from './align-lines.ts';
import type { ComparedHunk } from './compare-hunks.ts';
import { marked } from './similarity.ts';

export interface LineFate {
  readonly lines: 'changed' | 'unchanged' | 'gone';
  readonly path: string | undefined;
  /** Line in the new file of the newer version. */
  readonly line: number | undefined;
}

/** A comment stands below what it is about: so many lines above it, and the one below. */
const ABOVE = 3;
const BELOW = 1;

export function fateOf(comment: ReviewComment, hunks: readonly ComparedHunk[]): LineFate {
  const { path, hunk, hunkLine } = comment;
  const own = hunks.filter(({ older }) => older?.path === path);
  if (hunk === undefined || hunkLine === undefined) return fateOfFile(path, own, hunks);
  const compared = own.find(({ older }) => older?.hunk === hunk);
  if (compared?.older === undefined || compared.newer === undefined) {
    return { lines: 'gone', path: undefined, line: undefined };
  }
  const { older, newer } = compared;
  const partner = alignLines(older.value.lines.map(marked), newer.value.lines.map(marked));
  const from = firstOf(older.value, hunkLine);
  const to = Math.min(older.value.lines.length - 1, hunkLine + BELOW);
  const window = partner.slice(from, to + 1);
  const found = window.filter((at) => at !== undefined);
  const at = partner[hunkLine] ?? partner.slice(0, hunkLine).findLast((one) => one !== undefined);
  const line = at === undefined ? undefined : newer.value.lines[at];
  const place = { path: newer.path, line: line?.newLine ?? line?.oldLine };
  const changedThere = older.value.lines.slice(from, hunkLine + 1);
  const kept = partner
    .slice(from, hunkLine + 1)
    .filter((one, index) => one !== undefined && changedThere[index]?.kind !== 'context');
  const hadChange = changedThere.some(({ kind }) => kind !== 'context');
  if (hadChange && kept.length === 0) return { lines: 'gone', path: undefined, line: undefined };
  const whole = found.length === window.length && isRow(found);
  return { lines: whole ? 'unchanged' : 'changed', ...place };
}

/** The lines above, but not beyond the change that the comment stands in. */
function firstOf(hunk: Hunk, hunkLine: number): number {
  let from = hunkLine;
  while (from > 0 && hunkLine - from < ABOVE - 1 && hunk.lines[from - 1]?.kind === hunk.lines[hunkLine]?.kind)
    from -= 1;
  return from;
}

function isRow(values: readonly (number | undefined)[]): boolean {
  return values.every((value, at) => at === 0 || value === (values[at - 1] ?? 0) + 1);
}

function fateOfFile(path: string | undefined, own: readonly ComparedHunk[], all: readonly ComparedHunk[]): LineFate {
  const hunks = path === undefined ? all : own;
  const left = hunks.find(({ newer }) => newer !== undefined);
  if (left === undefined && hunks.length > 0) return { lines: 'gone', path: undefined, line: undefined };
  const same = hunks.every(({ change }) => change === 'unchanged' || change === 'moved');
  return {
    lines: same ? 'unchanged' : 'changed',
    path: path === undefined ? undefined : left?.newer?.path,
    line: undefined,
  };
}
