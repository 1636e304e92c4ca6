/**
 * An exact query of the migration loop syncs the dirty bitmaps first. After
 * postcopy has started nothing new gets dirty on the source: QEMU 8.0 to 10.0
 * still make exact queries then, without a sync, and that is right.
 */
import type { Query } from '../../replay/run.ts';
import { probeWithoutSync, saidWithoutSync, withLostSyncs } from '../lost-syncs.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violatedOften } from '../rule.ts';
import { describeQuery, isSnapshot, places, SYNC_EVENT_NAMES, withoutQueryLine } from '../shared.ts';

const SYNCED = pass('every exact query in precopy synced');

export const exactWithoutSync = defineRule({
  id: 'exact-without-sync',
  severity: 'error',
  title: 'An exact query in precopy without a sync of its own',
  demands: 'Between the query before and an exact query in precopy there is a sync of the dirty bitmaps.',
  why: 'The decision to stop the guest rests on a number that misses what was dirtied since the last sync: the downtime is not what was promised.',
  needs: ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'],
  qemu: { function: 'ram_state_pending_sync; 8.0 to 11.0 ram_state_pending_exact', versions: '8.0 and later' },
  limits: 'QEMU 7.2 has one kind of query, which syncs when RAM sees fit; the final query has a rule of its own.',
  begin: (migration) => ({
    kinds: ['exact'],
    query: (query) => (query.exact === true && query.final !== true ? judge(query) : undefined),
    end: () => {
      if (migration.counts.exact > 0) return withLostSyncs(migration);
      if (migration.band === undefined && migration.outcome === 'completed' && !isSnapshot(migration)) {
        return withoutQueryLine();
      }
      return notApplicable(migration.band === '7.2' ? 'QEMU 7.2 has no exact query' : 'no exact query was made');
    },
  }),
});

function judge(query: Query): Judgement | undefined {
  // With the VM stopped it is a query of postcopy, or of a switchover.
  if (query.inPostcopy || query.vmStopped) return undefined;
  if (query.syncs.length > 0) return SYNCED;
  const said = probeWithoutSync(query);
  if (said !== undefined) {
    return saidWithoutSync(describe(query), 'an exact query of precopy', [query.at.place, said]);
  }
  if (mayBeInPostcopy(query)) {
    return undecidable('the log does not show whether postcopy had started before the exact query', [
      'migrate_set_state',
      'qemu_savevm_send_packaged',
    ]);
  }
  if (!query.syncsShown) return undecidable('the log shows no sync before the exact query', SYNC_EVENT_NAMES);
  if (query.index === 0 || !query.follows) {
    return undecidable('the log begins between the sync and the exact query', SYNC_EVENT_NAMES);
  }
  return violatedOften(() => ({
    message: describe(query),
    expected: 'migration_bitmap_sync_start and _end between the query before and this one',
    actual: 'no sync between these lines',
    evidence: [query.at.place, ...places(query.previous)],
  }));
}

const describe = (query: Query): string => `the ${describeQuery(query)} was made without a sync`;

/** 8.0 to 10.0 ask exactly in postcopy, too: a log that begins there shows no state. */
function mayBeInPostcopy({ state, final, precopyBytes, postcopyBytes }: Query): boolean {
  return state === undefined && final === undefined && precopyBytes === 0 && postcopyBytes > 0;
}
