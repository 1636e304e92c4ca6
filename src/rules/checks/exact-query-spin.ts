/**
 * An exact query takes the BQL and syncs the dirty bitmaps of every module. It
 * pays where what is pending was sent since the last one. Pending bytes that
 * only postcopy or a stopped VM can send (dirty bitmaps) never fall: 8.0-rc and
 * 11.1 ask exactly in every round where nothing counts as precopy, 7.2 where
 * RAM is below the threshold, and the loop turns thousands of times a second.
 *
 * A high rate alone is none: after postcopy has started estimates come just as
 * fast, and below the threshold a switchover-ack may be waited for.
 */

import type { Uint64 } from '../../base/uint64.ts';
import { formatDuration } from '../../base/units.ts';
import { limitMsFor, readTransfer, type TransferSample } from '../../catalog/transfer.ts';
import type { Migration, Moment, Query } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { isExact, isSnapshot, places, queriesShown, SYNC_EVENT_NAMES, withoutQueryLine } from '../shared.ts';

/** RAM is sent for 50 ms at least before the next query, unless the link is faster than the guest's memory. */
const MIN_PER_SECOND = 100;
const MIN_QUERIES = 200;
/** Three windows of migrate_transferred: for one the threshold may lie too low by chance. */
const MIN_MS = 300;
/** What has fallen below this share of the pending bytes was sent. */
const STAYS = 0.9;

/** Exact queries running, between which the pending bytes did not fall. */
interface Stretch {
  readonly first: Query;
  last: Query;
  count: number;
  lowest: Query;
  /** Sum of time_spent of the lines of migrate_transferred in it. */
  windowsMs: number;
  sample: TransferSample | undefined;
  sampleAt: Moment | undefined;
}

export const exactQuerySpin = defineRule({
  id: 'exact-query-spin',
  severity: 'warning',
  title: 'Exact queries at a rate no progress justifies',
  demands: 'Between two exact queries something of what is pending is sent.',
  why: 'Every exact query takes the BQL and syncs all bitmaps: the guest stalls, a CPU burns, and the migration gets no further.',
  needs: ['qemu_savevm_query_pending', 'migrate_transferred'],
  qemu: { function: 'migration_iteration_run', versions: 'all' },
  limits: `Counts from ${MIN_QUERIES} queries in at least ${MIN_MS} ms on, and from ${MIN_PER_SECOND} a second; a guest so large that one sync takes 10 ms stays below.`,
  bugs: [
    { commit: '28ef5339c3', what: 'with postcopy-ram every round of 8.0-rc synced the dirty bitmaps' },
    { commit: '910c164736', what: 'the same once more in 9.0-rc' },
  ],
  reads: ['migrate_transferred'],
  begin: (migration) => {
    let stretch: Stretch | undefined;
    let unjudged: Stretch | undefined;
    let exactSeen = false;
    let fastest: TransferSample | undefined;
    const close = (): Judgement | undefined => {
      const ended = stretch;
      stretch = undefined;
      if (ended === undefined || ended.count < MIN_QUERIES) return undefined;
      const spentMs = msOf(ended);
      if (spentMs === undefined) unjudged ??= ended;
      return spentMs === undefined ? undefined : judge(ended, spentMs, fastest);
    };
    return {
      event: ({ event, at }) => {
        if (event.name !== 'migrate_transferred') return undefined;
        const sample = readTransfer(event.args);
        if (fastest === undefined || sample.bytesPerMs > fastest.bytesPerMs) fastest = sample;
        if (stretch !== undefined) noteTransfer(stretch, sample, at);
        return undefined;
      },
      queryMade: (query) => {
        const exact = isExact(query);
        if (exact) exactSeen = true;
        if (stretch !== undefined && !ends(stretch, query)) {
          if (exact) goOn(stretch, query);
          return undefined;
        }
        const judged = close();
        if (exact && mayPend(query)) stretch = beginAt(query);
        return judged;
      },
      end: () => close() ?? verdict(migration, exactSeen, unjudged),
    };
  },
});

/** More than may be left at the switchover, so that the loop goes on for its sake. */
function mayPend({ totalBytes, thresholdBytes, ackTotal, inPostcopy, vmStopped }: Query): boolean {
  if (inPostcopy || vmStopped || totalBytes === 0) return false;
  return totalBytes > (thresholdBytes ?? 0) && (ackTotal === undefined || ackTotal === 0);
}

function beginAt(query: Query): Stretch {
  return {
    first: query,
    last: query,
    count: 1,
    lowest: query,
    windowsMs: 0,
    sample: undefined,
    sampleAt: undefined,
  };
}

function ends({ first, last }: Stretch, query: Query): boolean {
  if (query.kind === 'final' || !mayPend(query)) return true;
  const reference = isExact(query) ? first : last;
  return Number(query.totalBytes) < STAYS * Number(reference.totalBytes);
}

function goOn(stretch: Stretch, query: Query): void {
  stretch.last = query;
  stretch.count += 1;
  if (query.totalBytes < stretch.lowest.totalBytes) stretch.lowest = query;
}

function noteTransfer(stretch: Stretch, sample: TransferSample, at: Moment): void {
  stretch.windowsMs += sample.timeSpentMs;
  stretch.sample = sample;
  stretch.sampleAt = at;
}

/** How long it took; without time stamps as the lines of migrate_transferred tell it. */
function msOf({ first, last, windowsMs }: Stretch): number | undefined {
  if (first.at.ns !== undefined && last.at.ns !== undefined) return (last.at.ns - first.at.ns) / 1e6;
  return windowsMs > 0 ? windowsMs : undefined;
}

function judge(stretch: Stretch, spentMs: number, fastest: TransferSample | undefined): Judgement | undefined {
  const { first, last, count, lowest, sample, sampleAt } = stretch;
  const perSecond = Math.round((count / spentMs) * 1000);
  if (spentMs < MIN_MS || perSecond < MIN_PER_SECOND) return undefined;
  return violated({
    message: `${count} exact queries in ${formatDuration(spentMs * 1e6)}, ${perSecond} a second, while ${lowest.totalBytes} bytes stayed pending${countedAs(lowest)}`,
    expected: `something is sent between two exact queries; ${remedy(lowest.totalBytes, sample, fastest)}`,
    actual: `the total is ${first.totalBytes} at the first of them and ${last.totalBytes} at the last`,
    evidence: [last.at.place, first.at.place, ...places(sampleAt?.place)],
  });
}

function countedAs({ postcopyBytes, stopcopyBytes }: Query): string {
  if (postcopyBytes > 0) return `, ${postcopyBytes} of them counted as postcopy`;
  return stopcopyBytes > 0 ? `, ${stopcopyBytes} of them counted as stop-copy` : '';
}

/** Where nothing is sent the measured bandwidth falls, and the threshold with it. */
function remedy(bytes: Uint64, last: TransferSample | undefined, fastest: TransferSample | undefined): string {
  const now = last === undefined ? undefined : limitMsFor(bytes, last);
  const best = fastest === undefined ? undefined : limitMsFor(bytes, fastest);
  if (now === undefined && best === undefined) return 'postcopy ends it, or a larger downtime-limit';
  if (now === best) return `postcopy ends it, or a downtime-limit of ${now} ms`;
  const set = `${best} ms at the best one, set as avail-switchover-bandwidth`;
  if (now === undefined) return `postcopy ends it, or a downtime-limit of ${set}`;
  return `postcopy ends it, or a downtime-limit of ${now} ms at the bandwidth measured last (${set})`;
}

function verdict(migration: Migration, exactSeen: boolean, unjudged: Stretch | undefined): Judgement {
  if (unjudged !== undefined) {
    return undecidable(`the log shows ${unjudged.count} exact queries running without progress, but not in what time`, [
      'migrate_transferred',
    ]);
  }
  if (exactSeen) return pass('between exact queries the pending bytes were sent, or few were made');
  if (isSnapshot(migration)) return notApplicable(`a ${migration.kind} makes no pending query`);
  if (!queriesShown(migration)) {
    return migration.outcome === 'completed' ? withoutQueryLine() : notApplicable('no pending query was made');
  }
  if (migration.band === '7.2' && !SYNC_EVENT_NAMES.some((name) => migration.saw(name))) {
    return undecidable('only its sync shows that a query of QEMU 7.2 is exact', SYNC_EVENT_NAMES);
  }
  return notApplicable('no exact query was made in precopy');
}
