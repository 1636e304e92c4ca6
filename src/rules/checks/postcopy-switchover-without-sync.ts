/**
 * Before a postcopy switchover tells the destination which pages to discard,
 * the bitmap must be synced with the VM stopped: in 11.1 inside the final
 * query, before that in ram_postcopy_send_discard_bitmap(). The key is that
 * event and not the state, for 7.2 sets postcopy-active before the stop.
 */
import type { Migration, Switchover } from '../../replay/run.ts';
import { probeWithoutSync, saidWithoutSync, withLostSyncs } from '../lost-syncs.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { places, withoutSyncs } from '../shared.ts';

const WITHOUT_SYNC = 'the postcopy switchover sent its discard bitmap without a sync after the VM stopped';

export const postcopySwitchoverWithoutSync = defineRule({
  id: 'postcopy-switchover-without-sync',
  severity: 'error',
  title: 'A postcopy switchover sends its discard bitmap without a sync',
  demands: 'Between VM stop and the discard bitmap of a postcopy switchover the dirty bitmaps are synced.',
  why: 'The destination keeps pages that are stale and never asks for them: the guest continues with old memory.',
  needs: [
    'migration_bitmap_sync_start',
    'migration_bitmap_sync_end',
    'ram_postcopy_send_discard_bitmap',
    'runstate_set',
  ],
  qemu: { function: 'migration_switchover_start; before it ram_postcopy_send_discard_bitmap', versions: 'all' },
  limits: 'Postcopy of dirty bitmaps alone sends no discard bitmap and is not judged.',
  reads: ['migration_bitmap_sync_stage'],
  begin: (migration) => {
    /** Index of the last switchover in which the probe showed a sync. */
    let stageIn: number | undefined;
    return {
      event: ({ switchover }) => {
        stageIn = switchover ?? stageIn;
        return undefined;
      },
      switchover: (switchover) =>
        switchover.mode === 'postcopy' ? judge(switchover, migration, stageIn === switchover.index) : undefined,
      end: () => conclude(migration),
    };
  },
});

function conclude(migration: Migration): Judgement | undefined {
  if (migration.kind !== 'postcopy') return notApplicable('there was no postcopy switchover');
  if (migration.switchovers > 0) return withLostSyncs(migration);
  return undecidable('the log does not show the postcopy switchover', [
    'runstate_set',
    'ram_postcopy_send_discard_bitmap',
  ]);
}

function judge(switchover: Switchover, migration: Migration, stageShown: boolean): Judgement {
  if (switchover.syncsBeforeDiscard > 0) return pass('the bitmaps were synced between VM stop and the discard bitmap');
  if (switchover.discardBitmap === undefined) {
    const verdict = withoutDiscard(switchover);
    if (verdict !== undefined) return verdict;
  }
  const decisive = switchover.discardBitmap ?? switchover.end ?? switchover.stop;
  const [said] = places(...switchover.finals.map(probeWithoutSync));
  if (said !== undefined && !stageShown && finalAlone(migration)) {
    const [query] = switchover.finals;
    return saidWithoutSync(WITHOUT_SYNC, 'the final query', [decisive.place, said, ...places(query?.at.place)]);
  }
  const unseen = withoutSyncs(migration);
  if (unseen !== undefined) return unseen;
  return violated({
    message: WITHOUT_SYNC,
    expected: 'migration_bitmap_sync_start and _end between VM stop and ram_postcopy_send_discard_bitmap',
    actual: 'no sync between these lines',
    evidence: [decisive.place, switchover.stop.place, ...places(switchover.finals[0]?.at.place)],
  });
}

/** The patch of the review thread left a second sync right before the discards: there only its own probe tells that none came. */
function finalAlone(migration: Migration): boolean {
  return migration.band === '11.1' || migration.saw('migration_bitmap_sync_stage');
}

/** Without the event itself, only proof that RAM was left to postcopy makes the sync due. */
function withoutDiscard(switchover: Switchover): Judgement | undefined {
  if (switchover.completed !== 'yes') return notApplicable('the switchover did not come to the discard bitmap');
  if (switchover.ramPostcopy !== undefined) return undefined;
  if (switchover.precopyBytesSeen) return notApplicable('RAM was sent in precopy: postcopy of dirty bitmaps alone');
  return undecidable('the log does not show whether a discard bitmap was sent', ['ram_postcopy_send_discard_bitmap']);
}
