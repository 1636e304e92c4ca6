/**
 * What held in every log of real processes, number by number, as one list. Each
 * counts where it applies, so that a test can tell that it was put to use.
 */
import { type Attempt, type Entry, numberIn, type ProtocolLog, type Query } from './protocol-log.ts';

export interface Invariant {
  readonly id: string;
  /** In the words of the reference on QEMU's traces. */
  readonly words: string;
  check(log: ProtocolLog, tally: Tally): void;
}

export class Tally {
  applied = 0;
  readonly broken: string[] = [];

  expect(holds: boolean, log: ProtocolLog, entry: Entry, what: string): void {
    this.applied += 1;
    if (!holds && this.broken.length < 10) this.broken.push(`${log.name}:${entry.line} ${what}: ${entry.args}`);
  }
}

const PAGE = 4096;
const hasFinals = ({ version }: ProtocolLog): boolean => version === '11.1' || version === 'thread';

function eachQuery({ attempts }: ProtocolLog, check: (query: Query) => void): void {
  for (const { queries } of attempts) for (const query of queries) check(query);
}

/** The source's timer of auto-converge syncs on its own. */
const hasTimerSync = ({ between }: Query): boolean => between.some(({ event }) => event === 'cpu_throttle_dirty_sync');
const isRecovery = ({ between }: Query): boolean => between.some(({ event }) => event === 'ram_state_resume_prepare');
const isOver = ({ between }: Query): boolean =>
  between.some(({ args }) => /^new state (?:cancelling|failing|failed)$/.test(args));

/** Lines between an estimate and its exact query: the sync, and details of locks, memory and modules. */
const DETAIL =
  /^(?:migration_bitmap_sync_(?:start|end|stage)|qemu_mutex_\w+|kvm_\w+|dirty_bitmap_\w+_pending|vfio_state_pending\w*|ram_state_pending_sync|qemu_savevm_query_pending_bql|mig_dirty_bytes_total_update|migration_throttle|cpu_throttle_\w+|dirtylimit_\w+|migration_dirty_limit_guest|global_dirty_changed)$/;
/** Other threads print at any time. */
const OTHER_THREADS =
  /^(?:source_return_path_\w+|qmp_\w+|migrate_handle_rp_req_pages|ram_save_queue_pages|migration_cancel|migrate_error|multifd_\w+)$/;

/** What its last query had to lead to: an exact one of the same round. */
function wantsExact({ version }: ProtocolLog, { total, precopy, threshold = 0 }: Query): boolean {
  return version === '11.1' ? total <= threshold || precopy === 0 : total < threshold;
}

export const INVARIANTS: readonly Invariant[] = [
  {
    id: 'total-is-sum',
    words: 'total == precopy + stopcopy + postcopy',
    check: (log, tally) =>
      eachQuery(log, ({ entry, total, precopy, stopcopy, postcopy }) =>
        tally.expect(total === precopy + stopcopy + postcopy, log, entry, 'no sum'),
      ),
  },
  {
    id: 'precopy-in-pages',
    words: 'precopy % 4096 == 0 (where only RAM reports there)',
    check: (log, tally) => {
      if (log.hasDevices) return;
      eachQuery(log, ({ entry, precopy }) => tally.expect(precopy % PAGE === 0, log, entry, 'no pages'));
    },
  },
  {
    id: 'final-is-exact',
    words: 'final => exact',
    check: (log, tally) =>
      eachQuery(log, ({ entry, kind, isExact }) => {
        if (kind === 'final') tally.expect(isExact, log, entry, 'not exact');
      }),
  },
  {
    id: 'no-stopcopy-no-acks',
    words: 'stopcopy and both switchover-ack numbers are 0 (without VFIO)',
    check: (log, tally) => {
      if (log.hasDevices || !hasFinals(log)) return;
      eachQuery(log, ({ entry, stopcopy, acks }) => tally.expect(stopcopy === 0 && acks === 0, log, entry, 'not 0'));
    },
  },
  {
    id: 'exact-behind-estimate',
    words: 'an exact query that is not final directly follows an estimate; between them only the sync and details',
    check: (log, tally) =>
      eachQuery(log, ({ entry, kind, previous, between }) => {
        if (kind !== 'exact') return;
        tally.expect(previous?.kind === 'estimate', log, entry, 'no estimate before it');
        const others = between.filter(
          ({ event, args }) => !DETAIL.test(event) && !OTHER_THREADS.test(event) && args !== 'new state cancelling',
        );
        tally.expect(others.length === 0, log, entry, `${others.map(({ event }) => event)} between`);
      }),
  },
  {
    id: 'one-sync-per-exact',
    words:
      'exactly one sync between the previous query and every exact or final one; none before an estimate but that of setup',
    check: (log, tally) =>
      eachQuery(log, (query) => {
        const { entry, kind, previous, syncs, hasPostcopyBegun } = query;
        if (kind === 'any' || hasTimerSync(query)) return;
        // Up to 11.0 exact queries of postcopy do not sync, and a switchover does by itself.
        if (!hasFinals(log) && hasPostcopyBegun) return;
        const due = kind !== 'estimate' || previous === undefined ? 1 : 0;
        tally.expect(syncs.length === due, log, entry, `${syncs.length} syncs instead of ${due}`);
      }),
  },
  {
    id: 'exact-grows-by-its-sync',
    words: 'exact: total - previous estimate <= dirty_pages * 4096 of its sync',
    check: (log, tally) => {
      if (log.hasDevices) return;
      eachQuery(log, ({ entry, kind, previous, syncs, total }) => {
        const [dirtied] = syncs;
        if (kind !== 'exact' || previous === undefined || dirtied === undefined) return;
        tally.expect(total - previous.total <= dirtied * PAGE, log, entry, `grew from ${previous.total}`);
      });
    },
  },
  {
    id: 'estimates-fall',
    words: 'estimates never rise between exact queries, also in postcopy',
    check: (log, tally) => {
      if (log.hasDevices) return;
      eachQuery(log, (query) => {
        const { entry, kind, previous, total } = query;
        if (kind !== 'estimate' || previous === undefined || hasTimerSync(query) || isRecovery(query)) return;
        // The switchover of 10.0 syncs without a query.
        if (query.syncs.length > 0) return;
        tally.expect(total <= previous.total, log, entry, `rose from ${previous.total}`);
      });
    },
  },
  {
    id: 'exact-iff-low',
    words: 'an exact query is made iff the estimate is within max_size or, in 11.1, its precopy part is 0',
    check: (log, tally) => {
      for (const { queries } of log.attempts) {
        for (const [index, query] of queries.entries()) {
          const next = queries[index + 1];
          if (query.kind !== 'estimate' || query.hasPostcopyBegun || next === undefined || isOver(next)) continue;
          // Postcopy is asked for, or devices hold a part that only the stopped ones give.
          if (log.hasDevices || next.between.some(({ event }) => event === 'postcopy_start')) continue;
          if (next.kind === 'final') continue;
          tally.expect((next.kind === 'exact') === wantsExact(log, query), log, query.entry, `then ${next.kind}`);
        }
      }
    },
  },
  {
    id: 'low-pending',
    words:
      'migration_thread_low_pending N == total of the query before it, N <= last max_size, N == 0 at the end of postcopy',
    check: (log, tally) => {
      for (const attempt of log.attempts) {
        for (const entry of attempt.entries) {
          if (entry.event !== 'migration_thread_low_pending') continue;
          const query = attempt.queries.filter((one) => one.entry.line < entry.line).at(-1);
          const pending = Number(entry.args);
          tally.expect(query?.total === pending, log, entry, `behind a total of ${query?.total}`);
          tally.expect(pending <= (thresholdBefore(attempt, entry) ?? 0), log, entry, 'above max_size');
          if (query?.hasPostcopyBegun === true && hasFinals(log)) tally.expect(pending === 0, log, entry, 'not 0');
        }
      }
    },
  },
  {
    id: 'final-not-below-exact',
    words: 'final total >= total of the exact query before it',
    check: (log, tally) =>
      eachQuery(log, ({ entry, kind, previous, total, isInColo }) => {
        if (kind !== 'final' || previous?.kind !== 'exact' || isInColo) return;
        tally.expect(total >= previous.total, log, entry, `below ${previous.total}`);
      }),
  },
  {
    id: 'completion-sends-final',
    words:
      'ram_save_complete dirty=N, done=0 behind a final query: N*4096 is its total (no postcopy, no bitmaps, no devices)',
    check: (log, tally) => {
      if (log.hasBitmaps || log.hasDevices) return;
      for (const { entries, queries } of log.attempts) {
        for (const entry of entries) {
          const pages = entry.event === 'ram_save_complete' ? numberIn(entry.args, /dirty=(\d+), done=0/) : undefined;
          if (pages === undefined) continue;
          const query = queries.filter((one) => one.entry.line < entry.line).at(-1);
          if (query?.kind !== 'final' || query.hasPostcopyBegun) continue;
          if (entries.some((one) => one.event === 'qemu_savevm_send_packaged' && one.line < entry.line)) continue;
          tally.expect(pages * PAGE === query.total, log, entry, `behind a total of ${query.total}`);
        }
      }
    },
  },
  {
    id: 'bql-at-final',
    words:
      'the BQL is held at the final query and during its sync; an exact query syncs under it, and its line comes behind the release',
    check: (log, tally) => {
      const bql = log.entries.find(
        ({ event, args }) => event === 'qemu_mutex_unlock' && /system\/cpus\.c:\d+\)$/.test(args),
      );
      const mutex = /mutex (0x[0-9a-f]+)/.exec(bql?.args ?? '')?.[1];
      if (mutex === undefined) return;
      let isHeld = false;
      let isInColo = false;
      for (const entry of log.entries) {
        const { event, args } = entry;
        if (event === 'qemu_mutex_locked' && args.includes(mutex)) isHeld = true;
        if (event === 'qemu_mutex_unlock' && args.includes(mutex)) isHeld = false;
        if (args === 'new state colo') isInColo = true;
        if (event === 'migration_bitmap_sync_start' && (!isInColo || hasFinals(log))) {
          tally.expect(isHeld, log, entry, 'a sync without the BQL');
        }
        if (/exact=1, final=1/.test(args)) tally.expect(isHeld, log, entry, 'final without the BQL');
      }
    },
  },
  {
    id: 'locks-alternate',
    words: 'taken and released of one mutex strictly alternate',
    check: (log, tally) => {
      const held = new Map<string, boolean>();
      for (const entry of log.entries) {
        const mutex = /^qemu_mutex_(?:locked|unlock)$/.test(entry.event)
          ? /mutex (0x[0-9a-f]+)/.exec(entry.args)?.[1]
          : undefined;
        if (mutex === undefined) continue;
        const takes = entry.event === 'qemu_mutex_locked';
        const before = held.get(mutex);
        held.set(mutex, takes);
        // The first line of a mutex may release what was taken before the log began.
        if (before !== undefined) tally.expect(before !== takes, log, entry, 'twice');
      }
    },
  },
  {
    id: 'finals-per-completed',
    words: 'one final query in each switchover that completes, none in postcopy’s end, none after a recovery',
    check: (log, tally) => {
      if (!hasFinals(log)) return;
      for (const { entries, queries } of log.attempts) {
        const done = entries.find(({ args }) => args === 'new state completed');
        if (done === undefined || queries.length === 0) continue;
        const isColo = entries.some(({ args }) => args === 'new state colo');
        const checkpoints = entries.filter(({ args }) => /new_state 15 \(colo\)$/.test(args)).length;
        const finals = queries.filter(({ kind }) => kind === 'final').length;
        tally.expect(finals === (isColo ? 1 + checkpoints : 1), log, done, `${finals} finals`);
      }
    },
  },
  {
    id: 'no-sync-in-postcopy',
    words: 'in postcopy only estimates (11.1), and no sync at all until the end',
    check: (log, tally) => {
      for (const { entries } of log.attempts) {
        const from = entries.findIndex(({ event }) => event === 'qemu_savevm_send_packaged');
        if (from < 0) continue;
        for (const entry of entries.slice(from)) {
          if (/^migrate_pending|^qemu_savevm_query_pending$/.test(entry.event)) {
            const isAllowed = !hasFinals(log) || /^exact=0/.test(entry.args);
            tally.expect(isAllowed, log, entry, 'not an estimate');
          }
          if (entry.event === 'migration_bitmap_sync_start') tally.expect(false, log, entry, 'a sync in postcopy');
        }
      }
    },
  },
  {
    id: 'window-and-threshold',
    words: 'migrate_transferred: time_spent >= 100, max_size = B/ms * downtime-limit, floor',
    check: (log, tally) => {
      for (const entry of log.entries) {
        if (entry.event !== 'migrate_transferred') continue;
        const transferred = numberIn(entry.args, /transferred (\d+)/) ?? 0;
        const ms = numberIn(entry.args, /time_spent (\d+)/) ?? 1;
        const bandwidth = numberIn(entry.args, /bandwidth (\d+)/) ?? -1;
        const perMs = transferred / ms;
        tally.expect(ms >= 100, log, entry, 'a short window');
        const shown = log.version === '11.1' ? (perMs * 8) / 1000 : perMs;
        tally.expect(bandwidth === Math.floor(shown), log, entry, `not ${Math.floor(shown)}`);
      }
    },
  },
];

function thresholdBefore({ entries }: Attempt, { line }: Entry): number | undefined {
  const last = entries.filter((one) => one.event === 'migrate_transferred' && one.line < line).at(-1);
  return last === undefined ? undefined : numberIn(last.args, /max_size (\d+)/);
}
