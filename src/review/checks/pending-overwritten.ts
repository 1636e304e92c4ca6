import type { Op, Path } from '../code/paths.ts';
import { valueText } from '../code/values.ts';
import { defineCheck, entries, remarkAt, when } from '../model/check.ts';
import { breachOf, type Holds } from '../model/compare.ts';
import { madeAt } from '../model/guilt.ts';
import type { FunctionChange } from '../model/model.ts';
import { isShare } from '../model/names.ts';

export const pendingOverwritten = defineCheck({
  id: 'pending-overwritten',
  what: 'A handler sets a figure that all modules add to.',
  why: 'What the modules before it reported is lost: the total falls below what is left, and the switchover comes too early.',
  limits: 'A handler that sums up in variables of its own first is not followed where no hunk shows them.',
  run: (model) =>
    entries(model, ({ isHandler }) => isHandler).flatMap((change) => {
      const answers = answersOf(change);
      const overwrites = (op: Op): boolean => isOverwriting(op, answers);
      const adds = ({ ops }: Path): Holds => (ops.some(overwrites) ? 'no' : 'yes');
      for (const id of KINDS) {
        const breach = breachOf(change.before(id), change.after(id), adds);
        const op = breach?.path.ops.find(overwrites);
        if (breach === undefined || op?.kind !== 'assign') continue;
        const sure = breach.conditions.length === 0;
        return remarkAt(model, madeAt(change, op), {
          rule: 'pending-overwritten',
          severity: sure ? 'error' : 'warning',
          confidence: sure ? 'certain' : 'likely',
          message: `${op.target} is set here, not added to${when(breach.conditions)}: what the modules before this one reported is lost.`,
          reason: `${change.name}() is called once for its module, with the figures of those before it in ${ownerOf(op.target)}.`,
        });
      }
      return [];
    }),
});

const KINDS = ['exact', 'estimate', 'final'] as const;

const ownerOf = (target: string): string => target.split('.')[0] ?? '';

/** Where the handler finds what the others reported: its parameter, or what it added to before the patch. */
function answersOf(change: FunctionChange): readonly string[] {
  const param = change.new?.text.params?.[1]?.name;
  if (param !== undefined) return [param];
  const before = KINDS.flatMap((id) => change.before(id)?.paths ?? []).flatMap(({ ops }) => ops);
  return before.flatMap((op) => (op.kind === 'assign' && op.adds && isShare(op) ? [ownerOf(op.target)] : []));
}

function isOverwriting(op: Op, answers: readonly string[]): boolean {
  if (op.kind !== 'assign' || op.adds || !isShare(op) || !answers.includes(ownerOf(op.target))) return false;
  return !valueText(op.value).includes(op.target);
}
