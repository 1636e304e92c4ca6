/** The first lines: how much was read, by whom, and what could not be. */
import { plural } from '../../../base/text.ts';
import { clean, wrap } from '../../../report/renderers/text/layout.ts';
import type { HunkReport, PatchReport, ReviewReport } from '../../report.ts';

export function headline(report: ReviewReport): readonly string[] {
  return [...countLines(report), ...coverLines(report)];
}

export function countLines(report: ReviewReport): readonly string[] {
  const { patches, comments } = report;
  const files = patches.flatMap((patch) => patch.files);
  const hunks = files.flatMap((file) => file.hunks);
  const sum = (key: 'additions' | 'deletions'): number => patches.reduce((all, patch) => all + patch[key], 0);
  const parts = [
    `${remarksOf(report)} on ${plural(patches.length, 'patch', 'patches')}`,
    `${plural(files.length, 'file')} (+${sum('additions')} -${sum('deletions')})`,
    `${plural(hunks.length, 'hunk')}${statesOf(hunks)}`,
    `${plural(comments.length, 'comment')}${authorsOf(report)}`,
  ];
  return wrap(`qtrace: ${parts.join(', ')}`, '', '        ');
}

function remarksOf({ remarks }: ReviewReport): string {
  if (remarks.length === 0) return 'no remark';
  const count = (wanted: string): number => remarks.filter(({ severity }) => severity === wanted).length;
  const kinds = (['error', 'warning', 'info'] as const).filter((severity) => count(severity) > 0);
  return `${plural(remarks.length, 'remark')} (${kinds.map((severity) => plural(count(severity), severity)).join(', ')})`;
}

function coverLines({ cover }: ReviewReport): readonly string[] {
  if (cover === null || cover.mail.subject === null) return [];
  const by = cover.mail.from === null ? '' : `, by ${clean(cover.mail.from, 200)}`;
  return wrap(`${clean(cover.mail.subject, 200)}${by}`, '        ');
}

/** Says nothing where all are clean. */
export function statesOf(hunks: readonly HunkReport[]): string {
  const count = (state: HunkReport['state']): number => hunks.filter((hunk) => hunk.state === state).length;
  const parts = (['repaired', 'unresolved'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function authorsOf({ comments }: ReviewReport): string {
  const names = [...new Set(comments.map(({ author }) => author ?? 'somebody unnamed'))];
  if (names.length === 0) return '';
  const shown = names.slice(0, 5).map((name) => clean(name, 60));
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return ` by ${shown.join(', ')}${more}`;
}

export function problemSection({ problems, comments }: ReviewReport): readonly string[] {
  const guessed = comments.some(({ authorFrom }) => authorFrom === 'turns')
    ? wrap('the page has no quote marks: who says what was worked out from the turns of the conversation', '  ', '    ')
    : [];
  const lines = problems.flatMap(({ code, count, input, firstLine, text, hint }) => [
    ...wrap(`${code}: ${clean(text)}${count > 1 ? ` (and ${count - 1} more)` : ''}`, '  ', '    '),
    ...wrap(`${clean(input, 120)}:${firstLine}; ${clean(hint)}`, '    '),
  ]);
  return lines.length + guessed.length === 0 ? [] : ['How it was read', ...guessed, ...lines];
}

/** `[PATCH v2 1/3] title`, or what else names it. */
export function patchTitle(patch: PatchReport): string {
  return patch.subject === null ? 'Patch without a subject' : clean(patch.subject, 200);
}
