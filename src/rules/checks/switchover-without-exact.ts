/**
 * Since 11.1 the decision for the switchover rests on an exact query. 8.0 to
 * 11.0 may decide on the estimate where it lies at the threshold, and after
 * postcopy has started every version completes on estimates.
 */
import { profileOf } from '../../catalog/profiles.ts';
import type { Decision } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { describeQuery, SYNC_EVENT_NAMES, withoutQueryLine } from '../shared.ts';

export const switchoverWithoutExact = defineRule({
  id: 'switchover-without-exact',
  severity: 'error',
  title: 'The decision for the switchover rests on an estimate',
  demands: 'The query before migration_thread_low_pending or postcopy_start is an exact one.',
  why: 'An estimate may be far too low: the guest is stopped with more left to send than the downtime allows.',
  needs: ['qemu_savevm_query_pending', 'migration_thread_low_pending', 'migration_bitmap_sync_start'],
  qemu: { function: 'migration_iteration_run', versions: '11.1' },
  limits: 'A sync between the estimate and the decision means that the line of the exact query is lost.',
  begin: (migration) => ({
    switchover: ({ checkpoint, decision }) => {
      if (checkpoint) return undefined;
      const { band } = migration;
      if (band === undefined) return undefined;
      if (profileOf(band).mayDecideOnEstimate) return notApplicable(`QEMU ${band} may decide on an estimate`);
      return decision === undefined ? withoutDecision() : judge(decision);
    },
    end: () => {
      if (migration.switchovers === 0) return notApplicable('no decision to judge');
      if (migration.band !== undefined) return undefined;
      return withoutQueryLine();
    },
  }),
});

function withoutDecision(): Judgement {
  return undecidable('the log does not show the decision for the switchover', [
    'migration_thread_low_pending',
    'postcopy_start',
  ]);
}

function judge({ at, query, pendingBytes, syncBetween }: Decision): Judgement {
  if (query === undefined)
    return undecidable('the log shows no query before the decision', ['qemu_savevm_query_pending']);
  // migration_thread_low_pending prints the total of the query that decided.
  const another = pendingBytes !== undefined && pendingBytes !== query.totalBytes;
  if (query.exact === true && another) {
    return undecidable('the line of the query before the decision is missing', ['qemu_savevm_query_pending']);
  }
  if (query.exact === true) return pass('the decision for the switchover rests on an exact query');
  if (!query.syncsShown) return undecidable('the log shows no sync at all', SYNC_EVENT_NAMES);
  if (syncBetween || another || query.hole) {
    return undecidable('the line of the exact query before the decision is missing', ['qemu_savevm_query_pending']);
  }
  if (pendingBytes === undefined && query.precopyBytes > 0) {
    // Postcopy of dirty bitmaps alone: whether 11.1 asks exactly there was never seen.
    return undecidable('postcopy was started with RAM still in precopy, where no trace shows what is right', [
      'qemu_savevm_send_postcopy_advise',
    ]);
  }
  return violated({
    message: `the switchover was decided on the ${describeQuery(query)}`,
    expected: 'an exact query before the decision',
    actual: 'the last query before the decision is an estimate',
    evidence: [at.place, query.at.place],
  });
}
