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
  VFIO_EVENTS,
} from './patches.ts';

/** From the model back to a QEMU without the final query. */
const BEFORE: readonly Edit[] = [
  [REGISTER, '     * @final: the last query of a switchover, with the BQL held\n', ''],
  [REGISTER, 'bool exact, bool final);', 'bool exact);'],
  [CMMA, 'bool exact, bool final)', 'bool exact)'],
  [VFIO, 'bool exact, bool final)', 'bool exact)'],
  [VFIO, '    /* In the final query the cached size is good enough */\n    if (exact && !final) {', '    if (exact) {'],
  [VFIO, 'precopy_init_size, exact, final);', 'precopy_init_size, exact);'],
  [VFIO_EVENTS, ', bool final) ', ') '],
  [VFIO_EVENTS, ' final %d', ''],
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
/** Of VFIO's event, and of the query's. */
const CHANGED_TEXTS = [CHANGED_TEXT, CHANGED_TEXT];

describe('a patch that brings the final query', () => {
  test('as it should be', async () => {
    expect(await bringing()).toEqual(CHANGED_TEXTS);
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
      CHANGED_TEXT,
      'warning last-sync-not-marked',
      'info notifier-skipped',
      'info sync-after-final',
      CHANGED_TEXT,
    ]);
  });

  const CALL = '    qemu_savevm_query_pending_final(&pending);\n\n    if (pending';
  const ASK = '        se->ops->save_query_pending(se->opaque, pending, exact, final);\n';
  const under = (condition: string): Edit => [
    MIGRATION,
    CALL,
    `    if (${condition}) {\n        qemu_savevm_query_pending_final(&pending);\n    }\n\n    if (pending`,
  ];

  test.each<readonly [name: string, edits: readonly Edit[], remarks: readonly string[]]>([
    ['not on the way to postcopy', [under('!migrate_postcopy()')], ['error postcopy-switchover-without-sync']],
    ['only where something was left', [under('s->last_total')], ['warning final-missing']],
    [
      'only where the switchover fails',
      [
        [MIGRATION, CALL, '    if (pending'],
        [
          MIGRATION,
          '        error_setg(errp, "Switchover is',
          '        qemu_savevm_query_pending_final(&pending);\n        error_setg(errp, "Switchover is',
        ],
      ],
      ['warning final-missing'],
    ],
    ['without telling the modules', [[SAVEVM, ASK, ASK.replace('final', 'false')]], ['error handler-takes-bql']],
    [
      'that the modules are told is an estimate',
      [[SAVEVM, ASK, ASK.replace('exact', 'exact && !final')]],
      ['error final-not-exact'],
    ],
    [
      'without the BQL around the modules',
      [[SAVEVM, ASK, `        bql_unlock();\n${ASK}        bql_lock();\n`]],
      ['error final-without-bql'],
    ],
    [
      'with a helper of RAM that keeps the BQL',
      [[RAM, '\n    if (!final) {\n        bql_unlock();\n    }\n', '']],
      ['error handler-takes-bql'],
    ],
    [
      'with a part left out of the sum',
      [[SAVEVM, '                           pending->stopcopy_bytes +\n', '']],
      ['error total-not-sum', 'error dirty-bytes-not-updated'],
    ],
  ])('%s', async (_, edits, remarks) => {
    const found = await bringing(...edits);
    expect(found.filter((one) => !one.startsWith('info')).sort()).toEqual([...remarks].sort());
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
    expect(found).toEqual([CHANGED_TEXT, 'info final-undocumented', CHANGED_TEXT]);
  });

  test('with a module that is forgotten', async () => {
    const found = await bringing([CMMA, 'bool exact, bool final)', 'bool exact)']);
    expect(found).toEqual([CHANGED_TEXT, 'warning handler-forgotten', CHANGED_TEXT]);
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

/** The sync of ram_save_complete() stays. */
const STAYS: Edit = [
  RAM,
  '        ret = rdma_registration_start',
  '        if (!migration_in_postcopy()) {\n            migration_bitmap_sync_precopy(true);\n        }\n\n        /* As ever */\n        ret = rdma_registration_start',
];
const IN_SWITCHOVER: Edit = [
  MIGRATION,
  '    qemu_savevm_query_pending_final(&pending);\n\n',
  '    trace_migration_switchover_start();\n\n',
];
const ITERATION = 'qemu_savevm_query_pending(pending, exact, false)';

describe('a series that brings the final query and stops half way', () => {
  test('the sync at the end of RAM left where it was', async () => {
    expect(await bringing(STAYS)).toContain('warning sync-after-final');
  });

  test('the same with nothing of it in the patch', async () => {
    const [path, from, to] = STAYS;
    const remarks = checkSeries(
      await readSeries(asMail(diffFiles(OLD, edited([[path, from, to.replace('/* As ever */\n        ', '')]])))),
    );
    expect(remarks.filter(({ rule }) => rule === 'sync-after-final')).toMatchObject([
      { severity: 'warning', confidence: 'possible' },
    ]);
  });

  test('made in a checkpoint only', async () => {
    expect(await bringing(IN_SWITCHOVER)).toContain('error final-missing');
  });

  test('made nowhere', async () => {
    const found = await bringing(IN_SWITCHOVER, [COLO, '    qemu_savevm_query_pending_final(&pending);\n', '']);
    expect(found).toContain('error final-missing');
  });

  test('made in both completions in place of the switchover: no error', async () => {
    const found = await bringing(
      IN_SWITCHOVER,
      [
        MIGRATION,
        '    ret = qemu_savevm_state_complete_precopy(s);',
        '    qemu_savevm_query_pending_final(&s->pending);\n    ret = qemu_savevm_state_complete_precopy(s);',
      ],
      [
        MIGRATION,
        '    qemu_savevm_state_complete_precopy_iterable(ms',
        '    qemu_savevm_query_pending_final(&ms->pending);\n    qemu_savevm_state_complete_precopy_iterable(ms',
      ],
    );
    expect(found.filter((text) => text.startsWith('error'))).toEqual([]);
  });

  test('a part of the series alone: what comes later may call it', async () => {
    const diff = diffFiles(OLD, edited([IN_SWITCHOVER]));
    const first = said(checkSeries(await readSeries(asMail(diff, '[PATCH 1/2] migration: Bring it'))));
    expect(first).not.toContain('error final-missing');
    const last = said(checkSeries(await readSeries(asMail(diff, '[PATCH 2/2] migration: Bring it'))));
    expect(last).toContain('error final-missing');
  });

  test.each([
    ['exact as final', ITERATION.replace('false', 'exact'), 'error final-repeated'],
    ['final for everybody', ITERATION.replace('false', 'true'), 'error final-repeated'],
  ])('the wrapper of the iteration says %s', async (_, call, expected) => {
    expect(await bringing([SAVEVM, ITERATION, call])).toContain(expected);
  });

  test.each([
    ['exchanged', 'final, exact', 'error exact-without-sync'],
    ['never exact', 'false, final', 'error exact-without-sync'],
  ])('the modules are told %s', async (_, args, expected) => {
    expect(await bringing([SAVEVM, 'pending, exact, final);\n    }', `pending, ${args});\n    }`])).toContain(expected);
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
