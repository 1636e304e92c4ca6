/**
 * When a migration begins, every page is marked to be sent, so the sync of
 * setup finds nothing new. Up to 5.0 it counted each page that KVM reported:
 * all of RAM looked dirtied in the first period, and the guest was throttled
 * for it. The size of a target page is not in the log: those that exist serve.
 */
import type { EventName } from '../../catalog/catalog.ts';
import type { Moment, Query, StateChange, Sync } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { isSnapshot, SYNC_EVENT_NAMES, withoutSyncs } from '../shared.ts';

const PAGE_SIZES = [4096, 16384, 65536];
const STATE_EVENT_NAMES: readonly EventName[] = ['migrate_set_state'];

export const firstSyncCountsAllRam = defineRule({
  id: 'first-sync-counts-all-ram',
  severity: 'warning',
  title: 'The sync of setup counts all of RAM as dirtied',
  demands: 'The first sync counts no page: every one is marked already.',
  why: 'The guest seems to dirty memory faster than it can be sent, and auto-converge slows it down for nothing.',
  needs: [...SYNC_EVENT_NAMES, ...STATE_EVENT_NAMES],
  qemu: { function: 'migration_bitmap_sync', versions: 'all' },
  limits: 'A count within a tenth of all of RAM is taken for all of it; smaller ones are not judged.',
  bugs: [
    {
      commit: 'fb6135807f',
      what: 'pages that were marked already counted as dirtied: all of RAM in the first sync (fixed in 5.1)',
    },
  ],
  begin: (migration) => {
    let sync: Sync | undefined;
    let active: StateChange | undefined;
    let first: Query | undefined;
    return {
      sync: (seen) => {
        if (seen.owner === 'setup') sync ??= seen;
        return undefined;
      },
      state: (change) => {
        if (change.state === 'active') active ??= change;
        return undefined;
      },
      queryMade: (query) => {
        first ??= query;
        return undefined;
      },
      end: () => {
        if (isSnapshot(migration)) return notApplicable(`a ${migration.kind} makes no pending query`);
        if (first === undefined) return notApplicable('no pending query was made');
        const unseen = withoutSyncs(migration);
        if (unseen !== undefined) return unseen;
        if (!migration.startSeen) return undecidable('the log begins after setup', STATE_EVENT_NAMES);
        if (sync?.dirtyPages === undefined || sync.end === undefined) {
          return undecidable('the log does not show the sync of setup', SYNC_EVENT_NAMES);
        }
        return judge(sync.dirtyPages, sync.end, active, first);
      },
    };
  },
});

function judge(pages: number | bigint, end: Moment, active: StateChange | undefined, first: Query): Judgement {
  if (pages === 0) return pass('the sync of setup counted no page');
  // What comes behind `active`, or belongs to an exact query, is the sync of a round whose lines are missing.
  if (active === undefined || !isBefore(end, active.at)) {
    return undecidable('the log does not show where setup ends', STATE_EVENT_NAMES);
  }
  if (first.exact === true || first.syncs.length > 0) {
    return undecidable('the log does not show the first estimate', ['qemu_savevm_query_pending']);
  }
  const ramBytes = Number(first.precopyBytes) + Number(first.postcopyBytes);
  const perPage = ramBytes / Number(pages);
  if (!PAGE_SIZES.some((size) => perPage >= size * 0.9 && perPage <= size * 1.1)) {
    return pass(`the sync of setup counted ${pages} pages, which are not all of RAM`);
  }
  return violated({
    message: `the sync of setup counted ${pages} pages as dirtied, all of RAM (${ramBytes} bytes)`,
    expected: 'dirty_pages 0: every page is marked before',
    actual: `dirty_pages ${pages}`,
    evidence: [end.place, first.at.place],
  });
}

/** In one log by its lines, else by their times. */
function isBefore(earlier: Moment, later: Moment): boolean {
  if (earlier.place.input === later.place.input) return earlier.place.line < later.place.line;
  return earlier.ns !== undefined && later.ns !== undefined && earlier.ns < later.ns;
}
