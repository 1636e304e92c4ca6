/** What hangs together over several files or patches: a series that brings the final query, implementers, patches that mend. */
import { describe, expect, test } from 'vitest';
import { checkSeries } from '../../../src/review/check-series.ts';
import { readSeries } from '../../../src/review/read-series.ts';
import type { Remark } from '../../../src/review/series.ts';
import { asMail, diffFiles } from '../diff.ts';
import {
  BASE,
  BITMAP,
  CMMA,
  COLO,
  type Edit,
  EVENTS,
  edited,
  MIGRATION,
  RAM,
  REGISTER,
  SAVEVM,
  VFIO,
} from './patches.ts';

/** From the model back to a QEMU without the final query. */
const BEFORE: readonly Edit[] = [
  [REGISTER, '     * @final: the last query of a switchover, with the BQL held\n', ''],
  [REGISTER, 'bool exact, bool final);', 'bool exact);'],
  [CMMA, 'bool exact, bool final)', 'bool exact)'],
  [VFIO, 'bool exact, bool final)', 'bool exact)'],
  [VFIO, '    /* In the final query the cached size is good enough */\n    if (exact && !final) {', '    if (exact) {'],
  [VFIO, 'precopy_init_size, exact, final);', 'precopy_init_size, exact);'],
  [BITMAP, 'bool exact, bool final)', 'bool exact)'],
  [BITMAP, '    if (!final) {\n        bql_lock();\n    }\n', '    bql_lock();\n'],
  [BITMAP, '    if (!final) {\n        bql_unlock();\n    }\n', '    bql_unlock();\n'],
  [
    RAM,
    '    forget_last_sent(rs);\n',
    '    /* The last sync */\n    migration_bitmap_sync(rs, false);\n\n    forget_last_sent(rs);\n',
  ],
  [
    RAM,
    '        ret = rdma_registration_start',
    '        if (!migration_in_postcopy()) {\n            migration_bitmap_sync_precopy(true);\n        }\n\n        ret = rdma_registration_start',
  ],
  [
    RAM,
    'static void ram_state_pending_sync(bool exact, bool final)\n{\n',
    'static void ram_state_pending_sync(bool exact)\n{\n',
  ],
  [
    RAM,
    '    /* In the final query the caller holds the BQL */\n    if (!final) {\n        bql_lock();\n    }\n',
    '    bql_lock();\n',
  ],
  [RAM, 'migration_bitmap_sync_precopy(final)', 'migration_bitmap_sync_precopy(false)'],
  [RAM, '    if (!final) {\n        bql_unlock();\n    }\n', '    bql_unlock();\n'],
  [
    RAM,
    'bool exact, bool final)\n{\n    RAMState **temp = opaque;\n    RAMState *rs = *temp;\n    uint64_t remaining;',
    'bool exact)\n{\n    RAMState **temp = opaque;\n    RAMState *rs = *temp;\n    uint64_t remaining;',
  ],
  [RAM, 'ram_state_pending_sync(exact, final);', 'ram_state_pending_sync(exact);'],
  [
    SAVEVM,
    'static void qemu_savevm_query_pending(MigPendingData *pending, bool exact,\n                                      bool final)',
    'void qemu_savevm_query_pending(MigPendingData *pending, bool exact)',
  ],
  [SAVEVM, 'pending, exact, final);\n    }', 'pending, exact);\n    }'],
  [SAVEVM, 'trace_qemu_savevm_query_pending(exact, final, ', 'trace_qemu_savevm_query_pending(exact, '],
  [
    SAVEVM,
    '/* While the VM runs; the BQL is not held. */\nvoid qemu_savevm_query_pending_iter(MigPendingData *pending, bool exact)\n{\n    qemu_savevm_query_pending(pending, exact, false);\n}\n\n/* Once per switchover, with the VM stopped and the BQL held. */\nvoid qemu_savevm_query_pending_final(MigPendingData *pending)\n{\n    g_assert(bql_locked());\n\n    qemu_savevm_query_pending(pending, true, true);\n}\n\n',
    '',
  ],
  [
    MIGRATION,
    '    MigPendingData pending = {};\n\n    if (!migration_switchover_prepare',
    '    if (!migration_switchover_prepare',
  ],
  [
    MIGRATION,
    '    /*\n     * The last look at the dirty state.  Precopy sends all that it finds,\n     * postcopy makes its discard bitmap from it.\n     */\n    qemu_savevm_query_pending_final(&pending);\n\n    if (pending.switchover_ack_pending) {\n        error_setg(errp, "A switchover ACK was requested late");\n        return false;\n    }\n\n',
    '',
  ],
  [MIGRATION, 'qemu_savevm_query_pending_iter(pending, true)', 'qemu_savevm_query_pending(pending, true)'],
  [MIGRATION, 'qemu_savevm_query_pending_iter(&pending, false)', 'qemu_savevm_query_pending(&pending, false)'],
  [COLO, '    MigPendingData pending = {};\n', ''],
  [COLO, '    /* A checkpoint is a switchover of its own */\n    qemu_savevm_query_pending_final(&pending);\n', ''],
  [EVENTS, 'bool exact, bool final, ', 'bool exact, '],
  [EVENTS, 'exact=%d, final=%d, ', 'exact=%d, '],
];

const OLD = edited(BEFORE);

/** The patch that brings the final query, with changes of its own. */
async function bringing(...edits: readonly Edit[]): Promise<readonly string[]> {
  return said(checkSeries(await readSeries(asMail(diffFiles(OLD, edited(edits))))));
}

const said = (remarks: readonly Remark[]): readonly string[] =>
  remarks.map(({ severity, rule }) => `${severity} ${rule}`);
const CHANGED_TEXT = 'info trace-format-mismatch';

describe('a patch that brings the final query', () => {
  test('as it should be', async () => {
    expect(await bringing()).toEqual([CHANGED_TEXT]);
  });

  test('without one for COLO’s checkpoints', async () => {
    const found = await bringing([
      COLO,
      '    /* A checkpoint is a switchover of its own */\n    qemu_savevm_query_pending_final(&pending);\n',
      '',
    ]);
    expect(found).toContain('warning final-missing');
  });

  test('with the sync of the discard bitmap left where it was', async () => {
    const found = await bringing([
      RAM,
      '    forget_last_sent(rs);\n',
      '    /* The last sync */\n    migration_bitmap_sync(rs, false);\n\n    forget_last_sent(rs);\n',
    ]);
    expect(found).toEqual([
      'warning last-sync-not-marked',
      'info notifier-skipped',
      'info sync-after-final',
      CHANGED_TEXT,
    ]);
  });

  test('with a handler that still takes the BQL', async () => {
    const found = await bringing(
      [BITMAP, '    if (!final) {\n        bql_lock();\n    }\n', '    bql_lock();\n'],
      [BITMAP, '    if (!final) {\n        bql_unlock();\n    }\n', '    bql_unlock();\n'],
    );
    expect(found.some((one) => one.endsWith('handler-takes-bql'))).toBe(true);
  });

  test('with RAM as it was: it locks, and its last sync is not marked', async () => {
    const found = await bringing(
      [
        RAM,
        '    /* In the final query the caller holds the BQL */\n    if (!final) {\n        bql_lock();\n    }\n',
        '    /* Sync */\n    bql_lock();\n',
      ],
      [RAM, '    if (!final) {\n        bql_unlock();\n    }\n', '    bql_unlock();\n'],
      [RAM, 'migration_bitmap_sync_precopy(final)', '/* All of it */\n        migration_bitmap_sync_precopy(false)'],
    );
    expect(found).toContain('error handler-takes-bql');
    expect(found).toContain('error last-sync-not-marked');
  });

  test('without a comment', async () => {
    const found = await bringing([
      MIGRATION,
      '    /*\n     * The last look at the dirty state.  Precopy sends all that it finds,\n     * postcopy makes its discard bitmap from it.\n     */\n',
      '',
    ]);
    expect(found).toEqual(['info final-undocumented', CHANGED_TEXT]);
  });

  test('with a module that is forgotten', async () => {
    const found = await bringing([CMMA, 'bool exact, bool final)', 'bool exact)']);
    expect(found).toEqual(['warning handler-forgotten', CHANGED_TEXT]);
  });

  test('with a module that the source tree knows alone', async () => {
    const tree = {
      implementers: () => [
        ...[RAM, BITMAP, CMMA, VFIO].map((path) => ({ path, name: 'x' })),
        { path: 'hw/new.c', name: 'new_pending' },
      ],
    };
    const found = checkSeries(await readSeries(asMail(diffFiles(OLD, BASE))), tree);
    expect(found.filter(({ rule }) => rule === 'handler-forgotten')).toMatchObject([
      { severity: 'error', path: REGISTER },
    ]);
    expect(found.find(({ rule }) => rule === 'handler-forgotten')?.message).toContain('hw/new.c (new_pending)');
  });
});

describe('several patches', () => {
  test('what a later one mends is no error', async () => {
    const broken = edited([
      [RAM, '    WITH_RCU_READ_LOCK_GUARD() {\n        migration_bitmap_sync_precopy(final);\n    }\n\n', ''],
    ]);
    const one = asMail(diffFiles(BASE, broken), '[PATCH 1/2] migration: Take it out');
    const two = asMail(diffFiles(broken, BASE), '[PATCH 2/2] migration: Put it back');
    const alone = said(checkSeries(await readSeries(one)));
    expect(alone).toContain('error final-without-sync');
    expect(said(checkSeries(await readSeries(one + two))).filter((text) => text.startsWith('error'))).toEqual([]);
  });

  test('the other way round: taking the final query out again', async () => {
    const found = checkSeries(await readSeries(asMail(diffFiles(BASE, OLD))));
    expect(
      said(found.filter(({ severity }) => severity === 'error')).every((text) => /final|ack|bql|sync/.test(text)),
    ).toBe(true);
  });
});
