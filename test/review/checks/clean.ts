/** Patches that keep the protocol, one step away from those that do not. */
import { CLEAN_FIGURES } from './clean-figures.ts';
import { CLEAN_FLAGS } from './clean-flags.ts';
import { CLEAN_ORDERS } from './clean-orders.ts';
import {
  BITMAP,
  CMMA,
  COLO,
  type Edit,
  EVENTS,
  MIGRATION,
  RAM,
  REGISTER,
  SAVEVM,
  VFIO,
  VFIO_EVENTS,
} from './patches.ts';

export interface Clean {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Rules that may be asked about, never as an error. */
  readonly questions?: readonly string[];
}

const LOCK = '    if (!final) {\n        bql_lock();\n    }\n';
const UNLOCK = '    if (!final) {\n        bql_unlock();\n    }\n';
const SYNC = '    WITH_RCU_READ_LOCK_GUARD() {\n        migration_bitmap_sync_precopy(final);\n    }\n';
const EARLY = '    if (!exact || migration_in_postcopy()) {\n        return;\n    }\n';
const NOTE = '    /* In the final query the caller holds the BQL */\n';
const STORE = '    stat64_set(&mig_stats.dirty_bytes_total, pending->total_bytes);\n';
const SUM = `    pending->total_bytes = pending->precopy_bytes +
                           pending->stopcopy_bytes +
                           pending->postcopy_bytes;
`;
const COMMENT =
  '    /*\n     * The last look at the dirty state.  Precopy sends all that it finds,\n     * postcopy makes its discard bitmap from it.\n     */\n';
const CALL = '    qemu_savevm_query_pending_final(&pending);\n\n';
const HANDLER =
  'static void ram_state_pending(void *opaque, MigPendingData *pending,\n                              bool exact, bool final)';

const words: readonly Clean[] = [
  {
    name: 'a comment',
    edits: [
      [
        SAVEVM,
        '/* While the VM runs; the BQL is not held. */',
        '/* While the VM runs: not final, and without the BQL. */',
      ],
    ],
  },
  {
    name: 'a comment that speaks of bql_unlock()',
    edits: [
      [
        MIGRATION,
        '     * The last look',
        '     * Never bql_unlock() around this: if (final) return would lose pages.\n     * The last look',
      ],
    ],
  },
  {
    name: 'a parameter renamed',
    edits: [
      [RAM, HANDLER, HANDLER.replace('bool final', 'bool last')],
      [RAM, 'ram_state_pending_sync(exact, final);\n\n    rem', 'ram_state_pending_sync(exact, last);\n\n    rem'],
    ],
  },
  {
    name: 'the helper’s parameter renamed',
    edits: [
      [RAM, 'ram_state_pending_sync(bool exact, bool final)', 'ram_state_pending_sync(bool exact, bool in_switchover)'],
      [RAM, LOCK, LOCK.replace('final', 'in_switchover')],
      [RAM, SYNC, SYNC.replace('final', 'in_switchover')],
      [RAM, UNLOCK, UNLOCK.replace('final', 'in_switchover')],
    ],
  },
  {
    name: 'a variable renamed in the core',
    edits: [
      [SAVEVM, '    SaveStateEntry *se;\n\n    memset', '    SaveStateEntry *entry;\n\n    memset'],
      [SAVEVM, 'QTAILQ_FOREACH(se,', 'QTAILQ_FOREACH(entry,'],
      [SAVEVM, '(!se->ops || !se->ops->save', '(!entry->ops || !entry->ops->save'],
      [SAVEVM, 'state_active(se)', 'state_active(entry)'],
      [SAVEVM, 'se->ops->save_query_pending(se->opaque', 'entry->ops->save_query_pending(entry->opaque'],
    ],
  },
  { name: 'braces and blanks', edits: [[RAM, EARLY, '    if (migration_in_postcopy() || !exact)\n        return;\n']] },
  { name: 'a message', edits: [[MIGRATION, '"Switchover is interrupted"', '"The switchover is interrupted"']] },
  {
    name: 'an include',
    edits: [
      [SAVEVM, '#include "migration/savevm.h"', '#include "migration/savevm.h"\n#include "migration/register.h"'],
    ],
  },
];

const locks: readonly Clean[] = [
  {
    name: 'the lock by a variable',
    edits: [
      [RAM, EARLY, `    bool take = !final;\n\n${EARLY}`],
      [RAM, LOCK, LOCK.replace('!final', 'take')],
      [RAM, UNLOCK, UNLOCK.replace('!final', 'take')],
    ],
  },
  {
    name: 'the lock if it is not held',
    edits: [
      [BITMAP, '    uint64_t pending = 0;\n', '    uint64_t pending = 0;\n    bool held = bql_locked();\n'],
      [BITMAP, LOCK, LOCK.replace('!final', '!held')],
      [BITMAP, UNLOCK, UNLOCK.replace('!final', '!held')],
    ],
  },
  {
    name: 'two branches',
    edits: [
      [
        RAM,
        `${NOTE}${LOCK}\n${SYNC}\n${UNLOCK}`,
        '    if (final) {\n        migration_bitmap_sync_precopy(true);\n    } else {\n        bql_lock();\n        migration_bitmap_sync_precopy(false);\n        bql_unlock();\n    }\n',
      ],
    ],
  },
  {
    name: 'two branches, the other way',
    edits: [
      [
        RAM,
        `${NOTE}${LOCK}\n${SYNC}\n${UNLOCK}`,
        '    if (!final) {\n        BQL_LOCK_GUARD();\n        migration_bitmap_sync_precopy(false);\n        return;\n    }\n\n    migration_bitmap_sync_precopy(true);\n',
      ],
    ],
  },
  {
    name: 'a helper for the locked sync',
    edits: [
      [
        RAM,
        'static void ram_state_pending_sync(',
        'static void sync_locked(void)\n{\n    BQL_LOCK_GUARD();\n\n    migration_bitmap_sync_precopy(false);\n}\n\nstatic void ram_state_pending_sync(',
      ],
      [
        RAM,
        `${NOTE}${LOCK}\n${SYNC}\n${UNLOCK}`,
        '    if (final) {\n        migration_bitmap_sync_precopy(true);\n        return;\n    }\n    sync_locked();\n',
      ],
    ],
  },
  {
    name: 'helpers for lock and unlock',
    edits: [
      [
        BITMAP,
        'static void dirty_bitmap_state_pending',
        'static void query_lock(bool final)\n{\n    if (!final) {\n        bql_lock();\n    }\n}\n\nstatic void query_unlock(bool final)\n{\n    if (!final) {\n        bql_unlock();\n    }\n}\n\nstatic void dirty_bitmap_state_pending',
      ],
      [BITMAP, `${LOCK}\n    QSIM`, '    query_lock(final);\n\n    QSIM'],
      [BITMAP, `${UNLOCK}\n    trace`, '    query_unlock(final);\n\n    trace'],
    ],
  },
  {
    name: 'a macro for the condition',
    edits: [
      [
        BITMAP,
        'static void dirty_bitmap_state_pending',
        '#define NEEDS_LOCK(final) (!(final))\n\nstatic void dirty_bitmap_state_pending',
      ],
      [BITMAP, LOCK, LOCK.replace('!final', 'NEEDS_LOCK(final)')],
      [BITMAP, UNLOCK, UNLOCK.replace('!final', 'NEEDS_LOCK(final)')],
    ],
  },
  {
    name: 'the core takes the lock for all handlers',
    edits: [
      [SAVEVM, '    QTAILQ_FOREACH(se', `${LOCK}\n    QTAILQ_FOREACH(se`],
      [SAVEVM, `    }\n\n${SUM}`, `    }\n\n${UNLOCK}\n${SUM}`],
      [BITMAP, `${LOCK}\n`, ''],
      [BITMAP, `${UNLOCK}\n`, ''],
      [RAM, `${NOTE}${LOCK}\n`, ''],
      [RAM, `\n${UNLOCK}`, ''],
    ],
  },
  {
    name: 'another mutex',
    edits: [
      [
        RAM,
        SYNC,
        `    qemu_mutex_lock(&ram_state->bitmap_mutex);\n${SYNC}    qemu_mutex_unlock(&ram_state->bitmap_mutex);\n`,
      ],
    ],
  },
  {
    name: 'an unlock with a lock behind it, in the pause',
    edits: [
      [
        MIGRATION,
        '    qemu_sem_wait(&s->pause_sem);',
        '    while (qemu_sem_timedwait(&s->pause_sem, 1) == 0) {\n        continue;\n    }',
      ],
    ],
  },
  {
    name: 'the completion locks by a guard',
    edits: [
      [
        MIGRATION,
        '    int ret;\n\n    bql_lock();\n\n    ret = migration_stop_vm(s,',
        '    int ret;\n\n    BQL_LOCK_GUARD();\n\n    ret = migration_stop_vm(s,',
      ],
      [
        MIGRATION,
        '        goto out_unlock;\n    }\n\n    if (!migration_switchover_start(s',
        '        return ret;\n    }\n\n    if (!migration_switchover_start(s',
      ],
      [MIGRATION, '        ret = -EFAULT;\n        goto out_unlock;', '        return -EFAULT;'],
      [
        MIGRATION,
        '    ret = qemu_savevm_state_complete_precopy(s);\n\nout_unlock:\n    bql_unlock();\n    return ret;',
        '    return qemu_savevm_state_complete_precopy(s);',
      ],
    ],
  },
  {
    name: 'the lock moves to the caller, with its unlock',
    edits: [
      [
        MIGRATION,
        '    int ret;\n\n    bql_lock();\n\n    ret = migration_stop_vm(s,',
        '    int ret;\n\n    ret = migration_stop_vm(s,',
      ],
      [
        MIGRATION,
        'out_unlock:\n    bql_unlock();\n    return ret;\n}\n\nstatic int postcopy_start',
        'out_unlock:\n    return ret;\n}\n\nstatic int completion_locked(MigrationState *s)\n{\n    int ret;\n\n    bql_lock();\n    ret = migration_completion_precopy(s);\n    bql_unlock();\n    return ret;\n}\n\nstatic int postcopy_start',
      ],
    ],
  },
  {
    name: 'an assertion more',
    edits: [
      [MIGRATION, `${COMMENT}${CALL}`, `    assert(bql_locked());\n\n${COMMENT}${CALL}`],
      [BITMAP, LOCK, `    assert(final == bql_locked());\n\n${LOCK}`],
    ],
  },
  {
    name: 'the assertion moves to the caller',
    edits: [
      [SAVEVM, '    g_assert(bql_locked());\n\n', ''],
      [MIGRATION, CALL, `    assert(bql_locked());\n${CALL}`],
    ],
  },
  {
    name: 'the assertion moves to the core',
    edits: [
      [SAVEVM, '    g_assert(bql_locked());\n\n', ''],
      [
        SAVEVM,
        '    SaveStateEntry *se;\n\n    memset',
        '    SaveStateEntry *se;\n\n    g_assert(!final || bql_locked());\n\n    memset',
      ],
    ],
  },
];

const queries: readonly Clean[] = [
  {
    name: 'the query in a helper',
    edits: [
      [
        MIGRATION,
        'static bool migration_switchover_start(',
        `static void switchover_query(MigPendingData *data)\n{\n${COMMENT}    qemu_savevm_query_pending_final(data);\n}\n\nstatic bool migration_switchover_start(`,
      ],
      [MIGRATION, `${COMMENT}${CALL}    if (pending`, '    switchover_query(&pending);\n\n    if (pending'],
    ],
  },
  {
    name: 'a new error path before it',
    edits: [
      [
        MIGRATION,
        `${COMMENT}${CALL}`,
        `    if (s->broken) {\n        error_setg(errp, "Broken");\n        return false;\n    }\n\n${COMMENT}${CALL}`,
      ],
    ],
  },
  {
    name: 'a new error path before it, by goto',
    edits: [
      [
        MIGRATION,
        '    if (!migration_switchover_start(ms, errp)) {',
        '    if (migrate_has_error(ms)) {\n        goto fail;\n    }\n\n    if (!migration_switchover_start(ms, errp)) {',
      ],
    ],
  },
  {
    name: 'the pointer of the caller',
    edits: [
      [MIGRATION, `${COMMENT}${CALL}`, `${COMMENT}    qemu_savevm_query_pending_final(&s->pending);\n\n`],
      [
        MIGRATION,
        '    MigPendingData pending = {};\n\n    if (!migration_switchover_prepare',
        '    if (!migration_switchover_prepare',
      ],
      [MIGRATION, 'if (pending.switchover_ack_pending)', 'if (s->pending.switchover_ack_pending)'],
    ],
  },
  {
    name: 'both switchovers make it themselves',
    edits: [
      [
        MIGRATION,
        `${COMMENT}${CALL}    if (pending.switchover_ack_pending) {\n        error_setg(errp, "A switchover ACK was requested late");\n        return false;\n    }\n\n`,
        '',
      ],
      [
        MIGRATION,
        '    ret = qemu_savevm_state_complete_precopy(s);\n\nout',
        `    /* The last look */\n    qemu_savevm_query_pending_final(&s->pending);\n    if (s->pending.switchover_ack_pending) {\n        ret = -EBUSY;\n        goto out_unlock;\n    }\n\n    ret = qemu_savevm_state_complete_precopy(s);\n\nout`,
      ],
      [
        MIGRATION,
        '    qemu_savevm_state_complete_precopy_iterable(ms->to_dst_file, true);',
        '    /* The last look */\n    qemu_savevm_query_pending_final(&ms->pending);\n    if (ms->pending.switchover_ack_pending) {\n        goto fail;\n    }\n\n    qemu_savevm_state_complete_precopy_iterable(ms->to_dst_file, true);',
      ],
    ],
    questions: ['final-before-stop'],
  },
  {
    name: 'an exact query where there was one by name',
    edits: [
      [
        MIGRATION,
        '            migration_iteration_go_next(&pending);',
        '            qemu_savevm_query_pending_iter(&pending, true);\n            migration_count_pass();',
      ],
    ],
  },
  {
    name: 'the threshold compared the other way',
    edits: [
      [
        MIGRATION,
        '        if (pending.total_bytes <= s->threshold_size) {\n            mig',
        '        if (s->threshold_size >= pending.total_bytes) {\n            mig',
      ],
    ],
  },
  {
    name: 'the decision in a helper',
    edits: [
      [
        MIGRATION,
        'static MigIterateState migration_iteration_run',
        'static bool migration_is_small(MigrationState *s, MigPendingData *data,\n                               bool can_switchover)\n{\n    return can_switchover && data->total_bytes <= s->threshold_size;\n}\n\nstatic MigIterateState migration_iteration_run',
      ],
      [
        MIGRATION,
        '        complete_ready = can_switchover &&\n                         pending.total_bytes <= s->threshold_size;',
        '        complete_ready = migration_is_small(s, &pending, can_switchover);',
      ],
    ],
  },
  {
    name: 'COLO queries before its devices',
    edits: [
      [
        COLO,
        '    ret = colo_save_devices(s);\n    /* A checkpoint is a switchover of its own */\n    qemu_savevm_query_pending_final(&pending);\n',
        '    /* A checkpoint is a switchover of its own */\n    qemu_savevm_query_pending_final(&pending);\n    ret = colo_save_devices(s);\n',
      ],
    ],
  },
  {
    name: 'named constants for the flags',
    edits: [
      [
        SAVEVM,
        '    g_assert(bql_locked());\n\n    qemu_savevm_query_pending(pending, true, true);',
        '    const bool exact = true;\n    const bool final = true;\n\n    g_assert(bql_locked());\n\n    qemu_savevm_query_pending(pending, exact, final);',
      ],
    ],
  },
  {
    name: 'an estimate after a failed switchover',
    edits: [
      [
        MIGRATION,
        'fail:\n    bql_unlock();\n    return -1;',
        'fail:\n    bql_unlock();\n    qemu_savevm_query_pending_iter(&ms->pending, false);\n    return -1;',
      ],
    ],
    questions: ['query-after-final'],
  },
];

const figures: readonly Clean[] = [
  {
    name: 'the sum step by step',
    edits: [
      [
        SAVEVM,
        SUM,
        '    pending->total_bytes = pending->precopy_bytes;\n    pending->total_bytes += pending->stopcopy_bytes;\n    pending->total_bytes += pending->postcopy_bytes;\n',
      ],
    ],
  },
  {
    name: 'the sum in another order',
    edits: [
      [
        SAVEVM,
        SUM,
        '    pending->total_bytes = pending->postcopy_bytes + pending->precopy_bytes +\n                           pending->stopcopy_bytes;\n',
      ],
    ],
  },
  {
    name: 'the sum in a helper',
    edits: [
      [
        SAVEVM,
        '/* Ask every active',
        'static uint64_t pending_sum(const MigPendingData *data)\n{\n    return data->precopy_bytes + data->stopcopy_bytes + data->postcopy_bytes;\n}\n\n/* Ask every active',
      ],
      [SAVEVM, SUM, '    pending->total_bytes = pending_sum(pending);\n'],
    ],
  },
  {
    name: 'the sum in a helper that is not shown',
    edits: [[SAVEVM, SUM, '    pending->total_bytes = mig_pending_total(pending);\n']],
  },
  {
    name: 'the sum in a variable',
    edits: [
      [
        SAVEVM,
        `${SUM}\n${STORE}`,
        '    uint64_t total = pending->precopy_bytes + pending->stopcopy_bytes +\n                     pending->postcopy_bytes;\n\n    pending->total_bytes = total;\n    stat64_set(&mig_stats.dirty_bytes_total, total);\n',
      ],
    ],
  },
  {
    name: 'the store behind the trace line',
    edits: [
      [
        SAVEVM,
        `${STORE}\n    trace_qemu_savevm_query_pending(exact, final, pending->precopy_bytes,
                                    pending->stopcopy_bytes,
                                    pending->postcopy_bytes,
                                    pending->total_bytes);\n`,
        `    trace_qemu_savevm_query_pending(exact, final, pending->precopy_bytes,
                                    pending->stopcopy_bytes,
                                    pending->postcopy_bytes,
                                    pending->total_bytes);\n\n${STORE}`,
      ],
    ],
  },
  {
    name: 'the store by another primitive',
    edits: [[SAVEVM, STORE, '    qatomic_set(&mig_stats.dirty_bytes_total, pending->total_bytes);\n']],
  },
  {
    name: 'the store in a helper',
    edits: [
      [
        SAVEVM,
        '/* Ask every active',
        'static void remember_total(uint64_t bytes)\n{\n    stat64_set(&mig_stats.dirty_bytes_total, bytes);\n}\n\n/* Ask every active',
      ],
      [SAVEVM, STORE, '    remember_total(pending->total_bytes);\n'],
    ],
  },
  {
    name: 'both wrappers store',
    edits: [
      [SAVEVM, `${STORE}\n`, ''],
      [
        SAVEVM,
        '    qemu_savevm_query_pending(pending, exact, false);\n',
        `    qemu_savevm_query_pending(pending, exact, false);\n${STORE}`,
      ],
      [
        SAVEVM,
        '    qemu_savevm_query_pending(pending, true, true);\n',
        `    qemu_savevm_query_pending(pending, true, true);\n${STORE}`,
      ],
    ],
  },
];

const modules: readonly Clean[] = [
  {
    name: 'VFIO leaves the final query out, and says why',
    edits: [
      [
        VFIO,
        '    /* In the final query the cached size is good enough */\n    if (exact && !final) {',
        '    /* The state is read in full while the VM is stopped, whatever is said */\n    if (final) {\n        return;\n    }\n\n    if (exact) {',
      ],
    ],
  },
  {
    name: 'VFIO leaves it out without a word',
    edits: [
      [
        VFIO,
        '    /* In the final query the cached size is good enough */\n    if (exact && !final) {',
        '    if (final) {\n        return;\n    }\n\n    if (exact) {',
      ],
    ],
    questions: ['final-skips-module'],
  },
  {
    name: 'CMMA by an early return',
    edits: [
      [
        CMMA,
        '    if (res >= 0) {\n        pending->precopy_bytes += res;\n    }',
        '    if (res < 0) {\n        return;\n    }\n\n    pending->precopy_bytes += res;',
      ],
    ],
  },
  {
    name: 'a module that looks closer in exact queries',
    edits: [
      [
        CMMA,
        '    long long res = sac->get_dirtycount(sas);\n',
        '    long long res;\n\n    if (exact) {\n        sac->refresh(sas);\n    }\n    res = sac->get_dirtycount(sas);\n',
      ],
    ],
  },
  {
    name: 'RAM reports through a helper',
    edits: [
      [
        RAM,
        HANDLER,
        `static void ram_report(RAMState *rs, MigPendingData *out)\n{\n    uint64_t bytes = rs->dirty_pages * TARGET_PAGE_SIZE;\n\n    if (migrate_postcopy_ram()) {\n        out->postcopy_bytes += bytes;\n    } else {\n        out->precopy_bytes += bytes;\n    }\n}\n\n${HANDLER}`,
      ],
      [RAM, '    uint64_t remaining;\n\n', '\n'],
      [
        RAM,
        '    remaining = rs->dirty_pages * TARGET_PAGE_SIZE;\n\n    if (migrate_postcopy_ram()) {\n        pending->postcopy_bytes += remaining;\n    } else {\n        pending->precopy_bytes += remaining;\n    }\n',
        '    ram_report(rs, pending);\n',
      ],
    ],
  },
  {
    name: 'a handler more',
    edits: [
      [
        BITMAP,
        'static SaveVMHandlers',
        'static void other_state_pending(void *opaque, MigPendingData *pending,\n                                bool exact, bool final)\n{\n    OtherState *s = opaque;\n\n    pending->precopy_bytes += s->bytes;\n}\n\nstatic SaveVMHandlers other_handlers = {\n    .save_query_pending = other_state_pending,\n};\n\nstatic SaveVMHandlers',
      ],
    ],
  },
  {
    name: 'the callback gets an error, all of them follow',
    edits: [
      [REGISTER, 'bool exact, bool final);', 'bool exact, bool final,\n                               Error **errp);'],
      [CMMA, 'bool exact, bool final)', 'bool exact, bool final, Error **errp)'],
      [VFIO, 'bool exact, bool final)', 'bool exact, bool final, Error **errp)'],
      [BITMAP, 'bool exact, bool final)', 'bool exact, bool final, Error **errp)'],
      [RAM, HANDLER, HANDLER.replace('bool final)', 'bool final, Error **errp)')],
      [
        SAVEVM,
        'pending, exact, final);\n    }',
        'pending, exact, final,\n                                    NULL);\n    }',
      ],
    ],
  },
];

const others: readonly Clean[] = [
  {
    name: 'the early return nested',
    edits: [
      [
        RAM,
        EARLY,
        '    if (!exact) {\n        return;\n    }\n    if (migration_in_postcopy()) {\n        return;\n    }\n',
      ],
    ],
  },
  {
    name: 'the early return as a condition around it all',
    edits: [
      [
        RAM,
        `${EARLY}\n${NOTE}${LOCK}\n${SYNC}\n${UNLOCK}`,
        '    if (exact && !migration_in_postcopy()) {\n        if (!final) {\n            bql_lock();\n        }\n\n        migration_bitmap_sync_precopy(final);\n\n        if (!final) {\n            bql_unlock();\n        }\n    }\n',
      ],
    ],
  },
  {
    name: 'a harmless return in the final query of postcopy',
    edits: [[RAM, EARLY, `${EARLY}\n    if (final && migration_in_postcopy()) {\n        return;\n    }\n`]],
  },
  {
    name: 'the helper dissolved',
    edits: [
      [
        RAM,
        'static void ram_state_pending_sync(bool exact, bool final)\n{\n',
        'static void ram_sync_for_query(bool exact, bool final)\n{\n',
      ],
      [RAM, '    ram_state_pending_sync(exact, final);', '    ram_sync_for_query(exact, final);'],
    ],
  },
  {
    name: 'last_stage by a choice',
    edits: [[RAM, 'migration_bitmap_sync_precopy(final)', 'migration_bitmap_sync_precopy(final ? true : false)']],
  },
  {
    name: 'another event',
    edits: [
      [
        EVENTS,
        'savevm_state_setup(void) ""\n',
        'savevm_state_setup(void) ""\nsavevm_state_one(const char *id, uint32_t n, size_t len, bool on, void *p, int64_t left, unsigned long k) "%s n=%u len=%zu on=%d p=%p left=%" PRId64 " k=%lu"\n',
      ],
    ],
  },
  {
    name: 'an event with its call',
    edits: [
      [EVENTS, 'migration_bitmap_sync_start(void) ""', 'migration_bitmap_sync_start(bool last_stage) "last_stage=%d"'],
      [RAM, 'trace_migration_bitmap_sync_start();', 'trace_migration_bitmap_sync_start(last_stage);'],
    ],
    questions: ['trace-format-mismatch'],
  },
  {
    name: 'a warning where the assertion was not',
    edits: [
      [
        SAVEVM,
        '    if (ret) {\n        return ret;\n    }\n\n    ret = qemu_savevm_state_non',
        '    if (ret) {\n        warn_report("not complete");\n        return ret;\n    }\n\n    ret = qemu_savevm_state_non',
      ],
    ],
  },
  {
    name: 'an unrelated lock elsewhere',
    edits: [
      [
        COLO,
        '    int ret;\n',
        '    int ret;\n\n    if (!s->fb) {\n        bql_lock();\n        colo_reset(s);\n        bql_unlock();\n        return -EINVAL;\n    }\n',
      ],
    ],
  },
];

const enums: readonly Clean[] = [
  {
    name: 'an enumeration in place of the two flags',
    questions: ['trace-format-mismatch'],
    edits: [
      [
        REGISTER,
        '    void (*save_query_pending)(void *opaque, MigPendingData *pending,\n                               bool exact, bool final);',
        '    void (*save_query_pending)(void *opaque, MigPendingData *pending,\n                               MigQuery query);',
      ],
      [
        RAM,
        HANDLER,
        'static void ram_state_pending(void *opaque, MigPendingData *pending,\n                              MigQuery query)',
      ],
      [
        RAM,
        '    ram_state_pending_sync(exact, final);',
        '    ram_state_pending_sync(query != MIG_QUERY_ESTIMATE,\n                           query == MIG_QUERY_FINAL);',
      ],
      [
        BITMAP,
        '                                       bool exact, bool final)',
        '                                       MigQuery query)',
      ],
      [BITMAP, LOCK, LOCK.replace('!final', 'query != MIG_QUERY_FINAL')],
      [BITMAP, UNLOCK, UNLOCK.replace('!final', 'query != MIG_QUERY_FINAL')],
      [VFIO, 'bool exact, bool final)', 'MigQuery query)'],
      [VFIO, 'if (exact && !final)', 'if (query == MIG_QUERY_EXACT)'],
      [VFIO, 'migration->precopy_init_size, exact, final);', 'migration->precopy_init_size, query);'],
      [VFIO_EVENTS, 'bool exact, bool final) ', 'int query) '],
      [VFIO_EVENTS, 'exact %d final %d', 'query %d'],
      [CMMA, 'bool exact, bool final)', 'MigQuery query)'],
      [
        SAVEVM,
        'static void qemu_savevm_query_pending(MigPendingData *pending, bool exact,\n                                      bool final)',
        'static void qemu_savevm_query_pending(MigPendingData *pending,\n                                      MigQuery query)',
      ],
      [
        SAVEVM,
        'se->ops->save_query_pending(se->opaque, pending, exact, final);',
        'se->ops->save_query_pending(se->opaque, pending, query);',
      ],
      [
        SAVEVM,
        'trace_qemu_savevm_query_pending(exact, final, pending',
        'trace_qemu_savevm_query_pending(query != MIG_QUERY_ESTIMATE,\n                                    query == MIG_QUERY_FINAL, pending',
      ],
      [
        SAVEVM,
        'qemu_savevm_query_pending(pending, exact, false);',
        'qemu_savevm_query_pending(pending, exact ? MIG_QUERY_EXACT\n                                             : MIG_QUERY_ESTIMATE);',
      ],
      [
        SAVEVM,
        'qemu_savevm_query_pending(pending, true, true);',
        'qemu_savevm_query_pending(pending, MIG_QUERY_FINAL);',
      ],
    ],
  },
];

/** Code that has nothing to do with the migration, and words in common with it. */
const OTHER = 'hw/net/other.c';
const unrelated: readonly Clean[] = [
  {
    name: 'a lock in a function with a flag of that name',
    edits: [[OTHER, '    other_hash(s, final);', '    bql_lock();\n    other_hash(s, final);\n    bql_unlock();']],
  },
  { name: 'an ack of another protocol', edits: [[OTHER, '    if (s->tcp_ack) {\n        return;\n    }\n', '']] },
  { name: 'an assertion elsewhere', edits: [[OTHER, '    assert(bql_locked());\n', '']] },
  {
    name: 'an early return elsewhere',
    edits: [
      [OTHER, '    other_hash(s, final);', '    if (final) {\n        return;\n    }\n    other_hash(s, final);'],
    ],
  },
];

const ASK = '        se->ops->save_query_pending(se->opaque, pending, exact, final);\n';
const addedUp: readonly Clean[] = [
  {
    name: 'each module answers by itself, and its parts are added up',
    edits: [
      [
        SAVEVM,
        ASK,
        [
          '        MigPendingData one = {};\n',
          ASK.replace('pending, exact', '&one, exact'),
          ...['precopy', 'stopcopy', 'postcopy'].map(
            (part) => `        pending->${part}_bytes += one.${part}_bytes;\n`,
          ),
        ]
          .join('\n')
          .replace(/\n\n+/g, '\n'),
      ],
    ],
  },
];

export const CLEAN: readonly Clean[] = [
  ...addedUp,
  ...unrelated,
  ...enums,
  ...words,
  ...locks,
  ...queries,
  ...figures,
  ...modules,
  ...others,
  ...CLEAN_ORDERS,
  ...CLEAN_FLAGS,
  ...CLEAN_FIGURES,
];
