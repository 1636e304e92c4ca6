import { describe, expect, test } from 'vitest';
import {
  cprRun,
  estimate,
  exact,
  MIB256,
  old,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  postcopyRun,
  precopyRun,
  RUNNING_TO_FINISH,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'exact-without-sync';
const SYNC_EVENTS = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];

describe('violated', () => {
  test('11.1', async () => {
    const report = await judge(precopyRun({ rounds: [estimate({}), exact({ precopy: 4198400 })] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the exact query (total 4198400) was made without a sync',
        'src.log:10 qemu_savevm_query_pending exact=1, final=0, total=4198400',
        'src.log:9 qemu_savevm_query_pending exact=0, final=0, total=0',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('10.0', async () => {
    const lines = oldPrecopyRun().toSpliced(9, 2);
    expect(accusation(await judge(lines), ID)).toEqual(
      accused(
        'the exact query (total 4198400) was made without a sync',
        'src.log:10 migrate_pending_exact exact pending size 4198400 (pre = 4198400 post=0)',
        'src.log:9 migrate_pending_estimate estimate pending size 268967936 (pre = 268967936 post=0)',
      ),
    );
  });

  test('three of them are three findings', async () => {
    const round = [estimate({}), exact({ precopy: 8192 })];
    const report = await judge(precopyRun({ rounds: [...round, ...round, ...round] }));
    expect(verdictOf(report, ID).findingCount).toBe(3);
  });

  test('more than twenty are counted, twenty are shown', async () => {
    const rounds = Array.from({ length: 25 }, () => [estimate({}), exact({ precopy: 8192 })]).flat();
    const { findingCount, findings } = verdictOf(await judge(precopyRun({ rounds })), ID);
    expect([findingCount, findings.length]).toEqual([25, 20]);
  });

  test('a sync of the estimate before is not its own', async () => {
    const report = await judge(precopyRun({ rounds: [...sync(1), estimate({}), exact({ precopy: 8192 })] }));
    expect(verdictOf(report, ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['11.1', precopyRun()],
    ['10.0', oldPrecopyRun()],
    ['postcopy', postcopyRun()],
    ['half a sync', precopyRun({ rounds: [estimate({}), 'migration_bitmap_sync_end dirty_pages 1', exact({})] })],
    [
      'a query that ends after the cancel',
      precopyRun({
        rounds: [estimate({}), state('cancelling'), ...sync(1), exact({})],
        decision: [],
        stop: [],
        final: [],
        saving: [],
        end: [state('cancelled')],
      }),
    ],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });
});

describe('exact queries of 8.0 to 10.0 in postcopy come without a sync', () => {
  const run = oldPostcopyRun();

  test('that is right', async () => {
    const report = await judge(run);
    expect(verdictOf(report, ID).verdict).toBe('not-applicable');
    expect(violatedRules(report)).toEqual([]);
  });

  test.each([
    [['migrate_set_state']],
    [['qemu_savevm_send_packaged']],
    [['migrate_set_state', 'qemu_savevm_send_packaged']],
    [['migrate_set_state', 'qemu_savevm_send_packaged', 'vmstate_downtime_checkpoint']],
    [['migrate_set_state', 'qemu_savevm_send_packaged', 'ram_postcopy_send_discard_bitmap']],
    [['migrate_set_state', 'qemu_savevm_send_packaged', 'postcopy_start', 'postcopy_start_set_run']],
  ])('also without %s', async (events) => {
    expect(violatedRules(await judge(without(run, ...events)))).toEqual([]);
  });

  test('also in a log that starts after the switchover', async () => {
    for (let first = 13; first < 34; first += 1) {
      expect(violatedRules(await judge(run.slice(first))), `from line ${first + 1} on`).toEqual([]);
    }
  });
});

describe('up to 9.2 the state comes before the stop', () => {
  const run = [
    ...SETUP,
    old.estimate(0, MIB256),
    state('postcopy-active'),
    RUNNING_TO_FINISH,
    ...sync(95),
    old.estimate(0, 24633344),
    old.exact(0, 24633344),
    state('completed'),
  ];

  test('with the line of the stop lost the state is enough', async () => {
    expect(violatedRules(await judge(run.toSpliced(10, 1)))).toEqual([]);
  });

  test('a log that begins behind it does not tell', async () => {
    expect(doubt(await judge(run.slice(10)), ID)).toEqual(
      doubtful(
        'the log does not show whether postcopy had started before the exact query',
        'migrate_set_state',
        'qemu_savevm_send_packaged',
      ),
    );
    expect(verdictOf(await judge(run.toSpliced(9, 4)), ID).verdict).toBe('violated');
  });
});

describe('undecidable', () => {
  test('no sync is shown', async () => {
    expect(doubt(await judge(without(precopyRun(), ...SYNC_EVENTS)), ID)).toEqual(
      doubtful('the log shows no sync before the exact query', ...SYNC_EVENTS),
    );
  });

  test('the log begins between the sync and the exact query', async () => {
    const report = await judge(precopyRun().slice(13));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });

  test('the sync events were switched on later', async () => {
    const late = [
      ...without(SETUP, ...SYNC_EVENTS),
      estimate({}),
      exact({ precopy: 8192 }),
      estimate({}),
      ...sync(1),
      exact({}),
    ];
    const report = await judge(late);
    expect(doubt(report, ID).verdict).toBe('undecidable');
  });

  test('a hole between the estimate and the exact query', async () => {
    const report = await judge(precopyRun({ rounds: [estimate({}), 'migration_bitmap_sync_end dirty_pa', exact({})] }));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });

  test('no query line', async () => {
    expect(doubt(await judge(without(precopyRun(), 'qemu_savevm_query_pending')), ID)).toEqual(
      doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'),
    );
  });
});

describe('not applicable', () => {
  test.each([
    ['7.2', oldestPostcopyRun(), 'QEMU 7.2 has no exact query'],
    ['estimates only', precopyRun({ rounds: [estimate({})] }), 'no exact query was made'],
    ['a snapshot', SNAPSHOT, 'no exact query was made'],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect({ verdict: verdict.verdict, reason: verdict.reason }).toEqual({ verdict: 'not-applicable', reason });
  });
});

test('CPR: a query of the loop made while the VM is stopped is accused of nothing', async () => {
  expect(violatedRules(await judge(cprRun()))).toEqual([]);
});

test('two processes in one log: nothing that is absent proves anything', async () => {
  const report = await judge([
    ...precopyRun().slice(0, 11),
    ...SETUP.slice(1),
    estimate({ precopy: 8192 }),
    exact({ precopy: 8192 }),
    ...STOP,
  ]);
  expect(violatedRules(report)).toEqual([]);
});
