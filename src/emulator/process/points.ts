/** The trace points of a round that polls: a long log comes to them millions of times. */
import type { Tracer } from './tracer.ts';

export type Points = ReturnType<typeof pointsOf>;

export function pointsOf(tracer: Tracer) {
  return {
    dirty_bitmap_state_pending: tracer.point('dirty_bitmap_state_pending'),
    mig_dirty_bytes_total_update: tracer.point('mig_dirty_bytes_total_update'),
    migration_bitmap_sync_end: tracer.point('migration_bitmap_sync_end'),
    migration_bitmap_sync_stage: tracer.point('migration_bitmap_sync_stage'),
    migration_bitmap_sync_start: tracer.point('migration_bitmap_sync_start'),
    qemu_savevm_query_pending_bql: tracer.point('qemu_savevm_query_pending_bql'),
    savevm_section_end: tracer.point('savevm_section_end'),
    savevm_section_start: tracer.point('savevm_section_start'),
    savevm_state_iterate: tracer.point('savevm_state_iterate'),
  };
}
