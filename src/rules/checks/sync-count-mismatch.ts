/**
 * query-migrate counts the syncs in ram.dirty-sync-count. Up to 11.0 every one
 * is counted; 11.1 counts the setup and the exact queries but no final one.
 */
import type { StatusAnswer } from '../../replay/answers.ts';
import type { Migration } from '../../replay/run.ts';
import { describeLostSync } from '../lost-syncs.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { isSnapshot, SYNC_EVENT_NAMES, withoutQueryLine, withoutSyncs } from '../shared.ts';

export const syncCountMismatch = defineRule({
  id: 'sync-count-mismatch',
  severity: 'warning',
  title: 'dirty-sync-count is not the number of syncs',
  demands: 'ram.dirty-sync-count counts the syncs of the migration; in 11.1 all but those of final queries.',
  why: 'Tools that watch the rounds of a migration by this number give up too early, or too late.',
  needs: ['migration_bitmap_sync_start', 'migration_bitmap_sync_end', 'migrate_set_state'],
  qemu: { function: 'migration_bitmap_sync', versions: 'all' },
  limits: 'Needs an answer of query-migrate (--qmp) from after the end, and the whole migration in the log.',
  bugs: [
    { commit: '614e8018ed', what: 'the count was not raised in postcopy' },
    { commit: '9519d3667a', what: 'the count of iterations lived in RAM and not in the migration' },
  ],
  begin: (migration) => {
    let ofFinals = 0;
    return {
      kinds: ['final'],
      query: (query) => {
        if (query.final === true) ofFinals += query.syncs.length;
        return undefined;
      },
      end: () => conclude(migration, ofFinals),
    };
  },
});

/** `ofFinals`: syncs of final queries. */
function conclude(migration: Migration, ofFinals: number): Judgement {
  const answer = lastAnswer(migration);
  if (isSnapshot(migration)) return notApplicable(`a ${migration.kind} is not counted this way`);
  if (answer?.dirtySyncCount === undefined) return notApplicable('no answer of query-migrate from after the end');
  if (!migration.startSeen) return undecidable('the log starts after the first syncs', ['migrate_set_state']);
  if (migration.band === undefined) return withoutQueryLine();
  // An answer that counts more is this rule's own matter; a probe shows that lines are missing.
  const { lostSync } = migration;
  if (lostSync?.shownBy === 'probe') return undecidable(describeLostSync(lostSync), SYNC_EVENT_NAMES);
  const uncounted = migration.band === '11.1' ? ofFinals : 0;
  return withoutSyncs(migration) ?? judge(migration, uncounted, answer, Number(answer.dirtySyncCount));
}

/** Given after the migration came to its end, and before another one began. */
function lastAnswer({ states, answers, logEndNs, outcome }: Migration): StatusAnswer | undefined {
  const endNs = states.at(-1)?.at.ns;
  if (endNs === undefined || outcome !== 'completed') return undefined;
  const untilNs = logEndNs ?? endNs;
  return answers.findLast(({ fromNs, toNs, status }) => status === 'completed' && fromNs > endNs && toNs <= untilNs);
}

function judge(migration: Migration, uncounted: number, { place, started }: StatusAnswer, count: number): Judgement {
  const { syncCount, switchovers, band } = migration;
  const expected = syncCount - uncounted;
  if (count === expected) return pass(`dirty-sync-count ${count} is the number of syncs`);
  if (band === '11.1' && count === syncCount - switchovers) {
    return undecidable('a final query seems to be missing in the log', ['qemu_savevm_query_pending']);
  }
  if (Math.abs(count - expected) === 1) {
    return undecidable('the count differs by one: one lost line looks the same', SYNC_EVENT_NAMES);
  }
  if (started === undefined && migration.samplesShared) {
    return undecidable('several processes migrate, and nothing tells which of them answered', ['--qmp']);
  }
  return violated({
    message: `dirty-sync-count is ${count} at the end, but the log shows ${syncCount} syncs`,
    expected: `dirty-sync-count ${expected}`,
    actual: `dirty-sync-count ${count}`,
    evidence: [place],
  });
}
