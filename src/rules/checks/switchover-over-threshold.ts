/**
 * Precopy stops the guest when what is left fits into the downtime-limit at the
 * bandwidth last measured. The counters move only behind an iteration, at most
 * every 100 ms, and every time migrate_transferred prints the new threshold.
 */
import type { Uint64 } from '../../base/uint64.ts';
import type { Migration, Moment, Query, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { isSnapshot, MODE_EVENT_NAMES, nothingJudged, places, WINDOW_NS, withoutQueryLine } from '../shared.ts';

/** A query, and the line of migrate_transferred that set the threshold for it. */
interface Reckoned {
  readonly query: Query;
  readonly transferred: Moment | undefined;
}

export const switchoverOverThreshold = defineRule({
  id: 'switchover-over-threshold',
  severity: 'warning',
  title: 'The guest is stopped with more pending than the threshold',
  demands:
    'The total on which a precopy switchover is decided is no larger than max_size of the last migrate_transferred.',
  why: 'What is above the threshold takes longer to send than downtime-limit allows, while the guest stands still.',
  needs: ['qemu_savevm_query_pending', 'migrate_transferred', 'migration_thread_low_pending'],
  qemu: { function: 'migration_iteration_run', versions: 'all' },
  limits:
    'A switchover later than 95 ms after migrate_transferred, or in a log without time stamps, is judged only in 7.2, whose query prints the threshold: the line of a newer one may be lost.',
  reads: ['migrate_transferred'],
  begin: (migration) => {
    let transferred: Moment | undefined;
    let query: Query | undefined;
    let transferredBefore: Moment | undefined;
    return {
      event: ({ at }) => {
        transferred = at;
        return undefined;
      },
      queryMade: (made) => {
        if (made.kind === 'final') return undefined;
        query = made;
        transferredBefore = transferred;
        return undefined;
      },
      // A COLO checkpoint is a matter of time, not of a threshold.
      switchover: (switchover) => {
        if (switchover.checkpoint) return undefined;
        return judge(switchover, migration, query && { query, transferred: transferredBefore });
      },
      end: () => (migration.switchovers > 0 ? undefined : withoutSwitchover(migration)),
    };
  },
});

function withoutSwitchover(migration: Migration): Judgement {
  return isSnapshot(migration) ? notApplicable(`a ${migration.kind} has no threshold`) : nothingJudged(migration);
}

function judge(switchover: Switchover, migration: Migration, last: Reckoned | undefined): Judgement {
  const { mode, decision, decidingQuery } = switchover;
  if (mode === 'postcopy') return notApplicable('the switchover was one of postcopy');
  const query = decision?.query ?? decidingQuery;
  if (query === undefined) return withoutDecidingQuery(migration);
  const total = decision?.pendingBytes ?? query.totalBytes;
  if (query.thresholdBytes === undefined) {
    return undecidable('the log shows no migrate_transferred before the decision', ['migrate_transferred']);
  }
  const threshold = query.maxBytes ?? query.thresholdBytes;
  if (total <= threshold) return pass('the switchover was decided with no more pending than the threshold');
  const transferred = last?.query.index === query.index ? last.transferred : undefined;
  return whyNot(switchover, query, total, transferred) ?? accuse(switchover, query, total, threshold, transferred);
}

function withoutDecidingQuery(migration: Migration): Judgement {
  if (migration.counts.estimate + migration.counts.exact + migration.counts.unspecified === 0) {
    return withoutQueryLine();
  }
  return undecidable('the log shows no query before the decision', ['qemu_savevm_query_pending']);
}

/** What else explains a total above the threshold that is shown. */
function whyNot(
  { mode, decision }: Switchover,
  query: Query,
  total: Uint64,
  transferred: Moment | undefined,
): Judgement | undefined {
  if (mode === 'unknown') {
    return undecidable('the log does not show whether the switchover was one of precopy', MODE_EVENT_NAMES);
  }
  if (decision === undefined && query.kind === 'estimate') {
    return undecidable('the line of the query that decided is missing', ['migration_thread_low_pending']);
  }
  if (query.maxBytes !== undefined && total === query.totalBytes) return undefined;
  const decidedNs = (decision?.at ?? query.at).ns;
  const since = decidedNs === undefined || transferred?.ns === undefined ? undefined : decidedNs - transferred.ns;
  if (query.hole || since === undefined || since < 0 || since >= WINDOW_NS) {
    return undecidable('the total lies above the threshold shown, of which a newer line may be lost', [
      'migrate_transferred',
    ]);
  }
  return undefined;
}

function accuse(
  { decision }: Switchover,
  query: Query,
  total: Uint64,
  threshold: Uint64,
  transferred: Moment | undefined,
): Judgement {
  return violated({
    message: `the switchover was decided with ${total} bytes pending, above the threshold of ${threshold}`,
    expected: `a total of at most ${threshold}`,
    actual: `${total} bytes pending`,
    evidence: [query.at.place, ...places(transferred?.place, decision?.at.place)],
  });
}
