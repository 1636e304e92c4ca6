/** What went wrong while reading, counted by kind; nothing is left out silently. */
import { plural } from '../base/text.ts';
import type { Patch, SeriesProblem } from './series.ts';

export class ProblemList {
  readonly #problems = new Map<string, SeriesProblem>();

  add(problem: Omit<SeriesProblem, 'count'>, count = 1): void {
    const known = this.#problems.get(problem.code);
    this.#problems.set(
      problem.code,
      known === undefined ? { ...problem, count } : { ...known, count: known.count + count },
    );
  }

  get all(): readonly SeriesProblem[] {
    return [...this.#problems.values()];
  }
}

export function addPatchProblems(problems: ProblemList, patches: readonly Patch[]): void {
  for (const { files, diffstat, input } of patches) {
    for (const { hunks, path } of files) {
      for (const hunk of hunks) {
        const firstLine = hunk.inputLine;
        if (hunk.state === 'unresolved') {
          problems.add({
            code: 'unresolved-hunk',
            input,
            firstLine,
            text: `a hunk of ${path === '' ? 'an unnamed file' : path} is not surely read: ${hunk.note}`,
            hint: 'compare it with the mail',
          });
        }
        if (path === '') {
          problems.add({
            code: 'unnamed-file',
            input,
            firstLine,
            text: 'a hunk stands below no file name',
            hint: 'give qtrace the whole patch as well, then the hunk finds its file',
          });
        }
      }
    }
    const additions = files.reduce((sum, file) => sum + file.additions, 0);
    const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
    const differs =
      diffstat !== undefined &&
      (diffstat.files !== files.length || diffstat.additions !== additions || diffstat.deletions !== deletions);
    if (differs) {
      problems.add({
        code: 'diffstat-mismatch',
        input,
        firstLine: files[0]?.hunks[0]?.inputLine ?? 1,
        text: `the mail counts ${plural(diffstat.files, 'file')} +${diffstat.additions} -${diffstat.deletions}, the diff has ${plural(files.length, 'file')} +${additions} -${deletions}`,
        hint: 'a part of the patch is missing or was changed by hand',
      });
    }
  }
}

/** The subjects count the patches: which are not there? A single patch is often looked at alone. */
export function addMissing(problems: ProblemList, patches: readonly Patch[]): void {
  for (const version of new Set(patches.map((patch) => patch.version))) {
    const own = patches.filter((patch) => patch.version === version);
    const [first] = own;
    const numbers = new Set(own.map(({ number }) => number));
    const all = Array.from({ length: first?.total ?? 0 }, (_, at) => at + 1);
    const missing = all.filter((number) => !numbers.has(number));
    if (first === undefined || own.length === 1 || missing.length === 0) continue;
    const shown = `${missing.slice(0, 10).join(', ')} ${missing.length === 1 ? 'is' : 'are'}`;
    problems.add(
      {
        code: 'missing-patch',
        input: first.input,
        firstLine: 1,
        text: `the series has ${all.length} patches; ${shown} not among the mails`,
        hint: 'give all mails of the series',
      },
      missing.length,
    );
  }
}
