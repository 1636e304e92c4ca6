/** What became of the hunks of a patch in its next version, by what they say and not by line numbers. */
import type { Hunk, PatchFile } from '../series.ts';
import { pairUp } from './pair.ts';
import { changedLines, marked, similarity } from './similarity.ts';

export interface HunkAt {
  readonly path: string;
  /** Index in its file. */
  readonly hunk: number;
  readonly value: Hunk;
}

export interface ComparedHunk {
  readonly change: 'unchanged' | 'moved' | 'changed' | 'dropped' | 'new';
  readonly older: HunkAt | undefined;
  readonly newer: HunkAt | undefined;
}

/** What a hunk is compared by. */
interface Content {
  readonly at: HunkAt;
  /** All lines with their marks. */
  readonly all: readonly string[];
  /** Those that say something among the added and deleted ones. */
  readonly changed: readonly string[];
  /** Same file, same lines. */
  readonly wholeKey: string;
  /** Same lines added and deleted. */
  readonly changeKey: string;
}

/** Below it two hunks share their braces and little else. */
const LEAST_ALIKE = 0.25;
/** A line, or a function, of more hunks tells them apart no longer. */
const MOST_SHARED = 30;

export function compareHunks(older: readonly PatchFile[], newer: readonly PatchFile[]): readonly ComparedHunk[] {
  const [before, after] = [contentsOf(older), contentsOf(newer)];
  const partners = new Map<Content, Content>();
  pairEqual(before, after, partners, ({ wholeKey }) => wholeKey);
  pairEqual(before, after, partners, ({ changeKey, at, changed }) =>
    changed.length > 0 ? changeKey : `${at.path}\n${changeKey}`,
  );
  pairAlike(before, after, partners);
  const kept = before.map((one): ComparedHunk => {
    const partner = partners.get(one);
    if (partner === undefined) return { change: 'dropped', older: one.at, newer: undefined };
    return { change: changeOf(one, partner), older: one.at, newer: partner.at };
  });
  const taken = new Set(partners.values());
  const added = after.filter((one) => !taken.has(one));
  return [...kept, ...added.map(({ at }): ComparedHunk => ({ change: 'new', older: undefined, newer: at }))];
}

function contentsOf(files: readonly PatchFile[]): readonly Content[] {
  return files.flatMap(({ path, hunks }) =>
    hunks.map((value, hunk): Content => {
      const all = value.lines.map(marked);
      const changes = value.lines.filter(({ kind }) => kind !== 'context').map(marked);
      return {
        at: { path, hunk, value },
        all,
        changed: changedLines(value),
        wholeKey: `${path}\n${all.join('\n')}`,
        changeKey: changes.join('\n'),
      };
    }),
  );
}

function changeOf(older: Content, newer: Content): ComparedHunk['change'] {
  if (older.wholeKey === newer.wholeKey) return 'unchanged';
  return older.changeKey === newer.changeKey ? 'moved' : 'changed';
}

/** Those of one key, in their order. */
function pairEqual(
  before: readonly Content[],
  after: readonly Content[],
  partners: Map<Content, Content>,
  keyOf: (content: Content) => string,
): void {
  const taken = new Set(partners.values());
  const free = new Map<string, Content[]>();
  for (const one of after.filter((content) => !taken.has(content)).reverse()) {
    const known = free.get(keyOf(one));
    if (known === undefined) free.set(keyOf(one), [one]);
    else known.push(one);
  }
  for (const one of before) {
    const partner = partners.has(one) ? undefined : free.get(keyOf(one))?.pop();
    if (partner !== undefined) partners.set(one, partner);
  }
}

function pairAlike(before: readonly Content[], after: readonly Content[], partners: Map<Content, Content>): void {
  const taken = new Set(partners.values());
  const [older, newer] = [before.filter((one) => !partners.has(one)), after.filter((one) => !taken.has(one))];
  const pairing = pairUp(older.length, newer.length, candidates(older, newer));
  for (const [at, one] of older.entries()) {
    const partner = newer[pairing.newer[at] ?? -1];
    if (partner !== undefined) partners.set(one, partner);
  }
}

/** Pairs that share a changed line, or stand in one function of one file. */
function* candidates(older: readonly Content[], newer: readonly Content[]) {
  const keysOf = ({ at, changed }: Content): readonly string[] => [`${at.path}\n${at.value.section}`, ...changed];
  const index = new Map<string, number[]>();
  for (const [at, one] of newer.entries()) {
    for (const key of new Set(keysOf(one))) {
      const known = index.get(key);
      if (known === undefined) index.set(key, [at]);
      else if (known.length < MOST_SHARED) known.push(at);
    }
  }
  for (const [at, one] of older.entries()) {
    for (const partner of new Set(keysOf(one).flatMap((key) => index.get(key) ?? []))) {
      const other = newer[partner];
      if (other !== undefined) yield { older: at, newer: partner, score: scoreOf(one, other) };
    }
  }
}

function scoreOf(a: Content, b: Content): number {
  const sameFile = a.at.path === b.at.path;
  const surroundings = similarity(a.all, b.all);
  const alike = similarity(a.changed, b.changed);
  const sameFunction = sameFile && a.at.value.section === b.at.value.section;
  if (alike >= LEAST_ALIKE) return alike + 0.2 * surroundings + (sameFile ? 0.2 : 0) + (sameFunction ? 0.1 : 0);
  // Rewritten in place: the same surroundings in the same file.
  return sameFile && surroundings >= 0.4 ? surroundings / 10 : 0;
}
