import type { CodeLine } from '../code/image.ts';
import { defineCheck, remarkAt } from '../model/check.ts';
import type { SeriesModel } from '../model/model.ts';
import { isFinal } from '../model/names.ts';

/** Lines above the call in which a comment is looked for. */
const NEAR = 4;

export const finalUndocumented = defineCheck({
  id: 'final-undocumented',
  what: 'A final query is added without a comment that says why it is needed there.',
  why: 'Nobody sees from the call that the last dirty pages of precopy, and the discard bitmap of postcopy, hang on it.',
  limits: 'Any comment right above or beside the call is taken for one that explains it.',
  run: (model) =>
    model.changes
      .filter(({ inQuery, isEntry }) => !inQuery && isEntry)
      .flatMap((change) => {
        const ops = change.after('switchover')?.paths.flatMap((path) => path.ops.filter(isFinal)) ?? [];
        const added = ops.find((op) => op.kind === 'call' && op.line.changed && op.line.patch === change.patch);
        if (added?.kind !== 'call' || isExplained(model, added.line)) return [];
        return remarkAt(model, added.line, {
          rule: 'final-undocumented',
          severity: 'info',
          confidence: 'certain',
          message:
            'Please add a short comment why the final query is needed here: for precopy everything that it finds is sent in the switchover, for postcopy it decides the discard bitmaps.',
          reason: 'No comment stands right above or beside the call.',
        });
      }),
});

function isExplained({ newFiles }: SeriesModel, line: CodeLine): boolean {
  const file = newFiles.find((one) => one.patch === line.patch && one.file === line.file);
  return (
    file?.text.comments.some(
      ({ line: at }) => at.hunk === line.hunk && at.hunkLine <= line.hunkLine && at.hunkLine >= line.hunkLine - NEAR,
    ) ?? false
  );
}
