/** Faulty patches in what a query is told, says of itself, or leaves of the others' figures. */
import type { Faulty } from './faulty.ts';
import { BITMAP, CMMA, EVENTS, MIGRATION, RAM, SAVEVM } from './patches.ts';

const TRACE = 'trace_qemu_savevm_query_pending(exact, final, pending->precopy_bytes,';
const ITER = '    qemu_savevm_query_pending(pending, exact, false);\n';
const FINAL = '    qemu_savevm_query_pending_final(&pending);\n\n    if';

export const FAULTY_FLAGS: readonly Faulty[] = [
  {
    name: 'the bitmaps set what others have added to',
    rule: 'pending-overwritten',
    edits: [[BITMAP, 'data->postcopy_bytes += pending;', 'data->postcopy_bytes = pending;']],
    at: 'data->postcopy_bytes = pending;',
  },
  {
    name: 'CMMA does so in one case',
    rule: 'pending-overwritten',
    severity: 'warning',
    edits: [
      [
        CMMA,
        '        pending->precopy_bytes += res;',
        '        if (res > limit) {\n            pending->precopy_bytes = limit;\n        } else {\n            pending->precopy_bytes += res;\n        }',
      ],
    ],
    at: 'pending->precopy_bytes = limit;',
  },
  {
    name: 'RAM forgets the parts before its own',
    rule: 'pending-overwritten',
    edits: [
      [RAM, '        pending->postcopy_bytes += remaining;', '        pending->postcopy_bytes = remaining;'],
      [RAM, '        pending->precopy_bytes += remaining;', '        pending->precopy_bytes = remaining;'],
    ],
    at: '_bytes = remaining;',
  },
  {
    name: 'the flags of the event are swapped, its declaration is not shown',
    rule: 'trace-format-mismatch',
    edits: [[SAVEVM, TRACE, TRACE.replace('exact, final', 'final, exact')]],
    at: 'final, exact',
  },
  {
    name: 'the event says final of every query, and its declaration stands in the series',
    rule: 'trace-format-mismatch',
    edits: [
      [SAVEVM, TRACE, TRACE.replace('final', 'true')],
      [EVENTS, 'uint64_t total) "exact', 'uint64_t sum) "exact'],
    ],
    at: 'exact, true',
  },
  {
    name: 'the event says of an exact query that it is none',
    rule: 'trace-format-mismatch',
    edits: [[SAVEVM, TRACE, TRACE.replace('exact, final', 'final, final')]],
    at: 'final, final',
  },
  {
    name: 'a new function makes exact queries of estimates',
    rule: 'estimate-with-sync',
    edits: [
      [
        SAVEVM,
        `void qemu_savevm_query_pending_iter(MigPendingData *pending, bool exact)\n{\n${ITER}}\n`,
        `void qemu_savevm_query_pending_round(MigPendingData *pending, bool exact)\n{\n${ITER.replace('exact', 'true')}}\n`,
      ],
    ],
    at: 'true, false',
  },
  {
    name: 'the syncs of the iteration are marked as last ones',
    rule: 'last-sync-not-marked',
    severity: 'warning',
    edits: [
      [RAM, '        migration_bitmap_sync_precopy(final);\n', '        migration_bitmap_sync_precopy(exact);\n'],
    ],
    at: 'migration_bitmap_sync_precopy(exact)',
  },
  {
    name: 'the final query is left out by #if 0',
    rule: 'final-missing',
    edits: [[MIGRATION, FINAL, `#if 0\n${FINAL.replace('\n\n', '\n#endif\n\n')}`]],
    at: '#if 0',
  },
  {
    name: 'the final query stands behind the #else of an #if 1',
    rule: 'final-missing',
    edits: [[MIGRATION, FINAL, `#if 1\n    trace_switchover();\n#else\n${FINAL.replace('\n\n', '\n#endif\n\n')}`]],
    at: '#else',
  },
];
