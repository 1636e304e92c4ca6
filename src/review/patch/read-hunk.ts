/** One hunk: which lines are its own, what was mended, and how sure that is. */
import { plural } from '../../base/text.ts';
import type { Hunk, HunkLine } from '../series.ts';
import { unfolded } from './fold.ts';
import { type Fate, markOf, solveHunk } from './solve-hunk.ts';
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

export function readHunk(draft: HunkDraft, lines: readonly SourceLine[], surplus: number): HunkReading {
  const header = lines[draft.at]?.text ?? '';
  const body = draft.body.map((at) => lines[at] ?? { text: '', inputLine: 0 });
  const texts = body.map(({ text }) => text);
  const solved = draft.combined ? undefined : solveHunk(header, texts, draft.counts);
  const fates = solved ?? takeAsFarAsItGoes(texts, draft);
  const { rows, owners, headerFolds } = joinRows(body, fates);
  const built = numberLines(rows, draft, surplus);
  const section = headerFolds.length === 0 ? draft.section : unfolded([draft.section, ...headerFolds]);
  const hunk: Hunk = {
    oldStart: draft.oldStart,
    oldLines: draft.counts.oldLines,
    newStart: draft.newStart,
    newLines: draft.counts.newLines,
    section,
    ...stateOf(draft, fates, built, solved !== undefined, surplus),
    lines: built,
  };
  return { hunk, fates, owners };
}

/** The counts fit nothing: every line that looks like one of a patch, up to the counts. */
function takeAsFarAsItGoes(texts: readonly string[], draft: HunkDraft): readonly Fate[] {
  let [oldLeft, newLeft] = [draft.counts.oldLines, draft.counts.newLines];
  let ended = false;
  return texts.map((text): Fate => {
    const mark = markOf(text);
    ended ||= (oldLeft <= 0 && newLeft <= 0) || /^-- ?$/.test(text);
    if (ended || mark === '?') return 'drop';
    if (mark !== '+' && mark !== '\\') oldLeft -= 1;
    if (mark !== '-' && mark !== '\\') newLeft -= 1;
    return 'keep';
  });
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

function numberLines(rows: readonly Row[], draft: HunkDraft, surplus: number): readonly HunkLine[] {
  let [oldLine, newLine] = [draft.oldStart, draft.newStart];
  return rows.map(({ text, inputLine }): HunkLine => {
    const mark = markOf(text);
    const own = text.slice(1);
    if (mark === '+') return { kind: 'added', text: own, oldLine: undefined, newLine: newLine++, inputLine };
    if (mark === '-') return { kind: 'deleted', text: own, oldLine: oldLine++, newLine: undefined, inputLine };
    const context = text.startsWith('\t') ? text : own.slice(surplus);
    return { kind: 'context', text: context, oldLine: oldLine++, newLine: newLine++, inputLine };
  });
}

function stateOf(
  draft: HunkDraft,
  fates: readonly Fate[],
  lines: readonly HunkLine[],
  solved: boolean,
  surplus: number,
): Pick<Hunk, 'state' | 'note'> {
  if (draft.combined)
    return { state: 'unresolved', note: 'a combined diff of a merge; qtrace reads diffs with one old side' };
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
    surplus > 0 && lines.some(({ kind }) => kind === 'context')
      ? `context moved left by ${plural(surplus, 'blank')}`
      : '',
  ].filter((note) => note !== '');
  return notes.length === 0 ? { state: 'clean', note: '' } : { state: 'repaired', note: notes.join(', ') };
}
