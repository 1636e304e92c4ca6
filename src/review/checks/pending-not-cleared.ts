import type { Op, Path } from '../code/paths.ts';
import { symbolOf } from '../code/values.ts';
import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf, type Holds } from '../model/compare.ts';
import { lostAt } from '../model/guilt.ts';
import type { SeriesModel } from '../model/model.ts';
import { CORE_QUERY } from '../model/names.ts';

export const pendingNotCleared = defineCheck({
  id: 'pending-not-cleared',
  what: 'The core does not clear the answer any more before it asks the modules.',
  why: 'The modules add to it: where one struct serves an estimate and then an exact query, all is counted twice, and the switchover never comes.',
  limits: 'Whether every caller clears it itself is not followed.',
  run: (model) =>
    entries(model, ({ name }) => name === CORE_QUERY).flatMap((change) => {
      const pending = (change.new ?? change.old)?.text.params?.[0]?.name ?? 'pending';
      const clears = (op: Op): boolean => isClearing(op, pending);
      const holds = ({ ops }: Path): Holds => (ops.some(clears) ? 'yes' : 'no');
      const breach = breachOf(change.before('exact'), change.after('exact'), holds);
      if (breach === undefined || change.old === undefined || clearedElsewhere(model)) return [];
      const sure = breach.conditions.length === 0;
      return remarkAt(model, lostAt(change, breach.path, clears), {
        rule: 'pending-not-cleared',
        severity: 'warning',
        confidence: sure ? 'likely' : 'possible',
        message: `The answer is not cleared here any more${when(breach.conditions)}, and the modules add to what the query before left in it. Does every caller clear it?`,
        reason: `${change.name}() did it itself before.`,
      });
    }),
});

/** `*pending = (MigPendingData) {};`, and no declaration: that one serves several queries. */
const ZEROS = /^\s*\*?[\w.>-]+\s*=[^=].*\{\s*0?\s*\}/;

/** By an assignment of zeros, or in a function that calls it. */
function clearedElsewhere({ changes }: SeriesModel): boolean {
  return changes.some(({ name, new: fresh }) => {
    const added = (fresh?.text.parts ?? []).flat().filter(({ line }) => line.changed);
    return added.some(({ text, line }) => (text === 'memset' && name !== CORE_QUERY) || ZEROS.test(line.text));
  });
}

function isClearing(op: Op, pending: string): boolean {
  if (op.kind === 'assign') return op.target === pending && !op.adds;
  const [first] = op.kind === 'call' && /^(?:__builtin_)?(?:memset|bzero)$/.test(op.name) ? op.args : [];
  return first !== undefined && symbolOf(first) === pending;
}
