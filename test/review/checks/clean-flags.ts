/** Clean patches one step away from `faulty-flags.ts`. */
import type { Clean } from './clean.ts';
import { BITMAP, CMMA, MIGRATION, RAM, SAVEVM } from './patches.ts';

const TRACE = 'trace_qemu_savevm_query_pending(exact, final, pending->precopy_bytes,';
const FINAL = '    qemu_savevm_query_pending_final(&pending);\n\n    if';

export const CLEAN_FLAGS: readonly Clean[] = [
  {
    name: 'the bitmaps write the addition out',
    edits: [[BITMAP, 'data->postcopy_bytes += pending;', 'data->postcopy_bytes = data->postcopy_bytes + pending;']],
  },
  {
    name: 'CMMA adds what is left below a limit',
    edits: [[CMMA, 'pending->precopy_bytes += res;', 'pending->precopy_bytes += MIN(res, limit);']],
  },
  {
    name: 'CMMA sums up in a variable first',
    edits: [
      [
        CMMA,
        '        pending->precopy_bytes += res;',
        '        uint64_t sum = pending->precopy_bytes;\n\n        sum += res;\n        pending->precopy_bytes = sum;',
      ],
    ],
  },
  {
    name: 'the flags of the event as numbers',
    edits: [[SAVEVM, TRACE, TRACE.replace('exact, final', '!!exact, !!final')]],
  },
  {
    name: 'the last sync is marked from a variable',
    edits: [
      [
        RAM,
        '        migration_bitmap_sync_precopy(final);\n',
        '        bool last = exact && final;\n\n        migration_bitmap_sync_precopy(last);\n',
      ],
    ],
  },
  {
    name: 'something else is left out by #if 0',
    edits: [[MIGRATION, FINAL, `#if 0\n    trace_switchover();\n#endif\n${FINAL}`]],
  },
  {
    name: 'the final query stands behind the #else of an #if 0',
    edits: [[MIGRATION, FINAL, `#if 0\n    trace_switchover();\n#else\n${FINAL.replace('\n\n', '\n#endif\n\n')}`]],
  },
  {
    name: 'the final query behind an option',
    edits: [[MIGRATION, FINAL, `#ifdef CONFIG_OTHER\n    trace_switchover();\n#endif\n${FINAL}`]],
  },
];
