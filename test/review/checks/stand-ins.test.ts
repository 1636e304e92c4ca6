import { describe, expect, test } from 'vitest';
import { COLO, type Edit, MIGRATION, RAM, review, SAVEVM } from './patches.ts';

const FINAL = '    qemu_savevm_query_pending_final(&pending);\n\n    if';
const STORE = '    stat64_set(&mig_stats.dirty_bytes_total, pending->total_bytes);\n';
const LOCK = '    if (!final) {\n        bql_lock();\n    }\n';

/** What is deleted, and a function that the series does not show in its place. */
const REPLACED: readonly (readonly [rule: string, helper: string, deletion: Edit, inItsPlace: string])[] = [
  [
    'final-missing',
    'migration_collect_dirty',
    [MIGRATION, FINAL, '    if'],
    `    migration_collect_dirty(s, &pending);\n\n    if`,
  ],
  ['dirty-bytes-not-updated', 'migration_account', [SAVEVM, STORE, ''], '    migration_account(pending);\n'],
  [
    'exact-without-sync',
    'ram_refresh',
    [RAM, '    ram_state_pending_sync(exact, final);\n', ''],
    '    ram_refresh(exact, final);\n',
  ],
  ['assertion-removed', 'check_switchover', [SAVEVM, '    g_assert(bql_locked());\n', ''], '    check_switchover();\n'],
  ['exact-sync-without-bql', 'ram_lock', [RAM, LOCK, ''], '    ram_lock(final);\n'],
  [
    'final-missing',
    'colo_collect',
    [COLO, '    qemu_savevm_query_pending_final(&pending);\n', ''],
    '    colo_collect(&pending);\n',
  ],
];

describe('a function that no hunk shows may do what is deleted', () => {
  test.each(REPLACED)('%s: %s()', async (rule, helper, [path, from, deleted], inItsPlace) => {
    const of = async (edit: Edit) => (await review([edit])).remarks.filter((remark) => remark.rule === rule);
    const [sure] = await of([path, from, deleted]);
    expect(sure).toMatchObject({ confidence: expect.stringMatching(/certain|likely/) });
    const asked = await of([path, from, inItsPlace]);
    expect(asked.map(({ severity, confidence }) => `${severity} ${confidence}`)).toEqual(['warning possible']);
    expect(asked[0]?.message).toContain(`Or does ${helper}() do it, which no hunk shows?`);
  });

  test('not one whose effect is known, one that was called before, nor a comment', async () => {
    for (const put of [
      '    trace_migration_final();\n',
      '    migrate_colo();\n',
      '    /* migration_collect_dirty() */\n',
    ]) {
      const { remarks } = await review([[MIGRATION, FINAL, `${put}\n    if`]]);
      expect(remarks.find(({ rule }) => rule === 'final-missing')).toMatchObject({ severity: 'error' });
    }
  });

  test('not of a fault that the patch writes itself', async () => {
    const { remarks } = await review([
      [SAVEVM, STORE, `    migration_account(pending);\n    if (!final) {\n    ${STORE}    }\n`],
    ]);
    expect(remarks.find(({ rule }) => rule === 'dirty-bytes-not-updated')).toMatchObject({ severity: 'error' });
  });

  test('one that is shown is followed', async () => {
    const shown: Edit = [
      MIGRATION,
      'static bool migration_switchover_start(',
      'static void migration_collect_dirty(MigPendingData *pending)\n{\n    qemu_savevm_query_pending_final(pending);\n}\n\nstatic bool migration_switchover_start(',
    ];
    const { remarks } = await review([shown, [MIGRATION, FINAL, '    migration_collect_dirty(&pending);\n\n    if']]);
    expect(remarks.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
});
