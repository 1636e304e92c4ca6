/** Faults in who is told what, in counts and orders that a hunk shows in part; each in several words. */
import type { Faulty } from './faulty.ts';
import { CMMA, type Edit, EVENTS, MIGRATION, RAM, SAVEVM, VFIO } from './patches.ts';

const NOTIFY = '    precopy_notify_complete();\n\n    return true;';
const CALLBACK_CALL = 'se->ops->save_query_pending(se->opaque, pending, exact, final);';
const FINAL_CALL = '    qemu_savevm_query_pending(pending, true, true);\n';
const ITER_CALL = '    qemu_savevm_query_pending(pending, exact, false);\n';
const ASK_EXACT = '        if (pending.total_bytes <= s->threshold_size) {\n            migration_iteration_go_next';
const SYNC = '        migration_bitmap_sync_precopy(final);\n';
const LAST_ARGUMENT =
  '                                    pending->postcopy_bytes,\n                                    pending->total_bytes);';
const handler = (name: string): readonly [string, string] => [
  `${name}(void *opaque, MigPendingData *pending,`,
  'bool exact, bool final)',
];

/** A flag for one handler. */
function withFlag(path: string, name: string, flag: string): Edit {
  const [head, flags] = handler(name);
  const blanks = ' '.repeat(`static void ${name}(`.length);
  return [path, `${head}\n${blanks}${flags}`, `${head}\n${blanks}${flags.replace(')', `, ${flag})`)}`];
}

const repeated: readonly Faulty[] = [
  {
    name: 'at the end of the switchover, the first one above the hunk',
    rule: 'final-repeated',
    edits: [[MIGRATION, NOTIFY, NOTIFY.replace('return', 'qemu_savevm_query_pending_final(&pending);\n\n    return')]],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'at the end of the switchover, in a helper of its own',
    rule: 'final-repeated',
    edits: [
      [
        MIGRATION,
        'static int migration_completion_precopy',
        'static void migration_look_again(void)\n{\n    MigPendingData again = {};\n\n    qemu_savevm_query_pending_final(&again);\n}\n\nstatic int migration_completion_precopy',
      ],
      [MIGRATION, NOTIFY, NOTIFY.replace('return', 'migration_look_again();\n\n    return')],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'where RAM ends',
    rule: 'final-repeated',
    edits: [
      [
        RAM,
        '    rs->last_stage = !migration_in_colo_state();\n',
        '    rs->last_stage = !migration_in_colo_state();\n    qemu_savevm_query_pending_final(&rs->pending);\n',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'with the core’s own function, when the devices are saved',
    rule: 'final-repeated',
    edits: [
      [
        SAVEVM,
        '    ret = qemu_savevm_state_non_iterable(s->to_dst_file);\n',
        '    qemu_savevm_query_pending(&s->pending, true, true);\n    ret = qemu_savevm_state_non_iterable(s->to_dst_file);\n',
      ],
    ],
    at: 'qemu_savevm_query_pending',
  },
  {
    name: 'the wrapper of the iteration hands exact on as final',
    rule: 'final-repeated',
    edits: [[SAVEVM, ITER_CALL, '    qemu_savevm_query_pending(pending, exact, exact);\n']],
    at: 'exact, exact',
  },
  {
    name: 'the wrapper of the iteration says final for every exact query',
    rule: 'final-repeated',
    edits: [[SAVEVM, ITER_CALL, '    bool last = exact;\n\n    qemu_savevm_query_pending(pending, exact, last);\n']],
    at: 'exact, last',
  },
];

const missing: readonly Faulty[] = [
  {
    name: 'the wrapper hands on final=false',
    rule: 'final-missing',
    edits: [[SAVEVM, FINAL_CALL, '    qemu_savevm_query_pending(pending, true, false);\n']],
    at: 'true, false',
  },
  {
    name: 'the wrapper asks as the iteration does',
    rule: 'final-missing',
    edits: [[SAVEVM, FINAL_CALL, '    qemu_savevm_query_pending_iter(pending, true);\n']],
    at: 'query_pending_iter',
  },
  {
    name: 'the wrapper says so by a variable',
    rule: 'final-missing',
    edits: [
      [SAVEVM, FINAL_CALL, '    bool is_last = false;\n\n    qemu_savevm_query_pending(pending, true, is_last);\n'],
    ],
    at: 'is_last',
  },
  {
    name: 'the wrapper asks nobody',
    rule: 'final-missing',
    edits: [[SAVEVM, FINAL_CALL, '    memset(pending, 0, sizeof(*pending));\n']],
    at: 'qemu_savevm_query_pending(pending, true, true)',
  },
];

const told: readonly Faulty[] = [
  {
    name: 'exact and final exchanged in the call of the modules',
    rule: 'exact-without-sync',
    edits: [[SAVEVM, CALLBACK_CALL, CALLBACK_CALL.replace('exact, final', 'final, exact')]],
    at: 'final, exact',
  },
  {
    name: 'only the final query is handed on as exact',
    rule: 'exact-without-sync',
    edits: [[SAVEVM, CALLBACK_CALL, CALLBACK_CALL.replace('exact, final', 'exact && final, final')]],
    at: 'exact && final',
  },
  {
    name: 'every query is handed on as exact',
    rule: 'estimate-with-sync',
    edits: [[SAVEVM, CALLBACK_CALL, CALLBACK_CALL.replace('exact, final', 'true, final')]],
    at: 'true, final',
  },
  {
    name: 'the final query is handed on as an estimate',
    rule: 'final-not-exact',
    edits: [[SAVEVM, CALLBACK_CALL, CALLBACK_CALL.replace('exact, final', 'exact && !final, final')]],
    at: 'exact && !final',
  },
];

const unmarked: readonly Faulty[] = [
  {
    name: 'last_stage by a choice that postcopy decides',
    rule: 'last-sync-not-marked',
    edits: [[RAM, SYNC, '        migration_bitmap_sync_precopy(migrate_postcopy_ram() ? false : final);\n']],
    at: 'migrate_postcopy_ram',
  },
  {
    name: 'last_stage only without postcopy',
    rule: 'last-sync-not-marked',
    edits: [[RAM, SYNC, '        migration_bitmap_sync_precopy(final && !migrate_postcopy_ram());\n']],
    at: 'migrate_postcopy_ram',
  },
  {
    name: 'last_stage by a variable that postcopy resets',
    rule: 'last-sync-not-marked',
    edits: [
      [
        RAM,
        SYNC,
        '        bool last_stage = final;\n\n        if (migrate_postcopy_ram()) {\n            last_stage = false;\n        }\n        migration_bitmap_sync_precopy(last_stage);\n',
      ],
    ],
    at: 'last_stage',
  },
];

const threshold: readonly Faulty[] = [
  {
    name: 'the exact query at half of the threshold',
    rule: 'switchover-without-exact',
    edits: [[MIGRATION, ASK_EXACT, ASK_EXACT.replace('size)', 'size / 2)')]],
    at: 'threshold_size / 2',
  },
  {
    name: 'the exact query at a local part of the threshold',
    rule: 'switchover-without-exact',
    edits: [
      [
        MIGRATION,
        ASK_EXACT,
        `        uint64_t near = s->threshold_size >> 1;\n\n${ASK_EXACT.replace('<= s->threshold_size', '< near')}`,
      ],
    ],
    at: 'near',
  },
  {
    name: 'the exact query with a margin below the threshold',
    rule: 'switchover-without-exact',
    edits: [[MIGRATION, ASK_EXACT, ASK_EXACT.replace('size)', 'size - MIG_MARGIN)')]],
    at: 'MIG_MARGIN',
  },
  {
    name: 'twice of what is pending',
    rule: 'switchover-without-exact',
    edits: [[MIGRATION, ASK_EXACT, ASK_EXACT.replace('total_bytes', 'total_bytes * 2')]],
    at: 'total_bytes * 2',
  },
  {
    name: 'the exact query below a page',
    rule: 'switchover-without-exact',
    edits: [[MIGRATION, ASK_EXACT, ASK_EXACT.replace('<= s->threshold_size', '< 4096')]],
    at: '4096',
  },
];

const traces: readonly Faulty[] = [
  {
    name: 'a call loses its last argument',
    rule: 'trace-format-mismatch',
    edits: [
      [SAVEVM, LAST_ARGUMENT, LAST_ARGUMENT.replace(',\n                                    pending->total_bytes', '')],
    ],
    at: '',
  },
  {
    name: 'a call loses an argument in the middle',
    rule: 'trace-format-mismatch',
    edits: [
      [
        SAVEVM,
        '                                    pending->stopcopy_bytes,\n                                    pending->post',
        '                                    pending->post',
      ],
    ],
    at: '',
  },
  {
    name: 'a call gains one',
    rule: 'trace-format-mismatch',
    edits: [[SAVEVM, LAST_ARGUMENT, LAST_ARGUMENT.replace(');', ', ret);')]],
    at: 'total_bytes, ret',
  },
  {
    name: 'a sync’s call loses its figure',
    rule: 'trace-format-mismatch',
    edits: [[RAM, 'trace_migration_bitmap_sync_end(rs->new_pages);', 'trace_migration_bitmap_sync_end();']],
    at: 'sync_end()',
  },
  {
    name: 'the declaration gains one that the call has not',
    rule: 'trace-format-mismatch',
    severity: 'warning',
    edits: [
      [
        EVENTS,
        'migration_bitmap_sync_end(uint64_t dirty_pages) "dirty_pages %" PRIu64',
        'migration_bitmap_sync_end(uint64_t dirty_pages, bool last) "dirty_pages %" PRIu64 " last %d"',
      ],
    ],
    at: 'bool last',
  },
];

const handlers: readonly Faulty[] = [
  {
    name: 'the call gains an argument, two of the handlers follow',
    rule: 'handler-forgotten',
    severity: 'warning',
    edits: [
      [SAVEVM, CALLBACK_CALL, CALLBACK_CALL.replace('final', 'final, NULL')],
      withFlag(RAM, 'ram_state_pending', 'Error **errp'),
      withFlag(CMMA, 'cmma_state_pending', 'Error **errp'),
    ],
    at: 'save_query_pending(se->opaque',
  },
  {
    name: 'the call loses one, and no handler follows',
    rule: 'handler-forgotten',
    severity: 'warning',
    edits: [[SAVEVM, CALLBACK_CALL, CALLBACK_CALL.replace(', final', '')]],
    at: 'save_query_pending(se->opaque',
  },
  {
    name: 'one handler gains a parameter, and nothing else',
    rule: 'handler-forgotten',
    severity: 'warning',
    edits: [withFlag(VFIO, 'vfio_state_pending', 'bool cached')],
    at: 'vfio_state_pending',
  },
];

export const FAULTY_ORDERS: readonly Faulty[] = [
  ...repeated,
  ...missing,
  ...told,
  ...unmarked,
  ...threshold,
  ...traces,
  ...handlers,
];
