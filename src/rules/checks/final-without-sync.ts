/**
 * In a precopy switchover RAM's last sync runs inside the final query. Before
 * that query existed, ram_save_complete() synced after the stop, inside the RAM
 * section. In a postcopy switchover postcopy-switchover-without-sync judges.
 */

import { profileOf } from '../../catalog/profiles.ts';
import type { Place } from '../../ingest/trace-item.ts';
import type { Migration, Query, Switchover } from '../../replay/run.ts';
import { probeWithoutSync, saidWithoutSync, withLostSyncs } from '../lost-syncs.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { isSnapshot, MODE_EVENT_NAMES, nothingJudged, places, withoutQueryLine, withoutSyncs } from '../shared.ts';

const WITHOUT_SYNC = 'the final query did not sync the dirty bitmaps';

export const finalWithoutSync = defineRule({
  id: 'final-without-sync',
  severity: 'error',
  title: 'The final query of a precopy switchover does not sync',
  demands: 'The dirty bitmaps are synced once more after the VM is stopped, inside the final query where there is one.',
  why: 'Pages dirtied since the last sync are not in the bitmap and are never sent: the guest continues with stale memory.',
  needs: ['migration_bitmap_sync_start', 'migration_bitmap_sync_end', 'runstate_set'],
  qemu: { function: 'ram_state_pending_sync; before it ram_save_complete', versions: 'all' },
  limits: 'Which module synced is not shown; RAM is the only one with these events.',
  begin: (migration) => ({
    switchover: (switchover) => judge(switchover, migration),
    end: () => (migration.switchovers > 0 ? withLostSyncs(migration) : nothingToSync(migration)),
  }),
});

function nothingToSync(migration: Migration): Judgement {
  const { kind } = migration;
  if (isSnapshot(migration)) return notApplicable(`a ${kind} is no precopy switchover`);
  return nothingJudged(migration);
}

function judge(switchover: Switchover, migration: Migration): Judgement | undefined {
  const { band } = migration;
  if (switchover.mode === 'postcopy') return notApplicable('the switchover was one of postcopy');
  if (band === undefined) return withoutQueryLine();
  return profileOf(band).lastSync === 'final-query'
    ? judgeFinals(switchover, migration)
    : judgeRamSection(switchover, migration);
}

function judgeFinals(switchover: Switchover, migration: Migration): Judgement | undefined {
  const finals = [...switchover.earlyFinals, ...switchover.finals];
  const [first] = finals;
  if (first === undefined) return notApplicable('no final query was made');
  // With the VM stopped one sync is enough: a second final query is final-repeated's matter.
  if (finals.some(isSynced)) return pass('the final query synced');
  if (finals.some(({ syncs }) => syncs.length > 0)) {
    return undecidable(
      'the only sync before the final query began before the VM stopped: a line of a query is missing',
      ['qemu_savevm_query_pending'],
    );
  }
  const [said] = places(...finals.map(probeWithoutSync));
  return said !== undefined && switchover.mode === 'precopy' && finals.length === 1
    ? saidWithoutSync(WITHOUT_SYNC, 'the final query', [first.at.place, said, switchover.stop.place])
    : withoutSync(switchover, migration, first.at.place, first);
}

/** A sync that began before the stop is not that of a query behind it. */
function isSynced({ syncs, switchover }: Query): boolean {
  return syncs.some((sync) => sync.switchover === switchover);
}

function judgeRamSection(switchover: Switchover, migration: Migration): Judgement {
  if (switchover.syncCount > 0) return pass('the bitmaps were synced after the VM stopped');
  if (switchover.completed === 'no') return notApplicable('the switchover was not carried through');
  const end = switchover.ramEnd ?? switchover.end;
  if (switchover.completed === 'not-shown' || end === undefined) {
    return undecidable('the log does not show the end of RAM', ['savevm_section_end', 'vmstate_downtime_checkpoint']);
  }
  return withoutSync(switchover, migration, end.place, undefined);
}

function withoutSync(
  switchover: Switchover,
  migration: Migration,
  decisive: Place,
  query: Query | undefined,
): Judgement {
  const unseen = withoutSyncs(migration);
  if (unseen !== undefined) return unseen;
  if (switchover.mode === 'unknown') {
    return undecidable('the log does not show whether the switchover was one of precopy', MODE_EVENT_NAMES);
  }
  const ofQuery = query !== undefined;
  return violated({
    message: ofQuery ? WITHOUT_SYNC : 'the dirty bitmaps were not synced after the VM stopped',
    expected: ofQuery
      ? 'migration_bitmap_sync_start and _end between the query before and the final one'
      : 'migration_bitmap_sync_start and _end between VM stop and the end of RAM',
    actual: 'no sync between these lines',
    evidence: [decisive, switchover.stop.place],
  });
}
