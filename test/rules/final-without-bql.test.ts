import { describe, expect, test } from 'vitest';
import { LOCKED_END, LOCKED_FINAL, LOCKED_STOP, releases, takes, UNLOCK, waits } from './locks.ts';
import {
  BACKGROUND_SNAPSHOT,
  COMPLETED,
  checkpoint,
  coloRun,
  cprRun,
  estimate,
  exact,
  final,
  iso,
  oldPrecopyRun,
  precopyRun,
  RAM_SECTION,
  SAVING,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  tid,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'final-without-bql';
const MUTEX_EVENTS = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'];
const merged = (finalPart: readonly string[], end: readonly string[] = LOCKED_END) => [
  ...LOCKED_STOP,
  ...finalPart,
  ...end,
];

describe('the probe event', () => {
  const probed = (locked: 0 | 1) =>
    precopyRun({
      final: [`qemu_savevm_query_pending_bql locked=${locked}`, ...sync(7720), final({ precopy: 4239360 })],
    });

  test('locked=0 at the final query is a violation', async () => {
    const report = await judge(probed(0));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query began without the BQL held',
        'src.log:23 qemu_savevm_query_pending_bql locked=0',
        'src.log:26 qemu_savevm_query_pending exact=1, final=1, total=4239360',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('locked=1 is a pass', async () => {
    expect(verdictOf(await judge(probed(1)), ID).verdict).toBe('pass');
  });

  test('locked=0 at an estimate or an exact query is right', async () => {
    const lines = precopyRun({
      rounds: [
        'qemu_savevm_query_pending_bql locked=0',
        estimate({}),
        'qemu_savevm_query_pending_bql locked=0',
        ...sync(7710),
        exact({ precopy: 4198400 }),
      ],
      final: ['qemu_savevm_query_pending_bql locked=1', ...sync(7720), final({ precopy: 4239360 })],
    });
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('the line of the query is missing in a switchover that was completed', async () => {
    const lines = (locked: 0 | 1, end: 0 | 1) => [
      `qemu_savevm_query_pending_bql locked=${locked}`,
      `ram_state_pending_sync exact=1, final=${end}, in_postcopy=0, sync=1`,
      ...sync(7720),
    ];
    const report = await judge(precopyRun({ final: lines(0, 1) }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query began without the BQL held and its line is missing',
        'src.log:23 qemu_savevm_query_pending_bql locked=0',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
    const right = await judge(precopyRun({ final: lines(1, 1) }));
    expect(verdictOf(right, ID)).toMatchObject({
      verdict: 'undecidable',
      reason: 'a final query was made, as the probe shows, but its line is missing',
    });
    expect(verdictOf(await judge(precopyRun({ final: lines(0, 0) })), ID).verdict).not.toBe('violated');
  });

  test('a query that began without the lock and never ended is a violation', async () => {
    const lines = precopyRun({ final: ['qemu_savevm_query_pending_bql locked=0'], saving: [], end: [] });
    expect(accusation(await judge(lines), ID)).toEqual(
      accused(
        'the final query began without the BQL held and never ended',
        'src.log:23 qemu_savevm_query_pending_bql locked=0',
      ),
    );
  });

  test('a query that began with the lock and never ended is none', async () => {
    const lines = precopyRun({ final: ['qemu_savevm_query_pending_bql locked=1'], saving: [], end: [] });
    expect(verdictOf(await judge(lines), ID).verdict).not.toBe('violated');
  });

  test('an estimate that the log cuts off is no final query', async () => {
    const lines = precopyRun({
      rounds: [estimate({ precopy: 8192 }), 'qemu_savevm_query_pending_bql locked=0'],
      decision: [],
      stop: [],
      final: [],
      saving: [],
      end: [],
    });
    expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
  });

  test('CPR stops the VM during setup: an estimate that the log cuts off is no final query either', async () => {
    const run = cprRun();
    const cut = run.slice(
      0,
      run.findIndex((line) => line.startsWith('migration_thread_low_pending')),
    );
    const lines = [...cut, 'qemu_savevm_query_pending_bql locked=0'];
    expect(verdictOf(await judge(lines), ID).verdict).not.toBe('violated');
  });

  test('an estimate of postcopy that the log cuts off is no final query', async () => {
    // Neither the query lines nor the states are on: only the probe shows the queries.
    const lines = [
      'qemu_savevm_query_pending_bql locked=0',
      ...STOP.slice(0, -1),
      'qemu_savevm_query_pending_bql locked=1',
      ...sync(0),
      'ram_postcopy_send_discard_bitmap ',
      'qemu_savevm_send_packaged ',
      'vmstate_downtime_checkpoint src-downtime-end',
      'qemu_savevm_query_pending_bql locked=0',
    ];
    expect(verdictOf(await judge(lines), ID).verdict).not.toBe('violated');
  });
});

describe('merged mutex events without thread ids', () => {
  test('the lock is followed through the hand-overs of the stop: a pass', async () => {
    const report = await judge(merged(LOCKED_FINAL));
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('other prefixes of the source files are the same files', async () => {
    const lines = merged(LOCKED_FINAL).map((line) => line.replace(/\((?=[a-z])([a-z/-]+\.c:)/, '(../src/$1'));
    expect(lines.filter((line) => line.includes('../src/system/cpus.c')).length).toBeGreaterThan(5);
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('released before the final query and asked for right after it', async () => {
    const lines = merged(
      [releases(UNLOCK), ...LOCKED_FINAL, waits('migration/migration.c:3006'), takes('migration/migration.c:3006')],
      LOCKED_END,
    );
    const report = await judge(lines);
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query ran without the BQL: the BQL was released and not taken again; the migration thread asks for it right after',
        'src.log:41 qemu_savevm_query_pending exact=1, final=1, total=393216',
        'src.log:38 qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c:587)',
        'src.log:42 qemu_mutex_lock waiting on mutex 0x56551ace07e0 (migration/migration.c:3006)',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('released before the final query and taken by another thread after it', async () => {
    const lines = merged([
      releases(UNLOCK),
      ...LOCKED_FINAL,
      waits('util/main-loop.c:313'),
      takes('util/main-loop.c:313'),
      releases(UNLOCK),
      waits('migration/migration.c:3006'),
      takes('migration/migration.c:3006'),
    ]);
    expect(accusation(await judge(lines), ID)).toEqual(
      accused(
        'the final query ran without the BQL: the BQL was released and not taken again',
        'src.log:41 qemu_savevm_query_pending exact=1, final=1, total=393216',
        'src.log:38 qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c:587)',
      ),
    );
  });

  test('released and taken again in time is a pass', async () => {
    const lines = merged([
      releases(UNLOCK),
      waits('migration/migration.c:2990'),
      takes('migration/migration.c:2990'),
      ...LOCKED_FINAL,
    ]);
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('a trap: the last event says taken, but by the main loop', async () => {
    const lines = merged([
      releases(UNLOCK),
      waits('util/main-loop.c:313'),
      takes('util/main-loop.c:313'),
      ...LOCKED_FINAL,
      releases(UNLOCK),
      waits('migration/migration.c:3006'),
      takes('migration/migration.c:3006'),
    ]);
    expect(accusation(await judge(lines), ID)).toEqual(
      accused(
        'the final query ran without the BQL: taken by another thread',
        'src.log:43 qemu_savevm_query_pending exact=1, final=1, total=393216',
        'src.log:40 qemu_mutex_locked taken mutex 0x56551ace07e0 (util/main-loop.c:313)',
      ),
    );
  });

  test('the main loop holds it and the migration thread asks for it right after', async () => {
    const lines = merged([
      releases(UNLOCK),
      waits('util/main-loop.c:313'),
      takes('util/main-loop.c:313'),
      ...LOCKED_FINAL,
      waits('migration/migration.c:3006'),
      releases(UNLOCK),
      takes('migration/migration.c:3006'),
    ]);
    expect(accusation(await judge(lines), ID).findings).toEqual([
      {
        message:
          'the final query ran without the BQL: taken by another thread; the migration thread asks for it right after',
        evidence: [
          'src.log:43 qemu_savevm_query_pending exact=1, final=1, total=393216',
          'src.log:40 qemu_mutex_locked taken mutex 0x56551ace07e0 (util/main-loop.c:313)',
          'src.log:44 qemu_mutex_lock waiting on mutex 0x56551ace07e0 (migration/migration.c:3006)',
        ],
      },
    ]);
  });

  test('the main loop that waits while the migration thread holds it changes nothing', async () => {
    const lines = merged([waits('util/main-loop.c:313'), ...LOCKED_FINAL]);
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('taken at a place that no thread is known for: undecidable', async () => {
    const lines = merged([
      releases(UNLOCK),
      waits('hw/virtio/virtio.c:77'),
      takes('hw/virtio/virtio.c:77'),
      ...LOCKED_FINAL,
    ]);
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful(
        'nothing shows who held the BQL at the final query: the mutex events do not show which thread took it',
        ...MUTEX_EVENTS,
      ),
    );
  });

  test('a vCPU asleep since before the log is not the migration thread', async () => {
    // Its `released` was never seen; that of the other vCPU is left out of the stop.
    const stop = LOCKED_STOP.filter((line) => !/kvm-all\.c|cpus\.c:474/.test(line));
    const lines = [
      ...stop,
      releases(UNLOCK),
      takes('system/cpus.c:474'),
      ...LOCKED_FINAL,
      releases('system/cpus.c:474'),
      waits('migration/migration.c:3006'),
      takes('migration/migration.c:3006'),
      ...LOCKED_END,
    ];
    expect(verdictOf(await judge(lines), ID).verdict).not.toBe('pass');
  });

  test('released, and the log says no more about the lock: undecidable', async () => {
    const lines = merged([releases(UNLOCK), ...LOCKED_FINAL], [...SAVING, ...RAM_SECTION, ...COMPLETED]);
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful(
        'nothing shows who held the BQL at the final query: the mutex events end before they show who holds the BQL',
        ...MUTEX_EVENTS,
      ),
    );
  });

  test('a lost line makes the events contradict each other: undecidable', async () => {
    // Released twice in a row: the line of a `taken` is missing in between.
    const lines = merged([releases(UNLOCK), ...LOCKED_FINAL, releases(UNLOCK)]);
    expect(doubt(await judge(lines), ID).verdict).toBe('undecidable');
  });

  test('only other mutexes: undecidable', async () => {
    const lines = precopyRun({
      final: [
        takes('include/qemu/lockable.h:56', '0x1'),
        ...sync(1),
        final({}),
        releases('include/qemu/lockable.h:56', '0x1'),
      ],
    });
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('nothing shows who held the BQL at the final query: no mutex event shows the BQL', ...MUTEX_EVENTS),
    );
  });

  test('two mutexes released by bql_unlock() are two processes: undecidable', async () => {
    const lines = merged([
      releases(UNLOCK),
      ...LOCKED_FINAL,
      releases(UNLOCK, '0x2222'),
      waits('migration/migration.c:3006'),
      takes('migration/migration.c:3006'),
    ]);
    const other = [releases(UNLOCK, '0x2222'), ...lines];
    expect(verdictOf(await judge(other), ID).verdict).toBe('undecidable');
  });

  test('without mutex events nothing is known', async () => {
    expect(doubt(await judge(precopyRun()), ID)).toEqual(
      doubtful('nothing shows who held the BQL at the final query: no mutex event shows the BQL', ...MUTEX_EVENTS),
    );
  });
});

describe('thread ids', () => {
  const MAIN = 100;
  const MIGRATION = 200;
  const own = (...afterStop: readonly string[]) => [
    ...SETUP.slice(2),
    estimate({ precopy: 8192 }),
    ...sync(4),
    exact({ precopy: 16384 }),
    'migration_thread_low_pending 16384',
    waits('migration/migration.c:2864'),
    takes('migration/migration.c:2864'),
    ...STOP,
    ...afterStop,
  ];
  const KEEPS = [
    ...sync(4),
    final({ precopy: 16384 }),
    ...SAVING,
    ...RAM_SECTION,
    releases(UNLOCK),
    state('completed'),
  ];
  const DROPS = [
    releases(UNLOCK),
    ...sync(4),
    final({ precopy: 16384 }),
    waits('migration/migration.c:3010'),
    takes('migration/migration.c:3010'),
    ...SAVING,
    ...RAM_SECTION,
    releases(UNLOCK),
    state('completed'),
  ];
  const MAIN_LOG = [
    ...SETUP.slice(0, 2),
    releases(UNLOCK),
    waits('util/main-loop.c:313'),
    takes('util/main-loop.c:313'),
    releases(UNLOCK),
  ];
  /** Two files whose times overlap: the main thread's begins earlier and ends later. */
  const set = (afterStop: readonly string[]) => {
    const whole = iso([...MAIN_LOG, ...own(...afterStop), 'migration_cleanup ']);
    return {
      'src.log.100': [...whole.slice(0, MAIN_LOG.length), ...whole.slice(-1)],
      'src.log.200': whole.slice(MAIN_LOG.length, -1),
    };
  };

  test("-d tid: the thread's own file shows that it had released the lock", async () => {
    const report = await judge(set(DROPS));
    expect(accusation(report, ID).findings).toEqual([
      {
        message:
          'the final query ran without the BQL: the thread of the query had released it; the migration thread asks for it right after',
        evidence: [
          'src.log.200:24 qemu_savevm_query_pending exact=1, final=1, total=16384',
          'src.log.200:21 qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c:587)',
          'src.log.200:25 qemu_mutex_lock waiting on mutex 0x56551ace07e0 (migration/migration.c:3010)',
        ],
      },
    ]);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test("-d tid: the thread's own file shows that it keeps the lock", async () => {
    expect(verdictOf(await judge(set(KEEPS)), ID).verdict).toBe('pass');
  });

  test('-d tid without time stamps: the files are not put together, and nobody is accused', async () => {
    const files = { 'src.log.100': [...MAIN_LOG, state('completed')], 'src.log.200': own(...KEEPS) };
    expect(violatedRules(await judge(files))).toEqual([]);
  });

  test('the prefix up to 10.0: the thread of the query decides, not who was last', async () => {
    const lines = (drop: boolean) =>
      tid([
        [MAIN, releases(UNLOCK)],
        ...own().map((line) => [MIGRATION, line] as const),
        ...(drop ? ([[MIGRATION, releases(UNLOCK)]] as const) : []),
        ...(drop
          ? ([
              [MAIN, waits('util/main-loop.c:313')],
              [MAIN, takes('util/main-loop.c:313')],
            ] as const)
          : []),
        ...sync(4).map((line) => [MIGRATION, line] as const),
        [MIGRATION, final({ precopy: 16384 }, 'thread')],
        ...(drop ? ([[MAIN, releases(UNLOCK)]] as const) : []),
        ...(drop ? ([[MIGRATION, waits('migration/migration.c:3006')]] as const) : []),
        ...(drop ? ([[MIGRATION, takes('migration/migration.c:3006')]] as const) : []),
        ...[...SAVING, ...RAM_SECTION, releases(UNLOCK), state('completed')].map((line) => [MIGRATION, line] as const),
      ]).map((line) => line.replace(/, collected switchover.*$/, ''));
    expect(accusation(await judge(lines(true)), ID).findings).toEqual([
      {
        message:
          'the final query ran without the BQL: the thread of the query had released it and another thread had taken it; the migration thread asks for it right after',
        evidence: [
          'src.log:27 qemu_savevm_query_pending exact=1, final=1, total=16384',
          'src.log:24 qemu_mutex_locked taken mutex 0x56551ace07e0 (util/main-loop.c:313)',
          'src.log:22 qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c:587)',
          'src.log:29 qemu_mutex_lock waiting on mutex 0x56551ace07e0 (migration/migration.c:3006)',
        ],
      },
    ]);
    expect(verdictOf(await judge(lines(false)), ID).verdict).toBe('pass');
  });

  test('a thread whose lock events are not shown: undecidable, whatever the others do', async () => {
    const lines = tid([
      [MAIN, takes('util/main-loop.c:313')],
      [MAIN, releases(UNLOCK)],
      [MAIN, waits('util/main-loop.c:313')],
      [MAIN, takes('util/main-loop.c:313')],
      ...[...SETUP.slice(2), estimate({}), ...STOP, ...sync(4), final({})].map((line) => [MIGRATION, line] as const),
      [MAIN, releases(UNLOCK)],
      ...[...SAVING, ...RAM_SECTION, state('completed')].map((line) => [MIGRATION, line] as const),
    ]);
    expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
  });
});

describe('the assertion', () => {
  const GLIB = 'ERROR:../src/migration/savevm.c:1794:qemu_savevm_query_pending_final: assertion failed: (bql_locked())';
  const LIBC =
    "qemu-system-x86_64: ../migration/savevm.c:1794: qemu_savevm_query_pending_final: Assertion `bql_locked()' failed.";
  const cut = precopyRun({ final: [], saving: [], end: [] });

  test.each([
    ['glib', GLIB],
    ['libc', LIBC],
  ])('%s, in the log', async (_form, text) => {
    const report = await judge([...cut, text]);
    expect(accusation(report, ID).findings).toEqual([
      {
        message: 'QEMU aborted in qemu_savevm_query_pending_final(): the BQL was not held',
        evidence: [`src.log:23 ${text.slice(0, 110)}`],
      },
    ]);
    expect(violatedRules(report)).toEqual([ID]);
    expect(report.migrations[0]?.outcome).toBe('aborted');
  });

  test('in what was kept of stderr, in its source part', async () => {
    const report = await judge({
      'src.log': cut,
      'stderr.txt': ['== src', '**', GLIB, '== dst', 'qemu-system-x86_64: load of migration failed: Invalid argument'],
    });
    expect(accusation(report, ID)).toEqual(
      accused(
        'QEMU aborted in qemu_savevm_query_pending_final(): the BQL was not held',
        `stderr.txt:3 ${GLIB.slice(0, 110)}`,
      ),
    );
    expect(report.migrations).toHaveLength(1);
  });

  test('in the destination part of stderr it says nothing about the source', async () => {
    const report = await judge({ 'src.log': cut, 'stderr.txt': ['== src', '== dst', '**', GLIB] });
    expect(violatedRules(report)).toEqual([]);
    expect(report.migrations[0]?.outcome).toBe('running');
  });

  test('the same text in the log and in stderr counts once', async () => {
    const report = await judge({ 'src.log': [...cut, GLIB], 'stderr.txt': ['== src', GLIB] });
    expect(accusation(report, ID).count).toBe(1);
    expect(report.migrations).toHaveLength(1);
  });

  test('stderr alone makes a migration that is nothing but aborted', async () => {
    const report = await judge({ 'stderr.txt': ['**', GLIB] });
    expect(violatedRules(report)).toEqual([ID]);
    expect(report.migrations.map(({ kind, outcome }) => ({ kind, outcome }))).toEqual([
      { kind: 'unknown', outcome: 'aborted' },
    ]);
  });

  test.each([
    'ERROR:../system/cpus.c:520:bql_lock_impl: assertion failed: (!bql_locked())',
    'ERROR:../hw/core/qdev.c:77:device_unplug: assertion failed: (bql_locked())',
    'ERROR:../migration/savevm.c:1794:qemu_savevm_query_pending_final: assertion failed: (s->se_count > 0)',
  ])('%s is not this rule', async (text) => {
    expect(verdictOf(await judge([...cut, text]), ID).verdict).not.toBe('violated');
  });

  test('the log ends in the final query, and stderr is not given: undecidable', async () => {
    expect(doubt(await judge(cut), ID)).toEqual(
      doubtful(
        'the log ends where the final query is made, and nothing shows why: if QEMU aborted, its stderr has the assertion',
        'stderr',
      ),
    );
  });

  test('after a completed migration it belongs to a process of its own', async () => {
    const report = await judge([...precopyRun(), GLIB]);
    expect(verdictOf(report, ID, 0).verdict).toBe('undecidable');
    expect(verdictOf(report, ID, 1).verdict).toBe('violated');
  });
});

describe('where there is no duty', () => {
  test.each([
    ['a QEMU before the final query', oldPrecopyRun(), 'QEMU 10.0 has no final query'],
    ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot makes no pending query'],
    [
      'a cancelled migration',
      precopyRun({ decision: [state('cancelling')], stop: [], final: [], saving: [], end: [state('cancelled')] }),
      'the migration never came to its switchover',
    ],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect({ verdict: verdict.verdict, reason: verdict.reason }).toEqual({ verdict: 'not-applicable', reason });
  });
});

test('COLO: every checkpoint is judged, and one without the lock is enough', async () => {
  const probe = (locked: 0 | 1) => [
    `qemu_savevm_query_pending_bql locked=${locked}`,
    ...sync(19),
    final({ precopy: 77824 }),
  ];
  const run = (third: 0 | 1) => {
    const lines = coloRun(checkpoint({ final: probe(1) }), checkpoint({ final: probe(third) }));
    return lines.flatMap((line, index) => (index === 22 ? ['qemu_savevm_query_pending_bql locked=1', line] : [line]));
  };
  expect(verdictOf(await judge(run(1)), ID).verdict).toBe('pass');
  const report = await judge(run(0));
  expect(accusation(report, ID)).toEqual(
    accused(
      'the final query began without the BQL held',
      'src.log:58 qemu_savevm_query_pending_bql locked=0',
      'src.log:61 qemu_savevm_query_pending exact=1, final=1, total=77824',
    ),
  );
  expect(violatedRules(report)).toEqual([ID]);
});

describe('the lock is let go around the sync of the final query', () => {
  const begun = 'qemu_savevm_query_pending_bql locked=1';
  const probed = (bql: 0 | 1) => {
    const [start = '', end = ''] = sync(7720);
    const stage = `migration_bitmap_sync_stage last_stage=1, bql=${bql}`;
    return precopyRun({ final: [begun, start, stage, end, final({ precopy: 4239360 })] });
  };

  test('the probe of the sync says so', async () => {
    const report = await judge(probed(0));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query synced the dirty bitmap without the BQL: migration_bitmap_sync_stage says bql=0',
        'src.log:24 migration_bitmap_sync_start',
        'src.log:25 migration_bitmap_sync_stage last_stage=1, bql=0',
        'src.log:27 qemu_savevm_query_pending exact=1, final=1, total=4239360',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the probe says that it is held', async () => {
    expect(verdictOf(await judge(probed(1)), ID).verdict).toBe('pass');
  });

  const around = (give: readonly string[], take: readonly string[]) => {
    const [syncs, query] = [LOCKED_FINAL.slice(0, -1), LOCKED_FINAL.slice(-1)];
    return merged([...give, ...syncs, ...take, ...query]);
  };
  const taken = [waits('migration/savevm.c:1800'), takes('migration/savevm.c:1800')];

  test('the mutex events show it, though it is held again at the line of the query', async () => {
    const report = await judge(around([releases(UNLOCK)], taken));
    expect(verdictOf(report, ID).findings.map(({ message }) => message)).toEqual([
      expect.stringContaining('the final query synced the dirty bitmap without the BQL'),
    ]);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('it is let go and taken again before the sync', async () => {
    expect(verdictOf(await judge(around([releases(UNLOCK), ...taken], [])), ID).verdict).toBe('pass');
  });

  test('a right run that lost one of its mutex lines accuses nobody', async () => {
    const lines = around([releases(UNLOCK), ...taken], []);
    for (const lost of [releases(UNLOCK), ...taken]) {
      const at = lines.indexOf(lost, LOCKED_STOP.length);
      const report = await judge(lines.filter((_, index) => index !== at));
      expect(violatedRules(report), lost).toEqual([]);
    }
  });
});
