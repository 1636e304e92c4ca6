import type { Op, Path } from '../code/paths.ts';
import { defineCheck, remarkAt } from '../model/check.ts';
import { breachOf } from '../model/compare.ts';
import { deletedAt, lineOf } from '../model/guilt.ts';
import { finalSyncLine, leftBesideFinal } from '../model/left-beside.ts';
import type { SeriesModel } from '../model/model.ts';
import { syncOf } from '../model/names.ts';
import { DISCARD } from '../model/syncs.ts';
import type { Remark } from '../series.ts';

export const notifierSkipped = defineCheck({
  id: 'notifier-skipped',
  what: 'A sync runs without the precopy notifiers around it.',
  why: 'The balloon stops its free page hints at PRECOPY_NOTIFY_BEFORE_BITMAP_SYNC; without it a hint may clear a page that was just found dirty.',
  limits: 'Free page hints are not started where postcopy is possible, so that in postcopy it is a matter of order.',
  run: (model) => [...replaced(model), ...dropped(model), ...leftBeside(model)],
});

const isPlain = (op: Op): boolean => syncOf(op)?.notifies === false;
const notifies = ({ ops }: Path) => (ops.some(isPlain) ? 'no' : 'yes');

/** migration_bitmap_sync() where migration_bitmap_sync_precopy() was, or a new call of it. */
function replaced(model: SeriesModel): readonly Remark[] {
  const isSyncItself = /^migration_bitmap_sync/;
  return model.changes
    .filter(({ name }) => !isSyncItself.test(name))
    .flatMap((change) => {
      for (const id of ['final', 'exact', 'switchover'] as const) {
        const sync = breachOf(change.before(id), change.after(id), notifies)?.path.ops.find(isPlain);
        if (sync === undefined || lineOf(sync)?.changed !== true) continue;
        return remarkAt(model, lineOf(sync), {
          rule: 'notifier-skipped',
          severity: 'warning',
          confidence: 'certain',
          message:
            'This calls migration_bitmap_sync(), without the precopy notifiers before and behind the sync. migration_bitmap_sync_precopy() has them.',
          reason: `The sync of ${change.name}() had them before, or is new.`,
        });
      }
      return [];
    });
}

/** The notifier calls of migration_bitmap_sync_precopy() itself. */
function dropped(model: SeriesModel): readonly Remark[] {
  const isNotifier = (op: Op): boolean => op.kind === 'call' && op.name === 'precopy_notify';
  return model.changes
    .filter(({ name }) => name === 'migration_bitmap_sync_precopy')
    .flatMap((change) => {
      const count = (path: Path): number => path.ops.filter(isNotifier).length;
      const most = Math.max(0, ...(change.before('switchover')?.paths ?? []).map(count));
      const breach = breachOf(change.before('switchover'), change.after('switchover'), (path) =>
        count(path) >= most ? 'yes' : 'no',
      );
      if (most === 0 || breach === undefined) return [];
      return remarkAt(model, deletedAt(change, isNotifier) ?? change.changed[0], {
        rule: 'notifier-skipped',
        severity: 'warning',
        confidence: 'certain',
        message: 'A precopy notifier is not called around the sync any more.',
        reason: `${change.name}() calls precopy_notify() less often than before.`,
      });
    });
}

function leftBeside(model: SeriesModel): readonly Remark[] {
  const left = leftBesideFinal(model);
  if (left === undefined || left.notifies) return [];
  return remarkAt(model, finalSyncLine(model), {
    rule: 'notifier-skipped',
    severity: 'info',
    confidence: left.seen ? 'certain' : 'likely',
    message: `The sync left in ${DISCARD}() calls no precopy notifiers either, unlike this one; migration_bitmap_sync_precopy(true) would do both.`,
    reason: 'Free page hints are not started where postcopy is possible: the notifiers have nothing to do there today.',
  });
}
