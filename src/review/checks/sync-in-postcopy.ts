import type { Path } from '../code/paths.ts';
import { defineCheck, entries, remarkAt } from '../model/check.ts';
import { breachOf } from '../model/compare.ts';
import { lineOf, madeAt } from '../model/guilt.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { isSync } from '../model/names.ts';
import { isQuiet, servesRam } from '../model/syncs.ts';
import type { Remark } from '../series.ts';

const hasNone = ({ ops }: Path) => (ops.some(isSync) ? 'no' : 'yes');
/** Run on the source after the switchover to postcopy. */
const AFTER =
  /^(?:migration_completion_postcopy|qemu_savevm_state_complete_postcopy|postcopy_pause|ram_state_resume_prepare)$/;

export const syncInPostcopy = defineCheck({
  id: 'sync-in-postcopy',
  what: 'The source can sync after the switchover to postcopy.',
  why: 'The destination runs then and has changed pages itself: a page that a late sync marks dirty is sent again over newer data.',
  limits: 'Whether anybody makes an exact query in postcopy stands outside of the handler.',
  run: (model) => [...inHandlers(model), ...afterwards(model)],
});

function inHandlers(model: SeriesModel): readonly Remark[] {
  return entries(model, servesRam).flatMap((change) => {
    for (const id of ['estimate-in-postcopy', 'exact-in-postcopy'] as const) {
      const breach = breachOf(change.before(id), change.after(id), isQuiet(change));
      const sync = breach?.path.ops.find(isSync);
      if (breach === undefined || breach.conditions.length > 0) continue;
      const estimate = id === 'estimate-in-postcopy';
      return remarkAt(model, guardOf(change) ?? (sync === undefined ? change.changed[0] : madeAt(change, sync)), {
        rule: 'sync-in-postcopy',
        severity: estimate ? 'error' : 'warning',
        confidence: estimate ? 'certain' : 'likely',
        message: `${estimate ? 'A query' : 'An exact query'} in postcopy reaches the sync now. The guest runs on the destination by then, and the source must not look for dirty pages again.`,
        reason: estimate
          ? `Estimates are made in postcopy, and ${change.name}() syncs in them.`
          : `${change.name}() does not look at migration_in_postcopy() any more; harmless as long as nobody makes an exact query in postcopy.`,
      });
    }
    return [];
  });
}

/** The changed line that asked, or asks, for postcopy. */
function guardOf(change: FunctionChange) {
  if (change.old === undefined) return undefined;
  return change.changed.find(({ text, changed }) => changed && /in_postcopy/.test(text));
}

function afterwards(model: SeriesModel): readonly Remark[] {
  return model.changes
    .filter(({ name }) => AFTER.test(name))
    .flatMap((change) => {
      const breach = breachOf(change.before('switchover'), change.after('switchover'), hasNone);
      const sync = breach?.path.ops.find(isSync);
      if (sync === undefined || lineOf(sync)?.changed !== true) return [];
      return remarkAt(model, lineOf(sync), {
        rule: 'sync-in-postcopy',
        severity: 'error',
        confidence: 'likely',
        message: 'This syncs on the source while the guest runs on the destination.',
        reason: `${change.name}() is reached only after the switchover to postcopy.`,
      });
    });
}
