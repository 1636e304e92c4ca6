/**
 * qemu_savevm_query_pending() stores its total as dirty_bytes_total, which
 * query-migrate shows; the patch as posted left it alone in the final query.
 *
 * Two witnesses. The probe mig_dirty_bytes_total_update comes right before the
 * line of every query that stores its total; its `old` tells a lost line from
 * a store that was left out. And samples of query-migrate: one agrees when it
 * equals the last query before it was asked for, or any made until it was
 * answered; it accuses only when it equals an earlier total.
 */
import { profileOf } from '../../catalog/profiles.ts';
import type { Migration } from '../../replay/run.ts';
import { SampleJudge } from '../dirty-bytes/sample-judge.ts';
import { UpdateJudge } from '../dirty-bytes/update-judge.ts';
import { defineRule, type Judgement, notApplicable } from '../rule.ts';
import { isSnapshot, queriesShown, withoutQueryLine } from '../shared.ts';

export const dirtyBytesNotUpdated = defineRule({
  id: 'dirty-bytes-not-updated',
  severity: 'error',
  title: 'dirty_bytes_total is not the total of the last query',
  demands: 'Every query, the final one too, stores its total as dirty_bytes_total.',
  why: 'Management software plans the switchover by this figure: a stale one hides what is left to send.',
  needs: ['mig_dirty_bytes_total_update'],
  qemu: { function: 'qemu_savevm_query_pending', versions: '11.1 and the patch as posted' },
  limits: 'Without the probe event only samples taken with --qmp between the final query and the next one can show it.',
  begin: (migration) => {
    const updates = new UpdateJudge(migration);
    const samples = new SampleJudge(migration);
    return {
      query: (query) => {
        if (!hasDuty(migration)) return undefined;
        samples.query(query);
        return updates.query(query);
      },
      end: () => conclude(migration, updates, samples),
    };
  },
});

function hasDuty(migration: Migration): boolean {
  return migration.band !== undefined && profileOf(migration.band).hasFinalQuery;
}

function conclude(migration: Migration, updates: UpdateJudge, samples: SampleJudge): Judgement | undefined {
  const { band, kind } = migration;
  if (isSnapshot(migration)) return notApplicable(`a ${kind} makes no pending query`);
  if (!queriesShown(migration)) {
    if (migration.outcome !== 'completed') return notApplicable('no query was made');
    return withoutQueryLine();
  }
  if (band !== undefined && !profileOf(band).hasFinalQuery)
    return notApplicable(`QEMU ${band} shows no dirty_bytes_total`);
  const bySample = samples.conclude();
  if (bySample.verdict === 'violated') return bySample;
  return updates.conclude() ?? bySample;
}
