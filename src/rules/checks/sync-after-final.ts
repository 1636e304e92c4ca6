/**
 * The sync inside the final query is the last one. A second final query has a
 * sync of its own, and final-repeated is the word for that. A sync before the
 * final query is its own, too.
 */
import type { Place } from '../../ingest/trace-item.ts';
import type { Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, pass, undecidable, violated } from '../rule.ts';
import {
  END_EVENT_NAMES,
  endIsShown,
  finalWithoutSwitchover,
  places,
  withoutFinalDuty,
  withoutSyncs,
} from '../shared.ts';

export const syncAfterFinal = defineRule({
  id: 'sync-after-final',
  severity: 'error',
  title: 'A sync follows the final query in the same switchover',
  demands: 'Between the final query and the end of its switchover the dirty bitmaps are not synced again.',
  why: 'The final sync is the one marked as the last stage; a later one costs downtime, and what it finds was not counted.',
  needs: ['migration_bitmap_sync_start', 'migration_bitmap_sync_end', 'qemu_savevm_query_pending', 'runstate_set'],
  qemu: { function: 'ram_save_complete, ram_postcopy_send_discard_bitmap', versions: '11.1 and the patch as posted' },
  limits: 'None known.',
  begin: (migration) => ({
    switchover: (switchover) => {
      if (switchover.finalCount === 0) return undefined;
      const none = withoutFinalDuty(migration);
      if (none !== undefined) return none;
      return withoutSyncs(migration) ?? judge(switchover);
    },
    end: () => finalWithoutSwitchover(migration),
  }),
});

function judge(switchover: Switchover): Judgement {
  const { finals, syncsAfterFinal, mode, endedBy, discardBitmap } = switchover;
  if (!endIsShown(switchover)) {
    return undecidable('the log does not show the end of the switchover', END_EVENT_NAMES);
  }
  const [sync] = syncsAfterFinal;
  if (sync === undefined) return pass('nothing was synced behind the final query');
  // Postcopy's package ends it a little earlier than src-downtime-end: without its line a sync may stand behind it.
  if (mode === 'postcopy' && endedBy !== 'packaged' && !isBefore(sync.place, discardBitmap?.place)) {
    return undecidable('the log does not show where the postcopy switchover ended', ['qemu_savevm_send_packaged']);
  }
  return violated({
    message: 'the dirty bitmaps were synced again behind the final query',
    expected: 'no sync between the final query and the end of the switchover',
    actual: 'a sync begins here',
    evidence: [sync.place, ...places(finals.at(-1)?.at.place)],
  });
}

function isBefore(place: Place, later: Place | undefined): boolean {
  return later !== undefined && place.input === later.input && place.line < later.line;
}
