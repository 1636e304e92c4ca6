/**
 * An estimate is cheap: it reads counters. One estimate with a sync before it
 * is not enough to accuse: the line of an exact query may be lost, and
 * auto-converge syncs from a timer of the main thread, at most every 5 s. Two
 * estimates running, each with its own sync, are neither, where exact queries
 * are shown or both syncs stand behind a round: that of an exact query follows
 * the query before it at once. The probe in RAM's handler proves a single one.
 */
import type { Uint64 } from '../../base/uint64.ts';
import type { EventName } from '../../catalog/catalog.ts';
import { profileOf } from '../../catalog/profiles.ts';
import type { Place } from '../../ingest/trace-item.ts';
import type { Migration, Query, Sync } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated, violatedOften } from '../rule.ts';
import { describeQuery, isSnapshot, places, queriesShown, withoutQueryLine, withoutSyncs } from '../shared.ts';

/** Less than the period of auto-converge's timer, which is 5 s of guest time. */
const TIMER_NS = 4e9;

export const estimateWithSync = defineRule({
  id: 'estimate-with-sync',
  severity: 'error',
  title: 'Estimate queries sync the dirty bitmaps',
  demands: 'Between the query before and an estimate there is no sync of the dirty bitmaps.',
  why: 'Estimates are made all the time: syncing in each takes the BQL and stalls the guest.',
  needs: ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'],
  qemu: { function: 'ram_state_pending_sync; 8.0 to 11.0 ram_state_pending_estimate', versions: '8.0 and later' },
  limits: 'Without the probe ram_state_pending_sync a single estimate with a sync before it is undecidable.',
  begin: (migration) => {
    let before: Query | undefined;
    let alone: Query | undefined;
    let largest: Uint64 = 0;
    let exactSeen = false;
    /** Kept until an exact query shows that their lines are in the log. */
    let held: Judgement | undefined;
    /** The sync of `before` is not that of an exact query whose line is lost. */
    let beforeIsCertain = false;
    const estimate = (query: Query): Judgement | undefined => {
      // As much as at the beginning, or more: it may be the first of another attempt, behind the sync of its setup.
      const begins = query.totalBytes >= largest;
      if (begins) largest = query.totalBytes;
      const previous = before;
      const certain = beforeIsCertain;
      before = undefined;
      beforeIsCertain = false;
      // Nearly all are such, and there may be millions.
      if (query.syncs.length === 0 && query.probes.pendingSync === undefined) return undefined;
      const ofFirst = isOwnOfFirst(query, migration);
      before = ofFirst || (isOwn(query) && !begins) ? query : undefined;
      beforeIsCertain = ofFirst || isBehindRound(query);
      if (isOwn(query)) alone ??= query;
      if (provenByProbe(query)) return accuseByProbe(query);
      if (before === undefined || previous === undefined || mayBeTimers(previous, query)) return undefined;
      if (exactSeen || (beforeIsCertain && certain)) return accuse(query, previous);
      held ??= accuse(query, previous);
      return undefined;
    };
    const exact = (): Judgement | undefined => {
      exactSeen = true;
      const found = held;
      held = undefined;
      return found;
    };
    return {
      queryMade: (query) => {
        if (query.kind === 'estimate') return estimate(query);
        if (query.kind === 'exact') return exact();
        before = undefined;
        return undefined;
      },
      end: () => {
        if (migration.counts.estimate === 0) return withoutEstimates(migration);
        const unseen = withoutSyncs(migration);
        if (unseen !== undefined) return unseen;
        if (alone === undefined) return pass('no estimate synced');
        if (!exactSeen) return undecidable('the log has no line of an exact query', exactEvents(migration));
        return undecidable(
          `a sync stands before the estimate at line ${alone.at.place.line}, but a lost line or a timer explains it, too`,
          ['cpu_throttle_dirty_sync', 'savevm_state_iterate'],
        );
      },
    };
  },
});

/** In 8.0 to 11.0 exact queries are an event of their own: with it off, their syncs seem to be the estimates'. */
function exactEvents({ band }: Migration): readonly EventName[] {
  return [(band === undefined ? undefined : profileOf(band).exactQueryEvent) ?? 'qemu_savevm_query_pending'];
}

function isOwn(query: Query): boolean {
  const { syncs, previous, inPostcopy, vmStopped, timerSynced, hole } = query;
  if (inPostcopy || vmStopped || timerSynced || hole || previous === undefined) return false;
  return syncs.some((sync) => !isOfMainThread(sync, query));
}

/** Auto-converge's timer: the thread of the query is the migration's. */
function isOfMainThread({ start, end }: Sync, { at }: Query): boolean {
  const thread = (start ?? end)?.thread;
  return thread !== undefined && at.thread !== undefined && thread !== at.thread;
}

/** The first query of a migration has the sync of setup before it; another one, begun in `active`, is its own. */
function isOwnOfFirst({ index, syncs, timerSynced, hole }: Query, { startSeen, states }: Migration): boolean {
  if (index > 0 || !startSeen || timerSynced || hole) return false;
  const active = states.find(({ state }) => state === 'active')?.at.place;
  return syncs.some(({ start }) => isLater(start?.place, active));
}

/** Where the stream stood still so long, auto-converge's timer may have synced before each of them. */
function mayBeTimers(first: Query, second: Query): boolean {
  const from = beginOf(first);
  const to = beginOf(second);
  return from !== undefined && to !== undefined && to - from >= TIMER_NS;
}

function beginOf({ syncs: [sync] }: Query): number | undefined {
  return (sync?.start ?? sync?.end)?.ns;
}

/** Its sync stands behind a round, and that behind the query before. */
function isBehindRound({ syncs: [sync], previous }: Query): boolean {
  return previous !== undefined && sync?.start !== undefined && sync.iterated;
}

function isLater(place: Place | undefined, than: Place | undefined): boolean {
  return place !== undefined && than !== undefined && place.input === than.input && place.line > than.line;
}

/** RAM says that it synced for an estimate. */
function provenByProbe({ probes: { pendingSync }, inPostcopy, vmStopped, hole }: Query): boolean {
  if (pendingSync === undefined || inPostcopy || vmStopped || hole) return false;
  return pendingSync.sync && !pendingSync.exact && !pendingSync.final;
}

function accuseByProbe(query: Query): Judgement {
  const sync = query.syncs[0];
  return violated({
    message: `the ${describeQuery(query)} synced`,
    expected: 'no sync between the query before and an estimate',
    actual: 'ram_state_pending_sync says exact=0 and sync=1',
    evidence: [query.at.place, ...places(query.probes.pendingSync?.at.place, (sync?.start ?? sync?.end)?.place)],
  });
}

function accuse(query: Query, first: Query): Judgement {
  const sync = query.syncs[0];
  return violatedOften(() => ({
    message: `the ${describeQuery(query)} synced, as the estimate before it did`,
    expected: 'no sync between the query before and an estimate',
    actual: 'a sync before each of two estimates running',
    evidence: [query.at.place, ...places((sync?.start ?? sync?.end)?.place, first.at.place)],
  }));
}

function withoutEstimates(migration: Migration): Judgement {
  const { outcome } = migration;
  if (queriesShown(migration) || outcome !== 'completed' || isSnapshot(migration)) {
    return notApplicable('no estimate was made');
  }
  return withoutQueryLine();
}
