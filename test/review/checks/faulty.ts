/** Faulty patches, the same fault in several words, with the line that is guilty. */
import { FAULTY_FIGURES } from './faulty-figures.ts';
import { FAULTY_FLAGS } from './faulty-flags.ts';
import { FAULTY_ORDERS } from './faulty-orders.ts';
import { BITMAP, CMMA, COLO, type Edit, EVENTS, MIGRATION, RAM, REGISTER, SAVEVM } from './patches.ts';

export interface Faulty {
  readonly name: string;
  readonly rule: string;
  /** Error where nothing is said. */
  readonly severity?: 'error' | 'warning';
  readonly edits: readonly Edit[];
  /** Part of the guilty line. */
  readonly at: string;
}

const FINAL_CALL = '    qemu_savevm_query_pending_final(&pending);\n\n    if (pending.switch';
const COMPLETE = '    WITH_RCU_READ_LOCK_GUARD() {\n        ret = rdma_registration_start';
const STORE = '    stat64_set(&mig_stats.dirty_bytes_total, pending->total_bytes);\n';
const LOCK = '    if (!final) {\n        bql_lock();\n    }\n';
const UNLOCK = '    if (!final) {\n        bql_unlock();\n    }\n';
const SYNC = '    WITH_RCU_READ_LOCK_GUARD() {\n        migration_bitmap_sync_precopy(final);\n    }\n';
const RAM_LOCKED = `    /* In the final query the caller holds the BQL */\n${LOCK}\n${SYNC}\n${UNLOCK}`;
const EARLY = '    if (!exact || migration_in_postcopy()) {\n        return;\n    }\n';
const SUM = `    pending->total_bytes = pending->precopy_bytes +
                           pending->stopcopy_bytes +
                           pending->postcopy_bytes;
`;
const WHOLE_FINAL = '    g_assert(bql_locked());\n\n    qemu_savevm_query_pending(pending, true, true);\n';
const GO_NEXT = '    qemu_savevm_query_pending_iter(pending, true);\n';

/** A harmless change in the function that calls the guilty one. */
const OTHER_ASSERT: Edit = [SAVEVM, '    g_assert(bql_locked());\n\n    qemu', '    assert(bql_locked());\n\n    qemu'];

const besideOther: readonly Faulty[] = [
  {
    name: 'the store is left out of the final query, and its caller asserts otherwise',
    rule: 'dirty-bytes-not-updated',
    edits: [[SAVEVM, STORE, `    if (!final) {\n    ${STORE}    }\n`], OTHER_ASSERT],
    at: 'if (!final) {',
  },
  {
    name: 'a part is left out of the sum, and the caller asserts otherwise',
    rule: 'total-not-sum',
    edits: [[SAVEVM, SUM, SUM.replace('pending->stopcopy_bytes +\n                           ', '')], OTHER_ASSERT],
    at: 'pending->stopcopy_bytes',
  },
];

const withoutBql: readonly Faulty[] = [
  {
    name: 'unlock and lock around the query',
    rule: 'final-without-bql',
    edits: [
      [
        MIGRATION,
        FINAL_CALL,
        FINAL_CALL.replace('    qemu', '    bql_unlock();\n    qemu').replace('\n\n', '\n    bql_lock();\n\n'),
      ],
    ],
    at: 'bql_unlock',
  },
  {
    name: 'unlock behind a condition, with the old name',
    rule: 'final-without-bql',
    edits: [
      [
        MIGRATION,
        '    qemu_savevm_query_pending_final(&pending);\n\n    if',
        '    qemu_mutex_unlock_iothread();\n    qemu_savevm_query_pending_final(&pending);\n    qemu_mutex_lock_iothread();\n\n    if',
      ],
    ],
    at: 'qemu_mutex_unlock_iothread',
  },
  {
    name: 'the completion takes the lock behind the switchover',
    rule: 'final-without-bql',
    edits: [
      [
        MIGRATION,
        '    int ret;\n\n    bql_lock();\n\n    ret = migration_stop_vm(s,',
        '    int ret;\n\n    ret = migration_stop_vm(s,',
      ],
      [
        MIGRATION,
        '    ret = qemu_savevm_state_complete_precopy(s);\n\nout_unlock',
        '    bql_lock();\n    ret = qemu_savevm_state_complete_precopy(s);\n\nout_unlock',
      ],
    ],
    at: 'bql_lock();',
  },
  {
    name: 'the wrapper gives it up',
    rule: 'final-without-bql',
    edits: [
      [
        SAVEVM,
        WHOLE_FINAL,
        '    bql_unlock();\n    qemu_savevm_query_pending(pending, true, true);\n    bql_lock();\n',
      ],
    ],
    at: 'bql_unlock',
  },
  {
    name: 'a helper does it',
    rule: 'final-without-bql',
    edits: [
      [
        MIGRATION,
        'static bool migration_switchover_start(',
        'static void query_without_lock(MigPendingData *data)\n{\n    bql_unlock();\n    qemu_savevm_query_pending_final(data);\n    bql_lock();\n}\n\nstatic bool migration_switchover_start(',
      ],
      [MIGRATION, '    qemu_savevm_query_pending_final(&pending);\n\n', '    query_without_lock(&pending);\n\n'],
    ],
    at: 'bql_unlock',
  },
  {
    name: 'the lock of RAM is dropped for the final query too',
    rule: 'final-without-bql',
    edits: [[RAM, UNLOCK, '    bql_unlock();\n']],
    at: 'bql_unlock',
  },
  {
    name: 'released before the query, taken again behind the inactivation',
    rule: 'final-without-bql',
    severity: 'warning',
    edits: [
      [
        MIGRATION,
        '    /*\n     * The last look',
        '    /* Let QMP run */\n    bql_unlock();\n\n    /*\n     * The last look',
      ],
      [MIGRATION, '    precopy_notify_complete();\n', '    bql_lock();\n    precopy_notify_complete();\n'],
    ],
    at: 'bql_unlock',
  },
  {
    name: 'COLO queries behind its unlock',
    rule: 'final-without-bql',
    edits: [
      [COLO, '    /* A checkpoint is a switchover of its own */\n    qemu_savevm_query_pending_final(&pending);\n', ''],
      [
        COLO,
        '    vm_stop_force_state(RUN_STATE_COLO);\n    bql_unlock();\n',
        '    vm_stop_force_state(RUN_STATE_COLO);\n    bql_unlock();\n    /* Collect what became dirty */\n    qemu_savevm_query_pending_final(&pending);\n',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
];

const takesBql: readonly Faulty[] = [
  {
    name: 'unconditional lock in RAM',
    rule: 'handler-takes-bql',
    edits: [[RAM, RAM_LOCKED, `    bql_lock();\n\n${SYNC}\n    bql_unlock();\n`]],
    at: 'bql_lock',
  },
  {
    name: 'unconditional lock in the bitmaps',
    rule: 'handler-takes-bql',
    edits: [
      [BITMAP, LOCK, '    bql_lock();\n'],
      [BITMAP, UNLOCK, '    bql_unlock();\n'],
    ],
    at: 'bql_lock',
  },
  {
    name: 'a guard of the scope',
    rule: 'handler-takes-bql',
    edits: [
      [BITMAP, `${LOCK}\n`, '    BQL_LOCK_GUARD();\n\n'],
      [BITMAP, `${UNLOCK}\n`, ''],
    ],
    at: 'BQL_LOCK_GUARD',
  },
  {
    name: 'the condition turned round',
    rule: 'handler-takes-bql',
    edits: [[RAM, LOCK, LOCK.replace('!final', 'final')]],
    at: 'if (final)',
  },
  {
    name: 'a condition on exact',
    rule: 'handler-takes-bql',
    edits: [
      [BITMAP, LOCK, LOCK.replace('!final', 'exact')],
      [BITMAP, UNLOCK, UNLOCK.replace('!final', 'exact')],
    ],
    at: 'if (exact)',
  },
  {
    name: 'a variable for the condition',
    rule: 'handler-takes-bql',
    edits: [
      [BITMAP, '    uint64_t pending = 0;\n', '    uint64_t pending = 0;\n    bool take = exact || final;\n'],
      [BITMAP, LOCK, LOCK.replace('!final', 'take')],
      [BITMAP, UNLOCK, UNLOCK.replace('!final', 'take')],
    ],
    at: 'if (take)',
  },
  {
    name: 'a helper that locks',
    rule: 'handler-takes-bql',
    edits: [
      [
        BITMAP,
        'static void dirty_bitmap_state_pending',
        'static void dbm_lock(void)\n{\n    bql_lock();\n}\n\nstatic void dirty_bitmap_state_pending',
      ],
      [BITMAP, LOCK, '    dbm_lock();\n'],
    ],
    at: 'bql_lock',
  },
  {
    name: 'the handler asserts that it is free',
    rule: 'handler-takes-bql',
    edits: [[CMMA, '    if (res >= 0)', '    assert(!bql_locked());\n\n    if (res >= 0)']],
    at: 'assert(!bql_locked',
  },
  {
    name: 'the core says final=false',
    rule: 'handler-takes-bql',
    edits: [[SAVEVM, 'pending, exact, final);\n    }', 'pending, exact, false);\n    }']],
    at: 'save_query_pending',
  },
  {
    name: 'the wrapper locks',
    rule: 'handler-takes-bql',
    edits: [
      [
        SAVEVM,
        WHOLE_FINAL,
        '    bql_lock();\n    qemu_savevm_query_pending(pending, true, true);\n    bql_unlock();\n',
      ],
    ],
    at: 'bql_lock',
  },
  {
    name: 'an early return keeps the lock',
    rule: 'handler-takes-bql',
    edits: [
      [
        BITMAP,
        '    QSIMPLEQ_FOREACH',
        '    if (QSIMPLEQ_EMPTY(&s->dbms_list)) {\n        return;\n    }\n\n    QSIMPLEQ_FOREACH',
      ],
    ],
    at: 'QSIMPLEQ_EMPTY',
  },
];

const noFinal: readonly Faulty[] = [
  {
    name: 'the call is deleted',
    rule: 'final-missing',
    edits: [[MIGRATION, '    qemu_savevm_query_pending_final(&pending);\n\n    if (pending.', '    if (pending.']],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'only without COLO... and pause',
    rule: 'final-missing',
    severity: 'warning',
    edits: [
      [
        MIGRATION,
        '    qemu_savevm_query_pending_final(&pending);\n\n    if',
        '    if (!migrate_pause_before_switchover()) {\n        qemu_savevm_query_pending_final(&pending);\n    }\n\n    if',
      ],
    ],
    at: 'migrate_pause_before_switchover',
  },
  {
    name: 'an early return before it',
    rule: 'final-missing',
    severity: 'warning',
    edits: [
      [
        MIGRATION,
        '    /*\n     * The last look',
        '    if (s->nothing_dirty) {\n        return true;\n    }\n\n    /*\n     * The last look',
      ],
    ],
    at: 'nothing_dirty',
  },
  {
    name: 'behind the saving',
    rule: 'final-missing',
    edits: [
      [
        MIGRATION,
        '    /*\n     * The last look at the dirty state.  Precopy sends all that it finds,\n     * postcopy makes its discard bitmap from it.\n     */\n    qemu_savevm_query_pending_final(&pending);\n\n',
        '',
      ],
      [
        MIGRATION,
        '    int ret;\n\n    bql_lock();\n\n    ret = migration_stop_vm(s',
        '    MigPendingData pending = {};\n    int ret;\n\n    bql_lock();\n\n    ret = migration_stop_vm(s',
      ],
      [
        MIGRATION,
        '    ret = qemu_savevm_state_complete_precopy(s);\n',
        '    ret = qemu_savevm_state_complete_precopy(s);\n    /* Last look */\n    qemu_savevm_query_pending_final(&pending);\n',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'it becomes one of the iteration',
    rule: 'final-missing',
    edits: [
      [
        MIGRATION,
        '    qemu_savevm_query_pending_final(&pending);\n\n',
        '    qemu_savevm_query_pending_iter(&pending, true);\n\n',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
];

const repeated: readonly Faulty[] = [
  {
    name: 'twice in a row',
    rule: 'final-repeated',
    edits: [
      [
        MIGRATION,
        '    qemu_savevm_query_pending_final(&pending);\n\n    if',
        '    qemu_savevm_query_pending_final(&pending);\n    qemu_savevm_query_pending_final(&pending);\n\n    if',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'in the completion as well',
    rule: 'final-repeated',
    edits: [
      [
        MIGRATION,
        '    ret = qemu_savevm_state_complete_precopy(s);\n\nout',
        '    /* Once more, to be sure */\n    qemu_savevm_query_pending_final(&s->pending);\n    ret = qemu_savevm_state_complete_precopy(s);\n\nout',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'before the discard bitmap as well',
    rule: 'final-repeated',
    edits: [
      [
        MIGRATION,
        '    if (migrate_postcopy_ram()) {\n        ram_post',
        '    qemu_savevm_query_pending_final(&left);\n\n    if (migrate_postcopy_ram()) {\n        ram_post',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'the wrapper asks twice',
    rule: 'final-repeated',
    edits: [
      [
        SAVEVM,
        '    qemu_savevm_query_pending(pending, true, true);\n',
        '    qemu_savevm_query_pending(pending, true, true);\n    if (pending->total_bytes) {\n        qemu_savevm_query_pending(pending, true, true);\n    }\n',
      ],
    ],
    at: 'true, true',
    severity: 'warning',
  },
  {
    name: 'all queries are final to the handlers',
    rule: 'final-repeated',
    edits: [[SAVEVM, 'pending, exact, final);\n    }', 'pending, exact, true);\n    }']],
    at: 'save_query_pending',
  },
];

const beforeStop: readonly Faulty[] = [
  {
    name: 'moved before the stop',
    rule: 'final-before-stop',
    edits: [
      [
        MIGRATION,
        '    /*\n     * The last look at the dirty state.  Precopy sends all that it finds,\n     * postcopy makes its discard bitmap from it.\n     */\n    qemu_savevm_query_pending_final(&pending);\n\n',
        '',
      ],
      [
        MIGRATION,
        '    bql_lock();\n\n    ret = migration_stop_vm(s,',
        '    bql_lock();\n\n    /* Everything that is dirty */\n    qemu_savevm_query_pending_final(&s->pending);\n\n    ret = migration_stop_vm(s,',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'the switchover starts before the stop',
    rule: 'final-before-stop',
    edits: [
      [
        MIGRATION,
        '    ret = migration_stop_vm(ms, RUN_STATE_FINISH_MIGRATE);\n    if (ret < 0) {\n        goto fail;\n    }\n\n    if (!migration_switchover_start(ms, errp)) {\n        goto fail;\n    }\n',
        '    if (!migration_switchover_start(ms, errp)) {\n        goto fail;\n    }\n\n    ret = migration_stop_vm(ms, RUN_STATE_FINISH_MIGRATE);\n    if (ret < 0) {\n        goto fail;\n    }\n',
      ],
    ],
    at: 'migration_s',
  },
  {
    name: 'in the loop',
    rule: 'final-before-stop',
    edits: [
      [
        MIGRATION,
        '        trace_migration_thread_low_pending',
        '        qemu_savevm_query_pending_final(&pending);\n        trace_migration_thread_low_pending',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'before the pause',
    rule: 'final-before-stop',
    severity: 'warning',
    edits: [
      [
        MIGRATION,
        '    /*\n     * The last look at the dirty state.  Precopy sends all that it finds,\n     * postcopy makes its discard bitmap from it.\n     */\n    qemu_savevm_query_pending_final(&pending);\n\n',
        '',
      ],
      [
        MIGRATION,
        '    if (!migration_switchover_prepare(s)) {',
        '    /* The last look */\n    qemu_savevm_query_pending_final(&pending);\n\n    if (!migration_switchover_prepare(s)) {',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
];

const notExact: readonly Faulty[] = [
  {
    name: 'a constant',
    rule: 'final-not-exact',
    edits: [
      [SAVEVM, 'qemu_savevm_query_pending(pending, true, true)', 'qemu_savevm_query_pending(pending, false, true)'],
    ],
    at: 'false, true',
  },
  {
    name: 'a variable',
    rule: 'final-not-exact',
    edits: [
      [
        SAVEVM,
        WHOLE_FINAL,
        '    bool slow = false;\n\n    g_assert(bql_locked());\n\n    qemu_savevm_query_pending(pending, slow, true);\n',
      ],
    ],
    at: 'slow, true',
  },
  {
    name: 'in the core',
    rule: 'final-not-exact',
    edits: [
      [
        SAVEVM,
        '    SaveStateEntry *se;\n\n    memset',
        '    SaveStateEntry *se;\n\n    if (final) {\n        exact = false;\n    }\n\n    memset',
      ],
    ],
    at: 'exact = false',
  },
  {
    name: 'in the call of the handlers',
    rule: 'final-not-exact',
    edits: [
      [
        SAVEVM,
        'pending, exact, final);\n    }',
        'pending, exact && !final,\n                                    final);\n    }',
      ],
    ],
    at: 'exact && !final',
  },
  {
    name: 'zero',
    rule: 'final-not-exact',
    edits: [[SAVEVM, 'qemu_savevm_query_pending(pending, true, true)', 'qemu_savevm_query_pending(pending, 0, 1)']],
    at: '0, 1',
  },
];

const finalNoSync: readonly Faulty[] = [
  {
    name: 'an early return',
    rule: 'final-without-sync',
    edits: [
      [RAM, '    if (!exact || migration_in_postcopy()) {', '    if (!exact || final || migration_in_postcopy()) {'],
    ],
    at: '|| final',
  },
  {
    name: 'a return of its own',
    rule: 'final-without-sync',
    edits: [
      [
        RAM,
        '    /* In the final query the',
        '    if (final) {\n        return;\n    }\n\n    /* In the final query the',
      ],
    ],
    at: 'if (final)',
  },
  {
    name: 'a condition around the sync',
    rule: 'final-without-sync',
    edits: [
      [
        RAM,
        SYNC,
        '    WITH_RCU_READ_LOCK_GUARD() {\n        if (!final) {\n            migration_bitmap_sync_precopy(final);\n        }\n    }\n',
      ],
    ],
    at: 'if (!final)',
  },
  {
    name: 'else',
    rule: 'final-without-sync',
    edits: [
      [
        RAM,
        SYNC,
        '    if (final) {\n        trace_ram_pending_skip();\n    } else {\n        migration_bitmap_sync_precopy(false);\n    }\n',
      ],
    ],
    at: 'if (final)',
  },
  {
    name: 'goto',
    rule: 'final-without-sync',
    edits: [
      [
        RAM,
        RAM_LOCKED,
        `    if (final == true) {\n        goto out;\n    }\n\n    bql_lock();\n    migration_bitmap_sync_precopy(false);\n    bql_unlock();\n\nout:\n    trace_ram_pending_done();\n`,
      ],
    ],
    at: 'final == true',
  },
  {
    name: 'only while the VM runs',
    rule: 'final-without-sync',
    edits: [
      [
        RAM,
        '    /* In the final query the',
        '    if (!runstate_is_running()) {\n        return;\n    }\n\n    /* In the final query the',
      ],
    ],
    at: 'runstate_is_running',
  },
  {
    name: 'the handler does not call the helper',
    rule: 'final-without-sync',
    edits: [
      [
        RAM,
        '    ram_state_pending_sync(exact, final);\n',
        '    if (!final) {\n        ram_state_pending_sync(exact, final);\n    }\n',
      ],
    ],
    at: 'if (!final)',
  },
  {
    name: 'the helper is told another thing',
    rule: 'final-without-sync',
    edits: [
      [RAM, '    ram_state_pending_sync(exact, final);\n', '    ram_state_pending_sync(exact && !final, final);\n'],
    ],
    at: 'exact && !final',
  },
  {
    name: 'the sync is deleted',
    rule: 'final-without-sync',
    edits: [[RAM, `${SYNC}\n`, '']],
    at: 'migration_bitmap_sync_precopy',
  },
  {
    name: 'the core asks nobody',
    rule: 'final-without-sync',
    edits: [[SAVEVM, '    QTAILQ_FOREACH(se', '    if (final) {\n        return;\n    }\n\n    QTAILQ_FOREACH(se']],
    at: 'if (final)',
  },
  {
    name: 'the core passes all over',
    rule: 'final-without-sync',
    edits: [
      [SAVEVM, '        if (!qemu_savevm_state_active(se)) {', '        if (final || !qemu_savevm_state_active(se)) {'],
    ],
    at: 'final ||',
  },
];

const postcopyNoSync: readonly Faulty[] = [
  {
    name: 'a return on the flag',
    rule: 'postcopy-switchover-without-sync',
    edits: [
      [
        RAM,
        '    /* In the final query the',
        '    if (final && qatomic_read(&migrate_get_current()->start_postcopy)) {\n        return;\n    }\n\n    /* In the final query the',
      ],
    ],
    at: 'start_postcopy',
  },
  {
    name: 'nested',
    rule: 'postcopy-switchover-without-sync',
    edits: [
      [
        RAM,
        '    /* In the final query the',
        '    if (final) {\n        if (migrate_postcopy()) {\n            return;\n        }\n    }\n\n    /* In the final query the',
      ],
    ],
    at: 'migrate_postcopy',
  },
  {
    name: 'a variable',
    rule: 'postcopy-switchover-without-sync',
    edits: [
      [
        RAM,
        EARLY,
        `    bool later = final && migrate_postcopy_ram();\n\n${EARLY.replace('!exact ||', '!exact || later ||')}`,
      ],
    ],
    at: 'later',
  },
  {
    name: 'no final query on the way to postcopy',
    rule: 'postcopy-switchover-without-sync',
    edits: [
      [
        MIGRATION,
        '    qemu_savevm_query_pending_final(&pending);\n\n    if',
        '    if (!qatomic_read(&s->start_postcopy)) {\n        qemu_savevm_query_pending_final(&pending);\n    }\n\n    if',
      ],
    ],
    at: 'start_postcopy',
  },
];

const otherSyncs: readonly Faulty[] = [
  {
    name: 'exact queries do not sync',
    rule: 'exact-without-sync',
    edits: [[RAM, EARLY, EARLY.replace('!exact', '!final')]],
    at: '!final ||',
  },
  {
    name: 'an exact query returns early',
    rule: 'exact-without-sync',
    edits: [
      [
        RAM,
        '    /* In the final query the',
        '    if (!final) {\n        return;\n    }\n\n    /* In the final query the',
      ],
    ],
    at: 'if (!final)',
  },
  {
    name: 'estimates sync',
    rule: 'estimate-with-sync',
    edits: [[RAM, EARLY, EARLY.replace('!exact || ', '')]],
    at: 'migration_bitmap_sync_precopy|if (migration_in_postcopy',
  },
  {
    name: 'estimates sync, by the other operator',
    rule: 'estimate-with-sync',
    edits: [[RAM, EARLY, EARLY.replace('||', '&&')]],
    at: '',
  },
  {
    name: 'syncs in postcopy',
    rule: 'sync-in-postcopy',
    severity: 'warning',
    edits: [[RAM, EARLY, EARLY.replace(' || migration_in_postcopy()', '')]],
    at: '!exact',
  },
  {
    name: 'last_stage is false',
    rule: 'last-sync-not-marked',
    edits: [[RAM, 'migration_bitmap_sync_precopy(final)', 'migration_bitmap_sync_precopy(false)']],
    at: '(false)',
  },
  {
    name: 'last_stage is turned round',
    rule: 'last-sync-not-marked',
    edits: [[RAM, 'migration_bitmap_sync_precopy(final)', 'migration_bitmap_sync_precopy(!final)']],
    at: '(!final)',
  },
  {
    name: 'last_stage is lost on the way',
    rule: 'last-sync-not-marked',
    edits: [[RAM, '    migration_bitmap_sync(ram_state, last_stage);', '    migration_bitmap_sync(ram_state, false);']],
    at: 'ram_state, false',
  },
  {
    name: 'last_stage is lost at the end',
    rule: 'last-sync-not-marked',
    edits: [[RAM, 'memory_global_dirty_log_sync(last_stage)', 'memory_global_dirty_log_sync(false)']],
    at: '(false)',
  },
  {
    name: 'last_stage by a choice',
    rule: 'last-sync-not-marked',
    edits: [[RAM, 'migration_bitmap_sync_precopy(final)', 'migration_bitmap_sync_precopy(final ? false : true)']],
    at: 'final ?',
  },
  {
    name: 'no notifiers',
    rule: 'notifier-skipped',
    severity: 'warning',
    edits: [[RAM, 'migration_bitmap_sync_precopy(final)', 'migration_bitmap_sync(ram_state, final)']],
    at: 'migration_bitmap_sync(',
  },
  {
    name: 'synced again in the completion',
    rule: 'sync-after-final',
    edits: [
      [
        RAM,
        COMPLETE,
        COMPLETE.replace(
          '        ret',
          '        if (!migration_in_postcopy()) {\n            migration_bitmap_sync_precopy(true);\n        }\n\n        ret',
        ),
      ],
      [MIGRATION, 'The last look', 'A last look'],
    ],
    at: 'migration_bitmap_sync_precopy',
  },
  {
    name: 'synced again for the discard bitmap',
    rule: 'sync-after-final',

    edits: [
      [RAM, '    forget_last_sent(rs);\n', '    migration_bitmap_sync_precopy(true);\n    forget_last_sent(rs);\n'],
    ],
    at: 'migration_bitmap_sync_precopy',
  },
  {
    name: 'synced again behind the query',
    rule: 'sync-after-final',
    severity: 'warning',
    edits: [
      [
        MIGRATION,
        '    if (!migrate_colo()) {',
        '    migration_bitmap_sync_precopy(true);\n\n    if (!migrate_colo()) {',
      ],
    ],
    at: 'migration_bitmap_sync_precopy',
  },
  {
    name: 'RAM locks nothing in the iteration',
    rule: 'exact-sync-without-bql',
    edits: [[RAM, RAM_LOCKED, SYNC]],
    at: 'bql_lock',
  },
];

const afterFinal: readonly Faulty[] = [
  {
    name: 'an exact one behind it',
    rule: 'query-after-final',
    edits: [
      [
        MIGRATION,
        '    precopy_notify_complete();',
        '    qemu_savevm_query_pending_iter(&pending, true);\n    precopy_notify_complete();',
      ],
    ],
    at: 'query_pending_iter',
  },
  {
    name: 'an estimate in the completion',
    rule: 'query-after-final',
    severity: 'warning',
    edits: [
      [
        MIGRATION,
        '    ret = qemu_savevm_state_complete_precopy(s);\n\nout',
        '    qemu_savevm_query_pending_iter(&s->pending, false);\n    ret = qemu_savevm_state_complete_precopy(s);\n\nout',
      ],
    ],
    at: 'query_pending_iter',
  },
  {
    name: 'in the wrapper',
    rule: 'query-after-final',
    edits: [
      [
        SAVEVM,
        '    qemu_savevm_query_pending(pending, true, true);\n',
        '    qemu_savevm_query_pending(pending, true, true);\n    qemu_savevm_query_pending(pending, false, false);\n',
      ],
    ],
    at: 'false, false',
  },
  {
    name: 'in the saving',
    rule: 'query-after-final',
    edits: [
      [
        SAVEVM,
        '    ret = qemu_savevm_state_non_iterable',
        '    qemu_savevm_query_pending_iter(&left, false);\n    ret = qemu_savevm_state_non_iterable',
      ],
    ],
    at: 'query_pending_iter',
  },
];

const figures: readonly Faulty[] = [
  {
    name: 'guarded',
    rule: 'dirty-bytes-not-updated',
    edits: [[SAVEVM, STORE, `    if (!final) {\n    ${STORE}    }\n`]],
    at: 'if (!final)',
  },
  {
    name: 'an early return before it',
    rule: 'dirty-bytes-not-updated',
    edits: [[SAVEVM, STORE, `    if (final) {\n        goto trace;\n    }\n\n${STORE}\ntrace:\n`]],
    at: 'if (final)',
  },
  { name: 'deleted', rule: 'dirty-bytes-not-updated', edits: [[SAVEVM, `${STORE}\n`, '']], at: 'stat64_set' },
  {
    name: 'moved into the wrapper of the iteration',
    rule: 'dirty-bytes-not-updated',
    edits: [
      [SAVEVM, `${STORE}\n`, ''],
      [
        SAVEVM,
        '    qemu_savevm_query_pending(pending, exact, false);\n',
        '    qemu_savevm_query_pending(pending, exact, false);\n    stat64_set(&mig_stats.dirty_bytes_total, pending->total_bytes);\n',
      ],
    ],
    at: 'stat64_set',
  },
  {
    name: 'another figure',
    rule: 'dirty-bytes-not-updated',
    edits: [[SAVEVM, STORE, STORE.replace('pending->total_bytes', 'pending->precopy_bytes')]],
    at: 'precopy_bytes',
  },
  {
    name: 'before the sum',
    rule: 'dirty-bytes-not-updated',
    edits: [[SAVEVM, `${SUM}\n${STORE}`, `${STORE}\n${SUM}`]],
    at: '',
  },
  {
    name: 'only for exact ones',
    rule: 'dirty-bytes-not-updated',
    edits: [[SAVEVM, STORE, `    if (exact) {\n    ${STORE}    }\n`]],
    at: 'if (exact)',
  },
  {
    name: 'one part left out',
    rule: 'total-not-sum',
    edits: [[SAVEVM, '                           pending->stopcopy_bytes +\n', '']],
    at: '',
  },
  { name: 'one part twice', rule: 'total-not-sum', edits: [[SAVEVM, SUM, SUM.replace('stopcopy', 'precopy')]], at: '' },
  {
    name: 'step by step, one missing',
    rule: 'total-not-sum',
    edits: [
      [
        SAVEVM,
        SUM,
        '    pending->total_bytes = pending->precopy_bytes;\n    pending->total_bytes += pending->postcopy_bytes;\n',
      ],
    ],
    at: 'total_bytes',
  },
  {
    name: 'left out in the final query',
    rule: 'total-not-sum',
    edits: [
      [
        SAVEVM,
        SUM,
        '    pending->total_bytes = pending->precopy_bytes + pending->postcopy_bytes;\n    if (!final) {\n        pending->total_bytes += pending->stopcopy_bytes;\n    }\n',
      ],
    ],
    at: 'total_bytes',
  },
  {
    name: 'subtracted',
    rule: 'total-not-sum',
    edits: [
      [
        SAVEVM,
        '                           pending->stopcopy_bytes +\n                           pending->postcopy_bytes;\n\n    stat',
        '                           pending->postcopy_bytes -\n                           pending->stopcopy_bytes;\n\n    stat',
      ],
    ],
    at: '',
  },
];

const modules: readonly Faulty[] = [
  {
    name: 'CMMA returns',
    rule: 'final-skips-module',
    severity: 'warning',
    edits: [[CMMA, '    if (res >= 0)', '    if (final) {\n        return;\n    }\n\n    if (res >= 0)']],
    at: 'if (final)',
  },
  {
    name: 'CMMA, in its condition',
    rule: 'final-skips-module',
    severity: 'warning',
    edits: [[CMMA, '    if (res >= 0)', '    if (!final && res >= 0)']],
    at: '!final',
  },
  {
    name: 'the bitmaps return',
    rule: 'final-skips-module',
    severity: 'warning',
    edits: [
      [BITMAP, `${LOCK}`, '    if (final) {\n        return;\n    }\n\n    bql_lock();\n'],
      [BITMAP, UNLOCK, '    bql_unlock();\n'],
    ],
    at: 'if (final)',
  },
  {
    name: 'the bitmaps report nothing',
    rule: 'final-skips-module',
    severity: 'warning',
    edits: [[BITMAP, '    data->postcopy_bytes += pending;', '    data->postcopy_bytes += final ? 0 : pending;']],
    at: 'final ?',
  },
  {
    name: 'RAM reports nothing',
    rule: 'final-skips-module',
    severity: 'warning',
    edits: [
      [
        RAM,
        '    remaining = rs->dirty_pages',
        '    if (final) {\n        return;\n    }\n\n    remaining = rs->dirty_pages',
      ],
    ],
    at: 'if (final)',
  },
  {
    name: 'the core leaves some out',
    rule: 'final-skips-module',
    severity: 'warning',
    edits: [
      [
        SAVEVM,
        '        se->ops->save_query',
        '        if (final && !se->ops->wants_final) {\n            continue;\n        }\n        se->ops->save_query',
      ],
    ],
    at: 'wants_final',
  },
];

const decisions: readonly Faulty[] = [
  {
    name: 'the exact query is deleted',
    rule: 'switchover-without-exact',
    edits: [[MIGRATION, GO_NEXT, '']],
    at: 'query_pending_iter',
  },
  {
    name: 'it becomes an estimate',
    rule: 'switchover-without-exact',
    edits: [[MIGRATION, GO_NEXT, GO_NEXT.replace('true', 'false')]],
    at: 'false',
  },
  {
    name: 'the pass is not made',
    rule: 'switchover-without-exact',
    edits: [
      [
        MIGRATION,
        '        if (pending.total_bytes <= s->threshold_size) {\n            migration_iteration_go_next(&pending);\n        }\n\n',
        '',
      ],
    ],
    at: 'go_next',
  },
  {
    name: 'the ack is not waited for',
    rule: 'ack-pending-at-switchover',
    edits: [
      [
        MIGRATION,
        '        complete_ready = can_switchover &&\n                         pending.total_bytes <= s->threshold_size;',
        '        complete_ready = pending.total_bytes <= s->threshold_size;',
      ],
      [MIGRATION, '            can_switchover && qatomic', '            qatomic'],
      [MIGRATION, '    bool can_switchover = migration_can_switchover(s);\n', ''],
    ],
    at: 'can_switchover',
  },
  {
    name: 'a late ack is ignored',
    rule: 'ack-pending-at-switchover',
    edits: [
      [
        MIGRATION,
        '    if (pending.switchover_ack_pending) {\n        error_setg(errp, "A switchover ACK was requested late");\n        return false;\n    }\n\n',
        '',
      ],
    ],
    at: 'switchover_ack_pending',
  },
  {
    name: 'a late ack is only told',
    rule: 'ack-pending-at-switchover',
    edits: [
      [
        MIGRATION,
        '        error_setg(errp, "A switchover ACK was requested late");\n        return false;\n',
        '        warn_report("A switchover ACK was requested late");\n',
      ],
    ],
    at: '',
  },
];

const others: readonly Faulty[] = [
  {
    name: 'the assertion goes',
    rule: 'assertion-removed',
    severity: 'warning',
    edits: [[SAVEVM, '    g_assert(bql_locked());\n\n', '']],
    at: 'g_assert',
  },
  {
    name: 'the assertion becomes a warning',
    rule: 'assertion-removed',
    severity: 'warning',
    edits: [
      [
        SAVEVM,
        '    g_assert(bql_locked());\n',
        '    if (!bql_locked()) {\n        warn_report_once("no BQL");\n    }\n',
      ],
    ],
    at: 'g_assert',
  },
  {
    name: 'another number of conversions',
    rule: 'trace-format-mismatch',
    edits: [[EVENTS, 'exact=%d, final=%d, ', 'exact=%d, ']],
    at: 'qemu_savevm_query_pending',
  },
  {
    name: 'another type',
    rule: 'trace-format-mismatch',
    edits: [[EVENTS, 'precopy=%"PRIu64", stop', 'precopy=%u, stop']],
    at: 'qemu_savevm_query_pending',
  },
  {
    name: 'labels in another order',
    rule: 'trace-format-mismatch',
    edits: [[EVENTS, 'stopcopy=%"PRIu64", postcopy=%"PRIu64"', 'postcopy=%"PRIu64", stopcopy=%"PRIu64"']],
    at: 'qemu_savevm_query_pending',
  },
  {
    name: 'a call with fewer arguments',
    rule: 'trace-format-mismatch',
    edits: [
      [
        SAVEVM,
        'trace_qemu_savevm_query_pending(exact, final, pending->precopy_bytes,',
        'trace_qemu_savevm_query_pending(exact, pending->precopy_bytes,',
      ],
    ],
    at: 'trace_qemu',
  },
  {
    name: 'a declaration without its call',
    rule: 'trace-format-mismatch',
    severity: 'warning',
    edits: [
      [EVENTS, 'uint64_t total) "exact', 'uint64_t total, uint32_t acks) "exact'],
      [EVENTS, 'total=%"PRIu64', 'total=%"PRIu64", acks=%u"'],
    ],
    at: 'acks',
  },
  {
    name: 'arguments in another order',
    rule: 'trace-format-mismatch',
    edits: [
      [
        SAVEVM,
        'pending->stopcopy_bytes,\n                                    pending->postcopy_bytes,\n',
        'pending->postcopy_bytes,\n                                    pending->stopcopy_bytes,\n',
      ],
      [EVENTS, 'savevm_state_setup(void) ""\n', 'savevm_state_setup(void) ""\nsavevm_state_setup_end(void) ""\n'],
      [EVENTS, 'total=%"PRIu64', 'total=%"PRIu64" bytes"'],
    ],
    at: '_bytes',
  },
  {
    name: 'implementers forgotten',
    rule: 'handler-forgotten',
    severity: 'warning',
    edits: [
      [REGISTER, 'bool exact, bool final);', 'bool exact, bool final,\n                               Error **errp);'],
      [CMMA, 'bool exact, bool final)', 'bool exact, bool final, Error **errp)'],
    ],
    at: 'save_query_pending',
  },
  {
    name: 'a handler with other parameters',
    rule: 'handler-forgotten',
    edits: [
      [REGISTER, 'bool exact, bool final);', 'bool exact, bool final,\n                               Error **errp);'],
      [CMMA, 'bool exact, bool final)', 'bool exact, bool final, int *ret)'],
      [
        RAM,
        '    RAMState *rs = *temp;\n    uint64_t remaining;\n',
        '    RAMState *rs = *temp;\n    uint64_t remaining = 0;\n',
      ],
    ],
    at: 'cmma_state_pending',
  },
];

const FINAL_COMMENT =
  '    /*\n     * The last look at the dirty state.  Precopy sends all that it finds,\n     * postcopy makes its discard bitmap from it.\n     */\n';
const DECISION =
  '        complete_ready = can_switchover &&\n                         pending.total_bytes <= s->threshold_size;';

const more: readonly Faulty[] = [
  {
    name: 'precopy skips it',
    rule: 'final-without-sync',
    edits: [
      [
        RAM,
        '    /* In the final query the',
        '    if (final && !qatomic_read(&migrate_get_current()->start_postcopy)) {\n        return;\n    }\n\n    /* In the final query the',
      ],
    ],
    at: 'start_postcopy',
  },
  {
    name: 'postcopy locks behind the switchover',
    rule: 'final-without-bql',
    edits: [
      [MIGRATION, '    trace_postcopy_start();\n    bql_lock();\n', '    trace_postcopy_start();\n'],
      [
        MIGRATION,
        '    qemu_savevm_state_complete_precopy_iterable(ms->to_dst_file, true);',
        '    bql_lock();\n    qemu_savevm_state_complete_precopy_iterable(ms->to_dst_file, true);',
      ],
    ],
    at: 'bql_lock',
  },
  {
    name: 'COLO queries before it stops',
    rule: 'final-before-stop',
    edits: [
      [COLO, '    /* A checkpoint is a switchover of its own */\n    qemu_savevm_query_pending_final(&pending);\n', ''],
      [
        COLO,
        '    vm_stop_force_state(RUN_STATE_COLO);\n',
        '    /* A checkpoint is a switchover of its own */\n    qemu_savevm_query_pending_final(&pending);\n    vm_stop_force_state(RUN_STATE_COLO);\n',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'precopy switches over before it stops',
    rule: 'final-before-stop',
    edits: [
      [
        MIGRATION,
        '    ret = migration_stop_vm(s, RUN_STATE_FINISH_MIGRATE);\n    if (ret < 0) {\n        goto out_unlock;\n    }\n\n    if (!migration_switchover_start(s, NULL)) {\n        ret = -EFAULT;\n        goto out_unlock;\n    }\n',
        '    if (!migration_switchover_start(s, NULL)) {\n        ret = -EFAULT;\n        goto out_unlock;\n    }\n\n    ret = migration_stop_vm(s, RUN_STATE_FINISH_MIGRATE);\n    if (ret < 0) {\n        goto out_unlock;\n    }\n',
      ],
    ],
    at: 'migration_s',
  },
  {
    name: 'in a loop',
    rule: 'final-repeated',
    edits: [
      [
        MIGRATION,
        '    qemu_savevm_query_pending_final(&pending);\n\n    if',
        '    for (int i = 0; i < 2; i++) {\n        qemu_savevm_query_pending_final(&pending);\n    }\n\n    if',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
  },
  {
    name: 'until nothing is left',
    rule: 'final-repeated',
    edits: [
      [
        MIGRATION,
        '    qemu_savevm_query_pending_final(&pending);\n\n    if',
        '    do {\n        qemu_savevm_query_pending_final(&pending);\n    } while (pending.precopy_bytes > s->threshold_size);\n\n    if',
      ],
    ],
    at: 'qemu_savevm_query_pending_final',
    severity: 'warning',
  },
  {
    name: 'the wrapper of the iteration forgets exact',
    rule: 'exact-without-sync',
    edits: [
      [
        SAVEVM,
        'qemu_savevm_query_pending(pending, exact, false);',
        'qemu_savevm_query_pending(pending, false, false);',
      ],
    ],
    at: 'false, false',
  },
  {
    name: 'every query is exact to the handlers',
    rule: 'estimate-with-sync',
    edits: [[SAVEVM, 'pending, exact, final);\n    }', 'pending, true, final);\n    }']],
    at: 'true, final',
  },
  {
    name: 'the decision on a copy of the estimate',
    rule: 'switchover-without-exact',
    edits: [
      [
        MIGRATION,
        '    if (in_postcopy) {\n        complete_ready = !pending.total_bytes;',
        '    uint64_t left = pending.total_bytes;\n\n    if (in_postcopy) {\n        complete_ready = !pending.total_bytes;',
      ],
      [MIGRATION, DECISION, DECISION.replace('pending.total_bytes', 'left')],
      [
        MIGRATION,
        '        if (pending.precopy_bytes <= s->threshold_size &&',
        '        if (left <= s->threshold_size &&',
      ],
    ],
    at: '',
  },
  {
    name: 'the exact query every now and then',
    rule: 'switchover-without-exact',
    severity: 'warning',
    edits: [
      [
        MIGRATION,
        '        if (pending.total_bytes <= s->threshold_size) {\n            mig',
        '        if (!(s->rounds % 4) && pending.total_bytes <= s->threshold_size) {\n            mig',
      ],
    ],
    at: 'rounds',
  },
  {
    name: 'one figure twice in the trace line',
    rule: 'trace-format-mismatch',
    edits: [
      [
        SAVEVM,
        '                                    pending->stopcopy_bytes,\n                                    pending->postcopy_bytes,\n                                    pending->total',
        '                                    pending->precopy_bytes,\n                                    pending->postcopy_bytes,\n                                    pending->total',
      ],
      [EVENTS, 'total=%"PRIu64', 'total=%"PRIu64" B"'],
    ],
    at: '',
  },
  {
    name: 'the final query behind the lock of another',
    rule: 'final-without-bql',
    edits: [
      [
        MIGRATION,
        `${FINAL_COMMENT}    qemu_savevm_query_pending_final(&pending);\n`,
        `${FINAL_COMMENT}    bql_unlock();\n    WITH_QEMU_LOCK_GUARD(&s->error_mutex) {\n        qemu_savevm_query_pending_final(&pending);\n    }\n    bql_lock();\n`,
      ],
    ],
    at: 'bql_unlock',
  },
  {
    name: 'RAM by a macro',
    rule: 'final-without-sync',
    edits: [
      [
        RAM,
        'static void ram_state_pending_sync(',
        '#define SKIP_SYNC(final) ((final) || migration_in_colo_state())\n\nstatic void ram_state_pending_sync(',
      ],
      [RAM, EARLY, `${EARLY}\n    if (SKIP_SYNC(final)) {\n        return;\n    }\n`],
    ],
    at: 'SKIP_SYNC',
  },
  {
    name: 'by a switch',
    rule: 'final-skips-module',
    severity: 'warning',
    edits: [
      [
        CMMA,
        '    if (res >= 0) {\n        pending->precopy_bytes += res;\n    }',
        '    switch (final) {\n    case true:\n        break;\n    default:\n        pending->precopy_bytes += MAX(res, 0);\n    }',
      ],
    ],
    at: '',
  },
];

export const FAULTY: readonly Faulty[] = [
  ...more,
  ...besideOther,
  ...withoutBql,
  ...takesBql,
  ...noFinal,
  ...repeated,
  ...beforeStop,
  ...notExact,
  ...finalNoSync,
  ...postcopyNoSync,
  ...otherSyncs,
  ...afterFinal,
  ...figures,
  ...modules,
  ...decisions,
  ...others,
  ...FAULTY_ORDERS,
  ...FAULTY_FLAGS,
  ...FAULTY_FIGURES,
];
