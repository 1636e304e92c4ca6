/**
 * Up to 11.0 the estimate leaves out what VFIO sends with the VM stopped, and
 * the exact query counts it. Where that alone is above the threshold, every
 * estimate says "nearly done", every exact query says "not at all", for ever.
 *
 * An estimate below the threshold and an exact total above it are the normal
 * end of every iteration: the sync finds what the guest has dirtied meanwhile.
 * That is no more than the dirty pages that the sync printed, and so what is
 * beyond them was in no estimate.
 */
import { formatDuration } from '../../base/units.ts';
import type { Migration, Query } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { isSnapshot, queriesShown, SYNC_EVENT_NAMES, withoutQueryLine } from '../shared.ts';

const MIN_ROUNDS = 5;
/** What has fallen below this share makes progress. */
const STAYS = 0.9;
/** The guest's page; QEMU counts in these. Some rare targets have twice as much. */
const PAGE_BYTES = 8192;
/** Faster than memory is read: such a fall was not sent, not even as zero pages. */
const IMPOSSIBLE_BYTES_PER_MS = 64e6;

/** An estimate, and the exact query right after it. */
interface Round {
  readonly estimate: Query;
  readonly exact: Query;
  /** What neither the estimate nor the sync counted, undefined where the log does not show it. */
  readonly unseenBytes: number | undefined;
}

interface Stretch {
  readonly first: Round;
  last: Round;
  count: number;
}

export const estimateExactOscillation = defineRule({
  id: 'estimate-exact-oscillation',
  severity: 'warning',
  title: 'The estimate says nearly done, the exact query not at all, again and again',
  demands: 'What the exact query counts is in the estimates, too, but for the pages dirtied since the last sync.',
  why: 'The migration never ends, and each round syncs the bitmaps of every module for nothing.',
  needs: ['migrate_transferred', ...SYNC_EVENT_NAMES],
  qemu: { function: 'migration_iteration_run, vfio_state_pending_estimate', versions: '8.0 and later' },
  limits: `Counts from ${MIN_ROUNDS} rounds running on. Without sync events only where the pending bytes fall faster than memory can be read.`,
  bugs: [
    {
      commit: 'ff86cf43df',
      what: "the estimate left out VFIO's stop-copy size: 21 GB in every exact query, 0 in between",
    },
  ],
  begin: (migration) => {
    let before: Query | undefined;
    let exactBefore: Query | undefined;
    let stretch: Stretch | undefined;
    let withoutThreshold = 0;
    let unexplained = 0;
    let exactSeen = false;
    const close = (): Judgement | undefined => {
      const ended = stretch;
      stretch = undefined;
      return ended === undefined || ended.count < MIN_ROUNDS ? undefined : accuse(ended);
    };
    const exact = (query: Query): Judgement | undefined => {
      exactSeen = true;
      const round = before?.kind === 'estimate' ? roundOf(before, query, exactBefore) : undefined;
      exactBefore = query;
      if (round === undefined || query.vmStopped) return close();
      if (query.thresholdBytes === undefined && (round.unseenBytes ?? 1) > 0) withoutThreshold += 1;
      if (!crosses(round)) return close();
      unexplained += round.unseenBytes === undefined ? 1 : 0;
      return isUnseen(round) ? goOn(round) : close();
    };
    const goOn = (round: Round): Judgement | undefined => {
      const stays = stretch === undefined ? 0 : STAYS * Number(stretch.first.exact.totalBytes);
      const ended = Number(round.exact.totalBytes) < stays ? close() : undefined;
      if (stretch === undefined) stretch = { first: round, last: round, count: 0 };
      stretch.last = round;
      stretch.count += 1;
      return ended;
    };
    return {
      queryMade: (query) => {
        const judged = query.kind === 'exact' && !query.inPostcopy ? exact(query) : undefined;
        before = query;
        return judged;
      },
      end: () => close() ?? verdict(migration, { exactSeen, withoutThreshold, unexplained }),
    };
  },
});

function roundOf(estimate: Query, exact: Query, exactBefore: Query | undefined): Round {
  return { estimate, exact, unseenBytes: unseenBytes(estimate, exact, exactBefore) };
}

/** The threshold lies between the two: so it does at the end of every iteration, too. */
function crosses({ estimate, exact }: Round): boolean {
  const threshold = exact.thresholdBytes;
  return threshold !== undefined && estimate.totalBytes <= threshold && exact.totalBytes > threshold;
}

function unseenBytes(estimate: Query, exact: Query, exactBefore: Query | undefined): number | undefined {
  const pages = exact.syncs[0]?.dirtyPages;
  if (pages !== undefined && exact.syncs.length === 1) {
    return Number(exact.totalBytes) - Number(estimate.totalBytes) - Number(pages) * PAGE_BYTES;
  }
  const ns = exactBefore?.at.ns;
  if (exactBefore === undefined || ns === undefined || estimate.at.ns === undefined) return undefined;
  const fallen = Number(exactBefore.totalBytes) - Number(estimate.totalBytes);
  const sendable = IMPOSSIBLE_BYTES_PER_MS * Math.max(1, (estimate.at.ns - ns) / 1e6);
  return fallen > sendable ? fallen - sendable : undefined;
}

function isUnseen({ exact, unseenBytes: unseen }: Round): boolean {
  return unseen !== undefined && unseen > Number(exact.thresholdBytes ?? 0);
}

function accuse({ first, last, count }: Stretch): Judgement {
  const { estimate, exact, unseenBytes: unseen } = last;
  const spent =
    first.exact.at.ns === undefined || exact.at.ns === undefined
      ? ''
      : ` within ${formatDuration(exact.at.ns - first.exact.at.ns)}`;
  return violated({
    message: `in ${count} rounds running${spent} the estimate stayed within the threshold, last ${estimate.totalBytes}, and the exact total above it, last ${exact.totalBytes}`,
    expected: `an estimate that counts what the exact query counts, or a threshold (now ${exact.thresholdBytes}) of at least ${exact.totalBytes}: a larger downtime-limit or avail-switchover-bandwidth`,
    actual: `at least ${unseen} bytes are in no estimate, and ${count} syncs were made for nothing`,
    evidence: [exact.at.place, estimate.at.place, first.exact.at.place],
  });
}

interface Seen {
  readonly exactSeen: boolean;
  readonly withoutThreshold: number;
  /** Rounds across the threshold of which the log does not show what was dirtied. */
  readonly unexplained: number;
}

function verdict(migration: Migration, { exactSeen, withoutThreshold, unexplained }: Seen): Judgement {
  if (isSnapshot(migration)) return notApplicable(`a ${migration.kind} makes no pending query`);
  if (migration.band === '7.2') return notApplicable('QEMU 7.2 has one kind of query');
  if (!queriesShown(migration)) {
    return migration.outcome === 'completed' ? withoutQueryLine() : notApplicable('no pending query was made');
  }
  if (!exactSeen) return notApplicable('no exact query was made in precopy');
  if (withoutThreshold >= MIN_ROUNDS) {
    return undecidable('the log does not show the threshold', ['migrate_transferred']);
  }
  if (unexplained >= MIN_ROUNDS) {
    return undecidable(
      'the log does not show how much the guest dirtied between estimate and exact query',
      SYNC_EVENT_NAMES,
    );
  }
  return pass('the exact totals are those of the estimates and of the pages dirtied since');
}
