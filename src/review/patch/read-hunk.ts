/** One hunk: which lines are its own, what was mended, and how sure that is. */
import { plural } from '../../base/text.ts';
import type { Hunk, HunkLine } from '../series.ts';
import { unfolded } from './fold.ts';
import { looksLikeMore, markOf } from './line-mark.ts';
import type { Fate, SearchBudget } from './search-hunk.ts';
import { solveHunk } from './solve-hunk.ts';
import type { HunkDraft } from './structure.ts';

/** A line of the text that is searched for diffs. */
export interface SourceLine {
  readonly text: string;
  readonly inputLine: number;
}

export interface HunkReading {
  readonly hunk: Hunk;
  /** What became of the lines of the draft's body, one for one. */
  readonly fates: readonly Fate[];
  /** For each line of the body that was kept, its index in the hunk's lines. */
  readonly owners: readonly (number | undefined)[];
}

export function readHunk(draft: HunkDraft, lines: readonly SourceLine[], budget: SearchBudget): HunkReading {
  if (draft.combined) return combinedHunk(draft, lines);
  const header = lines[draft.at]?.text ?? '';
  const body = draft.body.map((at) => lines[at] ?? { text: '', inputLine: 0 });
  const texts = body.map(({ text }) => text);
  const solved = withoutRest(solveHunk(header, texts, draft.counts, budget), texts);
  const fates = solved ?? takeAsFarAsItGoes(texts);
  const { rows, owners, headerFolds } = joinRows(body, fates);
  const built = numberLines(rows, draft);
  const section = headerFolds.length === 0 ? draft.section : unfolded([draft.section, ...headerFolds]);
  const hunk: Hunk = {
    oldStart: draft.oldStart,
    oldLines: draft.counts.oldLines,
    newStart: draft.newStart,
    newLines: draft.counts.newLines,
    section,
    ...stateOf(draft, fates, built, solved !== undefined),
    lines: built,
    inputLine: lines[draft.at]?.inputLine ?? 0,
  };
  return { hunk, fates, owners };
}

/** Of a merge: its lines have two marks each, which no line of a hunk can say. */
function combinedHunk(draft: HunkDraft, lines: readonly SourceLine[]): HunkReading {
  const fates = draft.body.map((at): Fate => (markOf(lines[at]?.text ?? '') === '?' ? 'drop' : 'keep'));
  const hunk: Hunk = {
    oldStart: draft.oldStart,
    oldLines: draft.counts.oldLines,
    newStart: draft.newStart,
    newLines: draft.counts.newLines,
    section: draft.section,
    state: 'unresolved',
    note: 'a combined diff of a merge; qtrace reads diffs with one old side',
    lines: [],
    inputLine: lines[draft.at]?.inputLine ?? 0,
  };
  return { hunk, fates, owners: fates.map(() => undefined) };
}

/** Its context without blanks that a page has put before it. */
export function movedLeft(hunk: Hunk, surplus: number): Hunk {
  if (surplus === 0 || !hunk.lines.some(({ kind }) => kind === 'context')) return hunk;
  const blanks = new RegExp(`^ {1,${surplus}}`);
  const note = `context moved left by ${plural(surplus, 'blank')}`;
  return {
    ...hunk,
    state: hunk.state === 'clean' ? 'repaired' : hunk.state,
    note: hunk.note === '' ? note : `${hunk.note}, ${note}`,
    lines: hunk.lines.map((line) =>
      line.kind === 'context' ? { ...line, text: line.text.replace(blanks, '') } : line,
    ),
  };
}

/** Right behind a hunk that has all its lines more of them follow: then the counts are wrong. */
function withoutRest(fates: readonly Fate[] | undefined, texts: readonly string[]): readonly Fate[] | undefined {
  if (fates === undefined) return undefined;
  const behind = texts[fates.findLastIndex((fate) => fate !== 'drop') + 1] ?? '';
  return looksLikeMore(behind) ? undefined : fates;
}

/** The counts fit nothing: every line that looks like one of a patch, up to the signature or a gap. */
function takeAsFarAsItGoes(texts: readonly string[]): readonly Fate[] {
  const signature = texts.findIndex((text) => /^-- ?$/.test(text));
  const end = signature < 0 ? texts.length : signature;
  const last = texts.slice(0, end).findLastIndex((text) => /^[-+ ]/.test(text));
  return texts.map((text, at): Fate => (at > last || markOf(text) === '?' ? 'drop' : 'keep'));
}

interface Row {
  readonly text: string;
  readonly inputLine: number;
}

function joinRows(body: readonly SourceLine[], fates: readonly Fate[]) {
  const rows: Row[] = [];
  const headerFolds: string[] = [];
  const owners: (number | undefined)[] = [];
  for (const [at, { text, inputLine }] of body.entries()) {
    const last = rows.at(-1);
    const fate = fates[at];
    if (fate === 'keep' && !text.startsWith('\\')) rows.push({ text, inputLine });
    else if (fate === 'fold' && last === undefined) headerFolds.push(text.trim());
    else if (fate === 'fold' && last !== undefined)
      rows[rows.length - 1] = { ...last, text: unfolded([last.text, text]) };
    owners.push(fate === 'drop' || rows.length === 0 ? undefined : rows.length - 1);
  }
  return { rows, owners, headerFolds };
}

function numberLines(rows: readonly Row[], draft: HunkDraft): readonly HunkLine[] {
  let [oldLine, newLine] = [draft.oldStart, draft.newStart];
  return rows.map(({ text, inputLine }): HunkLine => {
    const mark = markOf(text);
    const own = text.slice(1);
    if (mark === '+') return { kind: 'added', text: own, oldLine: undefined, newLine: newLine++, inputLine };
    if (mark === '-') return { kind: 'deleted', text: own, oldLine: oldLine++, newLine: undefined, inputLine };
    const context = text.startsWith('\t') ? text : own;
    return { kind: 'context', text: context, oldLine: oldLine++, newLine: newLine++, inputLine };
  });
}

function stateOf(
  draft: HunkDraft,
  fates: readonly Fate[],
  lines: readonly HunkLine[],
  solved: boolean,
): Pick<Hunk, 'state' | 'note'> {
  if (!solved) {
    const [oldCount, newCount] = [
      lines.filter(({ kind }) => kind !== 'added').length,
      lines.filter(({ kind }) => kind !== 'deleted').length,
    ];
    const { oldLines, newLines } = draft.counts;
    return {
      state: 'unresolved',
      note: `the header counts ${oldLines} old and ${newLines} new lines, ${oldCount} and ${newCount} are there`,
    };
  }
  const folds = fates.filter((fate) => fate === 'fold').length;
  const lastKept = fates.lastIndexOf('keep');
  const cut = fates.slice(0, lastKept).filter((fate) => fate === 'drop').length;
  const notes = [
    folds > 0 ? `${plural(folds, 'folded line')} joined` : '',
    cut > 0 ? `${plural(cut, 'line')} of text taken out` : '',
  ].filter((note) => note !== '');
  return notes.length === 0 ? { state: 'clean', note: '' } : { state: 'repaired', note: notes.join(', ') };
}
