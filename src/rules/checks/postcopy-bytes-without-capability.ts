/**
 * Bytes count for postcopy only if they may be sent after the switchover: RAM
 * with the capability postcopy-ram, and dirty bitmaps. QEMU 2.10 and older
 * counted RAM so with the capability off, and a migration then waited for a
 * postcopy that never came. Capabilities are known only as QMP set them.
 */
import type { Place } from '../../ingest/trace-item.ts';
import type { Migration, Query } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { queriesShown } from '../shared.ts';

export const postcopyBytesWithoutCapability = defineRule({
  id: 'postcopy-bytes-without-capability',
  severity: 'warning',
  title: 'Bytes count for postcopy though nothing may be sent there',
  demands: 'Without the capabilities postcopy-ram and dirty-bitmaps every byte counts for precopy.',
  why: 'What must be sent before the guest starts seems to have time until after: the decision to stop the guest rests on too little.',
  needs: ['qemu_savevm_query_pending', 'qmp_enter_migrate_set_capabilities'],
  qemu: { function: 'ram_state_pending; up to 11.0 ram_state_pending_estimate and _exact', versions: 'all' },
  limits: 'A capability that was switched on with HMP or on the command line, and then off with QMP, is taken for off.',
  bugs: [{ commit: '86e1167e9a', what: 'RAM was reported as postcopiable with postcopy-ram off (fixed in 2.11)' }],
  reads: [
    'qemu_savevm_send_postcopy_advise',
    'send_bitmap_header_enter',
    'dirty_bitmap_state_pending',
    'dirty_bitmap_save_pending',
  ],
  begin: (migration) => {
    let first: Query | undefined;
    let advised = false;
    let bitmaps = false;
    return {
      queryMade: (query) => {
        if (query.postcopyBytes !== 0) first ??= query;
        return undefined;
      },
      awaits: () => !bitmaps,
      event: ({ event }) => {
        if (event.name === 'qemu_savevm_send_postcopy_advise') advised = true;
        else bitmaps = true;
        return undefined;
      },
      end: () => judge(migration, first, advised, bitmaps),
    };
  },
});

function judge(migration: Migration, first: Query | undefined, advised: boolean, bitmaps: boolean): Judgement {
  if (!queriesShown(migration)) return notApplicable('no pending query was made');
  if (first === undefined) return pass('no query counts bytes for postcopy');
  const ram = migration.capabilities.get('postcopy-ram');
  const dirtyBitmaps = migration.capabilities.get('dirty-bitmaps');
  if (migration.kind === 'postcopy' || advised || ram?.on === true) return pass('postcopy-ram is on');
  if (bitmaps || dirtyBitmaps?.on === true) return pass('dirty bitmaps are migrated');
  if (ram === undefined || dirtyBitmaps === undefined) {
    return undecidable('the log does not show whether postcopy-ram and dirty-bitmaps are on', [
      'qmp_enter_migrate_set_capabilities',
    ]);
  }
  const commands: readonly Place[] = ram.place === dirtyBitmaps.place ? [ram.place] : [ram.place, dirtyBitmaps.place];
  return violated({
    message: `${first.postcopyBytes} bytes count for postcopy, and postcopy-ram and dirty-bitmaps are off`,
    expected: 'postcopy 0',
    actual: `postcopy ${first.postcopyBytes}`,
    evidence: [first.at.place, ...commands],
  });
}
