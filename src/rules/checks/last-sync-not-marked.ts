/**
 * The sync of the final query tells KVM that it is the last stage. It matters
 * where part of the dirty state is handed out only then (arm64 with the dirty
 * ring). No stock event shows it: a probe must be added.
 */
import type { Query } from '../../replay/run.ts';
import { defineRule, type Judgement, pass, undecidable, violated } from '../rule.ts';
import { nothingJudged, withoutFinalDuty } from '../shared.ts';

export const lastSyncNotMarked = defineRule({
  id: 'last-sync-not-marked',
  severity: 'error',
  title: 'The sync of the final query is not marked as the last stage',
  demands: 'The sync inside the final query runs with last_stage=1.',
  why: 'On arm64 with the dirty ring the pages of the backup bitmap are collected only in the last stage: they are lost.',
  needs: ['migration_bitmap_sync_stage'],
  qemu: { function: 'migration_bitmap_sync', versions: '11.1 and the patch as posted' },
  limits: 'Needs the probe event migration_bitmap_sync_stage.',
  begin: (migration) => ({
    kinds: ['final'],
    query: (query) => (query.final === true ? (withoutFinalDuty(migration) ?? judge(query)) : undefined),
    end: () => (migration.counts.final > 0 ? undefined : nothingJudged(migration)),
  }),
});

function judge(query: Query): Judgement | undefined {
  // A sync before the stop is not the final query's own: a line is lost, or a timer of auto-converge synced.
  const own = query.syncs.findLast((sync) => sync.switchover !== undefined && sync.switchover === query.switchover);
  const stage = own?.stage ?? (query.syncs.length === 0 && query.vmStopped ? query.probes.stage : undefined);
  // Without a sync there is nothing to mark; final-without-sync has that case.
  if (stage === undefined && own === undefined && query.syncsShown) return undefined;
  if (stage === undefined)
    return undecidable('no probe shows the stage of the final sync', ['migration_bitmap_sync_stage']);
  if (stage.lastStage) return pass('the sync of the final query was marked as the last stage');
  return violated({
    message: 'the sync of the final query ran with last_stage=0',
    expected: 'migration_bitmap_sync_stage last_stage=1',
    actual: 'last_stage=0',
    evidence: [stage.at.place, query.at.place],
  });
}
