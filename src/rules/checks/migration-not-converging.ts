/**
 * Precopy ends when what is left fits into the threshold. Where the guest
 * dirties as fast as the link sends, or something is pending that precopy
 * cannot send, the exact totals stop falling and it never ends. That is no
 * fault of QEMU: what is reported is the downtime-limit, or the bandwidth, at
 * which it would have ended.
 *
 * 8.0 to 11.0 may not even come to an exact query: where dirty bitmaps hold the
 * estimate above the threshold, it stays where it is.
 */
import { formatDuration } from '../../base/units.ts';
import { bytesPerSecondFor, limitMsFor, readTransfer, type TransferSample } from '../../catalog/transfer.ts';
import type { Migration, Moment, Query } from '../../replay/run.ts';
import { Lows } from '../convergence/lows.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { isExact, isSnapshot, places, queriesShown, withoutQueryLine } from '../shared.ts';

/** What falls below this share of the lowest exact total has fallen. */
const FALLS = 0.95;
const RISES = 1.2;
/** Rounds since the lowest one, in which what was left then was sent this many times over. */
const MIN_ROUNDS = 3;
const TIMES_SENT = 2.5;
/** Where nothing is sent at all: so long, and so many queries. */
const STUCK_MS = 3000;
const MIN_QUERIES = 30;

/** Queries since one that no later one fell below. */
class Plateau {
  readonly lowest: Query;
  last: Query;
  count = 0;
  /** Most of them end with the next query. */
  #lows: Lows | undefined;
  sentBytes = 0;
  /** Sum of time_spent of the lines of migrate_transferred since. */
  windowsMs: number;
  /** Largest threshold at any of its queries. */
  thresholdBytes: number;

  constructor(lowest: Query, windowsMs = 0) {
    this.lowest = lowest;
    this.last = lowest;
    this.windowsMs = windowsMs;
    this.thresholdBytes = Number(lowest.thresholdBytes ?? 0);
  }

  add(query: Query): void {
    this.last = query;
    this.thresholdBytes = Math.max(this.thresholdBytes, Number(query.thresholdBytes ?? 0));
    this.count += 1;
    this.#lows ??= new Lows();
    this.#lows.add(Number(query.totalBytes));
  }

  get ms(): number {
    const from = this.lowest.at.ns;
    const to = this.last.at.ns;
    return from === undefined || to === undefined ? this.windowsMs : (to - from) / 1e6;
  }

  get isStuck(): boolean {
    if (this.count < MIN_QUERIES || this.ms < STUCK_MS) return false;
    const [before, after] = this.#halves;
    return after >= before;
  }

  get isLevel(): boolean {
    if (this.count < MIN_ROUNDS || this.sentBytes < TIMES_SENT * Number(this.lowest.totalBytes)) return false;
    const [before, after] = this.#halves;
    return after >= FALLS * before;
  }

  get pendingBytes(): number {
    return Math.min(Number(this.lowest.totalBytes), this.#lows?.lowest ?? Number.POSITIVE_INFINITY);
  }

  get #halves(): readonly [number, number] {
    return this.#lows?.halves ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  }
}

interface LastTransfer {
  readonly at: Moment;
  readonly sample: TransferSample;
}

export const migrationNotConverging = defineRule({
  id: 'migration-not-converging',
  severity: 'info',
  title: 'The remaining bytes have stopped falling',
  demands: 'From round to round precopy has less left to send, until it fits into the downtime-limit.',
  why: 'The migration goes on for ever and slows the guest, unless the limit or the bandwidth is raised, the guest throttled, or postcopy started.',
  needs: ['qemu_savevm_query_pending', 'migrate_transferred'],
  qemu: { function: 'migration_iteration_run', versions: 'all' },
  limits:
    'A higher bandwidth also leaves the guest less time to dirty memory, so what is named is enough, not the least. A precopy that ends without a higher threshold has converged, whatever came before.',
  reads: ['migrate_transferred'],
  begin: (migration) => {
    const course = new Course();
    let transfer: LastTransfer | undefined;
    let inPrecopy = true;
    return {
      event: ({ event, at }) => {
        if (event.name !== 'migrate_transferred' || !inPrecopy) return undefined;
        transfer = { at, sample: readTransfer(event.args) };
        course.window(transfer.sample.timeSpentMs);
        return undefined;
      },
      queryMade: (query) => {
        inPrecopy = !query.inPostcopy && !query.vmStopped && query.kind !== 'final';
        if (inPrecopy) course.query(query);
        return undefined;
      },
      end: () => verdict(migration, course, transfer),
    };
  },
});

/** How the pending bytes go in precopy. */
class Course {
  exactCount = 0;
  /** The last exact query, if no more is pending than the threshold. */
  reached: Query | undefined;
  #rounds: Plateau | undefined;
  /** From the second estimate on: most pairs differ. */
  #estimates: Plateau | undefined;
  #previous: Query | undefined;
  /** Sum of time_spent of the lines of migrate_transferred behind it. */
  #windowsMs = 0;

  window(ms: number): void {
    this.#windowsMs += ms;
    if (this.#rounds !== undefined) this.#rounds.windowsMs += ms;
    if (this.#estimates !== undefined) this.#estimates.windowsMs += ms;
  }

  query(query: Query): void {
    const previous = this.#previous;
    const fallen = previous === undefined ? 0 : Number(previous.totalBytes) - Number(query.totalBytes);
    if (this.#rounds !== undefined) this.#rounds.sentBytes += Math.max(0, fallen);
    if (isExact(query)) this.#exact(query);
    if (previous === undefined || fallen !== 0 || isExact(query) || isExact(previous)) this.#estimates = undefined;
    else {
      this.#estimates ??= new Plateau(previous, this.#windowsMs);
      this.#estimates.add(query);
    }
    this.#previous = query;
    this.#windowsMs = 0;
  }

  #exact(query: Query): void {
    this.exactCount += 1;
    this.reached = isAbove(query) ? undefined : query;
    if (this.reached !== undefined) return;
    const lowest = this.#rounds?.lowest.totalBytes;
    if (lowest === undefined || Number(query.totalBytes) < FALLS * Number(lowest)) this.#rounds = new Plateau(query);
    else this.#rounds?.add(query);
  }

  /** Where the pending bytes have stopped falling, at the end of precopy. */
  get plateau(): { readonly plateau: Plateau; readonly exact: boolean } | undefined {
    const [rounds, estimates] = [this.#rounds, this.#estimates];
    if (rounds !== undefined && (rounds.isLevel || rounds.isStuck)) return { plateau: rounds, exact: true };
    if (estimates?.isStuck === true && isAbove(estimates.last)) return { plateau: estimates, exact: false };
    return undefined;
  }
}

function isAbove({ totalBytes, thresholdBytes }: Query): boolean {
  return totalBytes > (thresholdBytes ?? 0);
}

function verdict(migration: Migration, course: Course, transfer: LastTransfer | undefined): Judgement {
  if (isSnapshot(migration)) return notApplicable(`a ${migration.kind} has no rounds`);
  if (!queriesShown(migration)) {
    return migration.outcome === 'completed' ? withoutQueryLine() : notApplicable('no pending query was made');
  }
  const { plateau: found, reached } = course;
  const ended = (migration.switchovers > 0 || migration.counts.final > 0) && migration.kind !== 'postcopy';
  if (ended && !hasRisen(found?.plateau, reached)) return pass('the remaining bytes fell to the threshold');
  if (found !== undefined && (ended || reached === undefined)) {
    if (found.plateau.thresholdBytes > 0) return report(found, reached, transfer);
    return undecidable('the log does not show the threshold', ['migrate_transferred']);
  }
  if (course.exactCount <= MIN_ROUNDS) return notApplicable('precopy had too few rounds to tell');
  return pass('the remaining bytes were still falling');
}

/** It ended at a threshold well above those that it had not come down to before: they follow the bandwidth. */
function hasRisen(plateau: Plateau | undefined, reached: Query | undefined): boolean {
  if (plateau === undefined || plateau.thresholdBytes === 0 || reached === undefined) return false;
  return Number(reached.totalBytes) > RISES * plateau.thresholdBytes;
}

function report(
  { plateau, exact }: { readonly plateau: Plateau; readonly exact: boolean },
  reached: Query | undefined,
  transfer: LastTransfer | undefined,
): Judgement {
  const { lowest, last, count, ms, pendingBytes } = plateau;
  const queries = exact ? 'exact queries' : 'estimates';
  const until = reached === undefined ? '' : `, until the threshold rose to ${reached.thresholdBytes}`;
  return violated({
    message: `the remaining bytes have stopped falling: ${count} more ${queries}${ms > 0 ? ` in ${formatDuration(ms * 1e6)}` : ''} found no less than ${pendingBytes} pending${until}`,
    expected: transfer === undefined ? 'fewer bytes pending in each round' : remedy(pendingBytes, transfer.sample),
    actual: `${lowest.totalBytes} bytes pending at first, ${last.totalBytes} at last`,
    evidence: [last.at.place, lowest.at.place, ...places(reached?.at.place, transfer?.at.place)],
  });
}

/** The limit, or the bandwidth, whose threshold holds what is pending. */
function remedy(pendingBytes: number, sample: TransferSample): string {
  const needed = limitMsFor(pendingBytes, sample);
  if (needed === undefined) return 'a larger downtime-limit: nothing was sent in the last window';
  const limit = `it ends at a downtime-limit of ${needed} ms with the bandwidth measured last`;
  const { limitMs } = sample;
  if (limitMs === undefined || limitMs.low !== limitMs.high || limitMs.low >= needed) return limit;
  const perSecond = bytesPerSecondFor(pendingBytes, limitMs.low);
  return perSecond === undefined ? limit : `${limit}, or at ${limitMs.low} ms with ${perSecond} bytes per second`;
}
