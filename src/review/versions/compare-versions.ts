/** What changed between two versions of a series, patch by patch. */
import { parseSubject } from '../mail/subject.ts';
import type { Patch, ReviewComment, Series } from '../series.ts';
import { type ComparedHunk, compareHunks } from './compare-hunks.ts';
import { pairUp } from './pair.ts';
import { changedLinesOf, similarity } from './similarity.ts';
import { fateOf, type LineFate } from './trace-comment.ts';

export interface ComparedPatch {
  readonly change: 'unchanged' | 'changed' | 'dropped' | 'new';
  /** Indices of the patches. */
  readonly older: number | undefined;
  readonly newer: number | undefined;
  readonly messageChanged: boolean;
  readonly hunks: readonly ComparedHunk[];
}

export interface ComparedComment extends LineFate {
  readonly comment: ReviewComment;
  /** Index among the newer patches. */
  readonly patch: number | undefined;
}

export interface VersionComparison {
  readonly patches: readonly ComparedPatch[];
  readonly comments: readonly ComparedComment[];
}

/** Two patches of different titles with less in common are two patches. */
const LEAST_ALIKE = 0.4;

export function compareVersions(older: Series, newer: Series): VersionComparison {
  const pairing = pairUp(older.patches.length, newer.patches.length, candidates(older.patches, newer.patches));
  const kept = older.patches.map((patch, at) => compared(patch, at, newer.patches, pairing.newer[at]));
  const added = pairing.added.map(
    (at): ComparedPatch => ({
      change: 'new',
      older: undefined,
      newer: at,
      messageChanged: false,
      hunks: compareHunks([], newer.patches[at]?.files ?? []),
    }),
  );
  const patches = [...kept, ...added];
  return { patches, comments: older.comments.map((comment) => traced(comment, patches)) };
}

/** More pairs of patches are told by their titles alone. */
const MOST_PAIRS = 10_000;

/** Whether two patches are versions of one: the same title, or much of the same change. */
export function areVersions(a: Patch, b: Patch): boolean {
  return alikeness(traitsOf(a), traitsOf(b)) > 0;
}

interface Traits {
  readonly title: string;
  readonly changed: readonly string[];
}

function traitsOf({ headers, files }: Patch): Traits {
  return { title: parseSubject(headers.subject).title, changed: changedLinesOf(files) };
}

function alikeness(a: Traits, b: Traits): number {
  const alike = similarity(a.changed, b.changed);
  if (a.title !== '' && a.title === b.title) return 1 + alike;
  return alike >= LEAST_ALIKE ? alike : 0;
}

function* candidates(older: readonly Patch[], newer: readonly Patch[]) {
  const [before, after] = [older.map(traitsOf), newer.map(traitsOf)];
  const all = before.length * after.length <= MOST_PAIRS;
  const byTitle = new Map<string, number>();
  for (const [at, { title }] of after.entries()) if (title !== '') byTitle.set(title, at);
  for (const [at, one] of before.entries()) {
    const named = byTitle.get(one.title);
    const partners = all ? after.keys() : named === undefined ? [] : [named];
    for (const partner of partners) {
      const other = after[partner];
      if (other !== undefined) yield { older: at, newer: partner, score: alikeness(one, other) };
    }
  }
}

function compared(patch: Patch, older: number, others: readonly Patch[], newer: number | undefined): ComparedPatch {
  const partner = newer === undefined ? undefined : others[newer];
  const hunks = compareHunks(patch.files, partner?.files ?? []);
  if (partner === undefined) return { change: 'dropped', older, newer: undefined, messageChanged: false, hunks };
  const messageChanged = saidIn(patch.message) !== saidIn(partner.message);
  const same = !messageChanged && hunks.every(({ change }) => change === 'unchanged');
  return { change: same ? 'unchanged' : 'changed', older, newer, messageChanged, hunks };
}

/** The message alone: statistics and the notes below `---` change with every version. */
function saidIn(message: string): string {
  const [said = ''] = message.split(/^---\s*$/m);
  return said.replace(/\s+/g, ' ').trim();
}

function traced(comment: ReviewComment, patches: readonly ComparedPatch[]): ComparedComment {
  const patch = patches.find(({ older }) => older !== undefined && older === comment.patch);
  const nowhere = { comment, patch: patch?.newer, path: undefined, line: undefined };
  if (comment.patch === undefined) {
    const same = patches.every(({ change }) => change === 'unchanged');
    return { ...nowhere, lines: same ? 'unchanged' : 'changed' };
  }
  if (patch === undefined || patch.newer === undefined) return { ...nowhere, lines: 'gone' };
  if (comment.path === undefined) {
    return { ...nowhere, lines: patch.change === 'unchanged' ? 'unchanged' : 'changed' };
  }
  return { comment, patch: patch.newer, ...fateOf(comment, patch.hunks) };
}
