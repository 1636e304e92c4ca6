/** Clean patches one step away from `faulty-orders.ts`. */
import type { Clean } from './clean.ts';
import { BITMAP, COLO, MIGRATION, RAM, SAVEVM } from './patches.ts';

const NOTIFY = '    precopy_notify_complete();\n\n    return true;';
const CALLBACK_CALL = 'se->ops->save_query_pending(se->opaque, pending, exact, final);';
const FINAL_CALL = '    qemu_savevm_query_pending(pending, true, true);\n';
const ITER_CALL = '    qemu_savevm_query_pending(pending, exact, false);\n';
const ASK_EXACT = '        if (pending.total_bytes <= s->threshold_size) {\n            migration_iteration_go_next';
const SYNC = '        migration_bitmap_sync_precopy(final);\n';

export const CLEAN_ORDERS: readonly Clean[] = [
  {
    name: 'something else at the end of the switchover',
    edits: [[MIGRATION, NOTIFY, NOTIFY.replace('return', 'trace_migration_switchover_done();\n\n    return')]],
  },
  {
    name: 'the final query moves within the switchover',
    questions: ['final-undocumented'],
    edits: [
      [MIGRATION, '    qemu_savevm_query_pending_final(&pending);\n\n    if', '    if'],
      [
        MIGRATION,
        '    /*\n     * The last look at',
        '    qemu_savevm_query_pending_final(&pending);\n\n    /*\n     * The last look at',
      ],
    ],
  },
  {
    name: 'the end of RAM looks at the final query’s figures',
    edits: [
      [
        RAM,
        '    rs->last_stage = !migration_in_colo_state();\n',
        '    rs->last_stage = !migration_in_colo_state();\n    trace_ram_save_final(stat64_get(&mig_stats.dirty_bytes_total));\n',
      ],
    ],
  },
  {
    name: 'constants with names in the wrappers',
    edits: [
      [SAVEVM, ITER_CALL, '    const bool final = false;\n\n    qemu_savevm_query_pending(pending, exact, final);\n'],
      [SAVEVM, FINAL_CALL, '    const bool exact = true;\n\n    qemu_savevm_query_pending(pending, exact, true);\n'],
    ],
  },
  {
    name: 'the final wrapper asks through a helper',
    edits: [
      [SAVEVM, FINAL_CALL, '    savevm_query_stopped(pending);\n'],
      [
        SAVEVM,
        '/* Once per switchover, with the VM stopped and the BQL held. */',
        'static void savevm_query_stopped(MigPendingData *pending)\n{\n    qemu_savevm_query_pending(pending, true, true);\n}\n\n/* Once per switchover, with the VM stopped and the BQL held. */',
      ],
    ],
  },
  {
    name: 'a test before the modules are asked',
    edits: [[SAVEVM, `        ${CALLBACK_CALL}`, `        assert(!final || exact);\n        ${CALLBACK_CALL}`]],
  },
  {
    name: 'exact for the modules where it is final too',
    edits: [[SAVEVM, CALLBACK_CALL, CALLBACK_CALL.replace('exact, final', 'exact || final, final')]],
  },
  {
    name: 'last_stage by a choice with the same outcome',
    edits: [[RAM, SYNC, '        migration_bitmap_sync_precopy(final ? true : false);\n']],
  },
  {
    name: 'last_stage by a variable, and a word on postcopy',
    edits: [
      [
        RAM,
        SYNC,
        '        bool last_stage = final;\n\n        if (migrate_postcopy_ram()) {\n            trace_ram_sync_for_postcopy(last_stage);\n        }\n        migration_bitmap_sync_precopy(last_stage);\n',
      ],
    ],
  },
  {
    name: 'the exact query at twice the threshold',
    edits: [[MIGRATION, ASK_EXACT, ASK_EXACT.replace('size)', 'size * 2)')]],
  },
  {
    name: 'the exact query with a margin above the threshold',
    edits: [[MIGRATION, ASK_EXACT, ASK_EXACT.replace('size)', 'size + MIG_MARGIN)')]],
  },
  {
    name: 'the threshold in a local variable',
    edits: [
      [
        MIGRATION,
        ASK_EXACT,
        `        uint64_t limit = s->threshold_size;\n\n${ASK_EXACT.replace('s->threshold_size', 'limit')}`,
      ],
    ],
  },
  {
    name: 'half of the threshold for the exact query and for both decisions',
    edits: [
      [MIGRATION, ASK_EXACT, ASK_EXACT.replace('size)', 'size / 2)')],
      [MIGRATION, 'pending.precopy_bytes <= s->threshold_size &&', 'pending.precopy_bytes <= s->threshold_size / 2 &&'],
      [
        MIGRATION,
        '                         pending.total_bytes <= s->threshold_size;',
        '                         pending.total_bytes <= s->threshold_size / 2;',
      ],
    ],
  },
  {
    name: 'the comparison the other way round',
    edits: [
      [
        MIGRATION,
        ASK_EXACT,
        ASK_EXACT.replace('pending.total_bytes <= s->threshold_size', 's->threshold_size >= pending.total_bytes'),
      ],
    ],
  },
  {
    name: 'a trace call on one line more',
    edits: [
      [
        SAVEVM,
        'trace_qemu_savevm_query_pending(exact, final, pending->precopy_bytes,\n',
        'trace_qemu_savevm_query_pending(exact, final,\n                                    pending->precopy_bytes,\n',
      ],
    ],
  },
  {
    name: 'a trace call of what a local variable holds',
    edits: [
      [
        RAM,
        '    trace_migration_bitmap_sync_end(rs->new_pages);',
        '    uint64_t pages = rs->new_pages;\n\n    trace_migration_bitmap_sync_end(pages);',
      ],
    ],
  },
  {
    name: 'a handler’s parameters on three lines',
    edits: [
      [
        RAM,
        'static void ram_state_pending(void *opaque, MigPendingData *pending,\n                              bool exact, bool final)',
        'static void ram_state_pending(void *opaque,\n                              MigPendingData *pending,\n                              bool exact, bool final)',
      ],
    ],
  },
  {
    name: 'a handler’s parameter gets another name',
    edits: [
      [BITMAP, 'bool exact, bool final)', 'bool exact, bool last)'],
      [BITMAP, '    if (!final) {\n        bql_lock();\n    }\n', '    if (!last) {\n        bql_lock();\n    }\n'],
      [BITMAP, '    if (!final) {\n        bql_unlock();\n    }\n', '    if (!last) {\n        bql_unlock();\n    }\n'],
    ],
  },
  {
    name: 'the modules are asked through a macro',
    edits: [
      [SAVEVM, CALLBACK_CALL, 'ASK_MODULE(se, pending, exact, final);'],
      [
        SAVEVM,
        '/* Ask every active module',
        '#define ASK_MODULE(se, p, e, f) \\\n    (se)->ops->save_query_pending((se)->opaque, p, e, f)\n\n/* Ask every active module',
      ],
    ],
  },
  {
    name: 'a checkpoint waits before it stops the VM',
    edits: [[COLO, '    bql_lock();\n    vm_stop', '    qemu_sem_wait(&s->pause_sem);\n    bql_lock();\n    vm_stop']],
  },
];
