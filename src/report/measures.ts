/**
 * The figures of a run that are compared between runs. One entry per figure;
 * a figure that the log does not show is null, never 0.
 */

import { normalise, toJsonNumber, type Uint64 } from '../base/uint64.ts';
import type { EventName } from '../catalog/catalog.ts';
import type { EventItem } from '../ingest/trace-item.ts';
import type { Migration, Query, Sync } from '../replay/run.ts';
import type { ReplaySink } from '../replay/sink.ts';
import { isExact } from './exact-query.ts';
import type { MeasureReport } from './report.ts';

/** What the replay of one migration has shown, besides the migration itself. */
class Tally {
  exactNs = 0;
  exactCount = 0;
  longestExactNs = 0;
  finalNs: number | undefined;
  switchoverSyncNs: number | undefined;
  transferredBytes = 0;
  transferMs = 0;
  throttle: number | undefined;
  firstExact: Query | undefined;
  lastExact: Query | undefined;
}

export interface Measure {
  readonly name: string;
  /** For the row of a table. */
  readonly title: string;
  readonly unit: MeasureReport['unit'];
  /** In which direction it is a regression. */
  readonly worse: 'higher' | 'lower';
  readonly of: (migration: Migration, tally: Tally) => Uint64 | undefined;
}

/** From one checkpoint to the next, in the migration's own switchover. */
function stage(from: string, to: string): Measure['of'] {
  return ({ checkpoints, downtime }) => {
    if (downtime === undefined) return undefined;
    const at = (name: string): number | undefined => checkpoints.find((one) => one.name === name)?.at.ns;
    return span(at(from), at(to));
  };
}

function span(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from;
}

function stateNs({ states }: Migration, wanted: RegExp): number | undefined {
  return states.find(({ state }) => wanted.test(state))?.at.ns;
}

/** undefined where the kinds of query are not shown. */
function kindCount({ counts }: Migration, count: number): number | undefined {
  const kinds = counts.estimate + counts.exact + counts.final;
  return kinds > 0 ? count : undefined;
}

function syncsShown(migration: Migration): boolean {
  return migration.saw('migration_bitmap_sync_start') || migration.saw('migration_bitmap_sync_end');
}

/** By how much the exact totals fell in a second, from the first exact query to the last. */
function fallPerSecond({ firstExact, lastExact }: Tally): number | undefined {
  const ns = span(firstExact?.at.ns, lastExact?.at.ns);
  if (firstExact === undefined || lastExact === undefined || ns === undefined || ns <= 0) return undefined;
  return Math.round((Number(firstExact.totalBytes) - Number(lastExact.totalBytes)) / (ns / 1e9));
}

const ENDS = /^(?:completed|cancelled|failed)$/;

export const MEASURES: readonly Measure[] = [
  { name: 'downtime', title: 'downtime', unit: 'ns', worse: 'higher', of: ({ downtime }) => downtime?.durationNs },
  {
    name: 'downtime-vm-stop',
    title: 'downtime: guest stops',
    unit: 'ns',
    worse: 'higher',
    of: stage('src-downtime-start', 'src-vm-stopped'),
  },
  {
    name: 'downtime-iterable',
    title: 'downtime: iterable devices',
    unit: 'ns',
    worse: 'higher',
    of: stage('src-vm-stopped', 'src-iterable-saved'),
  },
  {
    name: 'downtime-other-devices',
    title: 'downtime: other devices',
    unit: 'ns',
    worse: 'higher',
    of: stage('src-iterable-saved', 'src-non-iterable-saved'),
  },
  {
    name: 'downtime-rest',
    title: 'downtime: the rest',
    unit: 'ns',
    worse: 'higher',
    of: stage('src-non-iterable-saved', 'src-downtime-end'),
  },
  { name: 'final-query', title: 'final query', unit: 'ns', worse: 'higher', of: (_, { finalNs }) => finalNs },
  {
    name: 'switchover-sync',
    title: 'sync of the switchover',
    unit: 'ns',
    worse: 'higher',
    of: (_, { switchoverSyncNs }) => switchoverSyncNs,
  },
  {
    name: 'exact-query',
    title: 'mean exact query',
    unit: 'ns',
    worse: 'higher',
    of: (_, { exactNs, exactCount }) => (exactCount > 0 ? Math.round(exactNs / exactCount) : undefined),
  },
  {
    name: 'exact-query-longest',
    title: 'longest exact query',
    unit: 'ns',
    worse: 'higher',
    of: (_, { exactCount, longestExactNs }) => (exactCount > 0 ? longestExactNs : undefined),
  },
  {
    name: 'total-time',
    title: 'total time',
    unit: 'ns',
    worse: 'higher',
    of: (migration) => (migration.startSeen ? stateNs(migration, ENDS) : undefined),
  },
  {
    name: 'setup-time',
    title: 'setup time',
    unit: 'ns',
    worse: 'higher',
    of: (migration) => span(stateNs(migration, /^setup$/), stateNs(migration, /^active$/)),
  },
  {
    name: 'iterations',
    title: 'iterations',
    unit: 'count',
    worse: 'higher',
    of: (migration) => (total(migration) > 0 ? migration.iterations : undefined),
  },
  {
    name: 'queries',
    title: 'queries of all kinds',
    unit: 'count',
    worse: 'higher',
    of: (migration) => (total(migration) > 0 ? total(migration) : undefined),
  },
  {
    name: 'estimate-queries',
    title: 'estimate queries',
    unit: 'count',
    worse: 'higher',
    of: (migration) => kindCount(migration, migration.counts.estimate),
  },
  {
    name: 'exact-queries',
    title: 'exact queries',
    unit: 'count',
    worse: 'higher',
    of: (migration) => kindCount(migration, migration.counts.exact),
  },
  {
    name: 'final-queries',
    title: 'final queries',
    unit: 'count',
    worse: 'higher',
    of: (migration) => kindCount(migration, migration.counts.final),
  },
  {
    name: 'syncs',
    title: 'syncs',
    unit: 'count',
    worse: 'higher',
    of: (migration) => (syncsShown(migration) ? migration.syncCount : undefined),
  },
  {
    name: 'transferred',
    title: 'sent (whole 100 ms windows)',
    unit: 'bytes',
    worse: 'higher',
    of: (_, { transferredBytes, transferMs }) => (transferMs > 0 ? transferredBytes : undefined),
  },
  {
    name: 'bandwidth',
    title: 'bandwidth',
    unit: 'bytes/s',
    worse: 'lower',
    of: (_, { transferredBytes, transferMs }) =>
      transferMs > 0 ? Math.round((transferredBytes / transferMs) * 1000) : undefined,
  },
  {
    name: 'final-total',
    title: 'final total',
    unit: 'bytes',
    worse: 'higher',
    of: ({ finalTotalBytes }) => finalTotalBytes,
  },
  {
    name: 'last-exact-total',
    title: 'last exact total',
    unit: 'bytes',
    worse: 'higher',
    of: (_, { lastExact }) => lastExact?.totalBytes,
  },
  {
    name: 'convergence',
    title: 'fall of the exact totals',
    unit: 'bytes/s',
    worse: 'lower',
    of: (_, tally) => fallPerSecond(tally),
  },
  { name: 'throttle', title: 'highest CPU throttle', unit: '%', worse: 'higher', of: (_, { throttle }) => throttle },
];

/** The sum of a hostile log may be beyond what a number holds exactly; then it is as near as a double comes. */
function jsonValue(value: Uint64 | undefined): MeasureReport['value'] {
  if (value === undefined) return null;
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return toJsonNumber(value);
  return Number.isFinite(value) ? toJsonNumber(normalise(BigInt(Math.round(value)))) : null;
}

function total({ counts }: Migration): number {
  return counts.estimate + counts.exact + counts.final + counts.unspecified;
}

export class MeasureTaker implements ReplaySink {
  readonly listensTo = { names: new Set<EventName>(['cpu_throttle_set', 'migrate_transferred']), inRounds: false };
  readonly #tallies = new Map<Migration, Tally>();
  #last: { readonly migration: Migration; readonly tally: Tally } | undefined;

  query(query: Query, migration: Migration): void {
    const tally = this.#tally(migration);
    const ns = span(query.syncs[0]?.start?.ns, query.at.ns);
    if (query.final === true) {
      tally.finalNs ??= ns;
      return;
    }
    if (query.inPostcopy || !isExact(query)) return;
    tally.firstExact ??= query;
    tally.lastExact = query;
    if (ns === undefined) return;
    tally.exactNs += ns;
    tally.exactCount += 1;
    tally.longestExactNs = Math.max(tally.longestExactNs, ns);
  }

  sync(sync: Sync, migration: Migration): void {
    if (sync.switchover !== undefined) this.#tally(migration).switchoverSyncNs ??= span(sync.start?.ns, sync.end?.ns);
  }

  event({ event }: EventItem, migration: Migration | undefined): void {
    if (migration === undefined) return;
    if (event.name === 'cpu_throttle_set') {
      const tally = this.#tally(migration);
      tally.throttle = Math.max(tally.throttle ?? 0, Number(event.args.new_throttle_pct));
    } else if (event.name === 'migrate_transferred') {
      const tally = this.#tally(migration);
      tally.transferredBytes += Number(event.args.transferred);
      tally.transferMs += Number(event.args.time_spent);
    }
  }

  measures(migration: Migration): readonly MeasureReport[] {
    const tally = this.#tally(migration);
    return MEASURES.map(({ name, unit, of }) => ({ name, unit, value: jsonValue(of(migration, tally)) }));
  }

  #tally(migration: Migration): Tally {
    if (this.#last?.migration === migration) return this.#last.tally;
    const tally = this.#tallies.get(migration) ?? new Tally();
    this.#tallies.set(migration, tally);
    this.#last = { migration, tally };
    return tally;
  }
}
