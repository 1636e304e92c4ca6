/**
 * Once postcopy runs, the guest dirties memory on the destination only: a sync
 * on the source would mark pages that the destination has changed since. The
 * key is the end of the switchover and not the state, which 7.2 sets before.
 */
import type { Sync } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { withoutSyncs } from '../shared.ts';

export const syncInPostcopy = defineRule({
  id: 'sync-in-postcopy',
  severity: 'error',
  title: 'A sync after the end of a postcopy switchover',
  demands: 'After a postcopy switchover the source never syncs the dirty bitmaps.',
  why: 'Pages that the destination has already changed are sent again and overwrite what the guest wrote.',
  needs: ['migration_bitmap_sync_start', 'migration_bitmap_sync_end', 'qemu_savevm_send_packaged'],
  qemu: { function: 'ram_state_pending_sync; before it ram_state_pending_exact', versions: 'all' },
  limits: 'The end of the switchover must be in the log.',
  begin: (migration) => ({
    sync: (sync) => (sync.inPostcopy ? judge(sync) : undefined),
    end: () => {
      if (migration.kind !== 'postcopy') return notApplicable('there was no postcopy');
      const unseen = withoutSyncs(migration);
      if (unseen !== undefined) return unseen;
      if (migration.switchovers > 0) return pass('nothing was synced in postcopy');
      return undecidable('the log does not show the postcopy switchover', [
        'runstate_set',
        'qemu_savevm_send_packaged',
      ]);
    },
  }),
});

function judge({ start, end }: Sync): Judgement | undefined {
  const at = start ?? end;
  if (at === undefined) return undefined;
  return violated({
    message: 'the dirty bitmaps were synced after postcopy had begun',
    expected: 'no sync after the postcopy switchover',
    actual: 'a sync begins here',
    evidence: [at.place],
  });
}
