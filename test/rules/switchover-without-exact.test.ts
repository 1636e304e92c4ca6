import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  COMPLETED,
  checkpoint,
  coloRun,
  cprRun,
  estimate,
  exact,
  FINISH_TO_RUNNING,
  final,
  iso,
  MIB256,
  old,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  postcopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'switchover-without-exact';
const LINE_LOST = doubtful('the line of the exact query before the decision is missing', 'qemu_savevm_query_pending');
const NO_SYNC = doubtful('the log shows no sync at all', 'migration_bitmap_sync_start', 'migration_bitmap_sync_end');
const NO_DECISION = doubtful(
  'the log does not show the decision for the switchover',
  'migration_thread_low_pending',
  'postcopy_start',
);
const NO_QUERY = doubtful('the log shows no query before the decision', 'qemu_savevm_query_pending');
const SYNC = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
const onEstimate = [estimate({ precopy: MIB256 }), estimate({ precopy: 4198400 })];
const decidedOn = (bytes: number) => `the switchover was decided on the estimate query (total ${bytes})`;

describe('violated', () => {
  test('precopy', async () => {
    const report = await judge(precopyRun({ rounds: onEstimate }));
    expect(accusation(report, ID)).toEqual(
      accused(
        decidedOn(4198400),
        'src.log:11 migration_thread_low_pending 4198400',
        'src.log:10 qemu_savevm_query_pending exact=0, final=0, total=4198400',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('postcopy', async () => {
    const report = await judge(postcopyRun({ rounds: [estimate({ postcopy: MIB256 })] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        decidedOn(MIB256),
        'src.log:11 postcopy_start',
        'src.log:10 qemu_savevm_query_pending exact=0, final=0, total=268967936',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('idle guest: total 0 before the first migrate_transferred', async () => {
    const report = await judge(precopyRun({ rounds: [estimate({})], decision: ['migration_thread_low_pending 0'] }));
    expect(accusation(report, ID).findings[0]?.message).toBe(decidedOn(0));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the estimate of the decision is lost: the exact one before it did not decide', async () => {
    const rounds = [estimate({}), ...sync(7710), exact({ precopy: MIB256 }), estimate({ precopy: 4198400 })];
    const lines = precopyRun({ rounds });
    expect(doubt(await judge(lines.toSpliced(12, 1)), ID)).toEqual(
      doubtful('the line of the query before the decision is missing', 'qemu_savevm_query_pending'),
    );
  });

  test('an exact query of an earlier round does not help', async () => {
    const rounds = [estimate({}), ...sync(7710), exact({ precopy: MIB256 }), estimate({ precopy: 4198400 })];
    const report = await judge(precopyRun({ rounds }));
    expect(accusation(report, ID).findings[0]?.evidence[1]).toBe(
      'src.log:13 qemu_savevm_query_pending exact=0, final=0, total=4198400',
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('pause-before-switchover', async () => {
    const stop = [...STOP.slice(0, -1), state('pre-switchover'), state('device')];
    expect(violatedRules(await judge(precopyRun({ rounds: onEstimate, stop })))).toEqual([ID]);
  });

  test('COLO: only the first switchover is decided', async () => {
    const lines = coloRun(checkpoint(), checkpoint());
    const bad = [...lines.slice(0, 11), ...lines.slice(14)].map((line, index) =>
      index === 10 ? estimate({ precopy: 4198400 }) : line,
    );
    const report = await judge(bad);
    expect(accusation(report, ID).count).toBe(1);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('it fails afterwards', async () => {
    const report = await judge(
      precopyRun({ rounds: onEstimate, saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] }),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the second attempt only', async () => {
    const failed = precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] });
    const report = await judge([...failed, ...precopyRun({ rounds: onEstimate })]);
    expect(verdictOf(report, ID, 0).verdict).toBe('pass');
    expect(accusation(report, ID, 1).count).toBe(1);
  });

  test('with time stamps', async () => {
    const report = await judge(iso(precopyRun({ rounds: onEstimate })));
    expect(violatedRules(report)).toEqual([ID]);
  });
});

describe('a pass', () => {
  const quiet = [estimate({}), ...sync(0), exact({})];

  test.each([
    ['precopy', precopyRun()],
    ['postcopy, whose end is decided on an estimate with 0', postcopyRun()],
    [
      'idle guest: total 0, before the first migrate_transferred',
      precopyRun({ rounds: quiet, decision: ['migration_thread_low_pending 0'] }),
    ],
    [
      'exact queries round after round',
      precopyRun({ rounds: [...quiet, ...quiet, estimate({}), ...sync(9), exact({ precopy: 4198400 })] }),
    ],
    [
      'the switchover waits for an ack',
      precopyRun({ rounds: [...quiet, ...quiet, ...quiet], decision: ['migration_thread_low_pending 0'] }),
    ],
    ['COLO', coloRun(checkpoint(), checkpoint(), checkpoint())],
    [
      'a sync of auto-converge between the exact query and the decision',
      precopyRun({ decision: ['cpu_throttle_dirty_sync ', ...sync(2), 'migration_thread_low_pending 4198400'] }),
    ],
    ['the sync events are off, the exact line is there', without(precopyRun(), ...SYNC)],
    ['log that starts at the exact line', precopyRun({ setup: [], rounds: [exact({ precopy: 4198400 })] })],
    ['pause-before-switchover', precopyRun({ stop: [...STOP.slice(0, -1), state('pre-switchover'), state('device')] })],
    [
      'postcopy, paused and recovered',
      postcopyRun({
        end: [
          state('postcopy-device'),
          estimate({ postcopy: 8192 }),
          state('postcopy-active'),
          state('postcopy-paused'),
          state('postcopy-recover-setup'),
          state('postcopy-recover'),
          state('postcopy-active'),
          estimate({ postcopy: 12288 }),
          estimate({}),
          'migration_thread_low_pending 0',
          'migration_completion_postcopy_end ',
          ...COMPLETED,
        ],
      }),
    ],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('two attempts', async () => {
    const failed = precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] });
    const report = await judge([...failed, ...precopyRun()]);
    expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'pass']);
  });
});

describe('CPR: the VM is stopped before the decision', () => {
  test('decided on an exact query: nobody is accused', async () => {
    expect(violatedRules(await judge(cprRun()))).toEqual([]);
  });

  test('the decision stands in the log: a pass', async () => {
    expect(verdictOf(await judge(cprRun()), ID).verdict).toBe('pass');
  });
});

describe('postcopy whose stop is not shown: the end on an estimate is no decision', () => {
  test.each([
    ['runstate_set', 'vm_state_notify', 'migration_completion_vm_stop', 'vmstate_downtime_checkpoint'],
    ['runstate_set', 'vm_state_notify', 'vmstate_downtime_checkpoint', 'migrate_set_state'],
    ['postcopy_start', 'migrate_set_state', 'vmstate_downtime_checkpoint', 'qemu_savevm_send_packaged'],
  ])('without %s, %s, %s and %s', async (...events) => {
    expect(violatedRules(await judge(without(postcopyRun(), ...events)))).not.toContain(ID);
  });

  test('two runs without states and postcopy_start: the end of the first decides nothing for the second', async () => {
    const events = ['postcopy_start', 'migrate_set_state', 'savevm_state_header', 'savevm_state_setup'];
    const lines = without([...postcopyRun(), ...postcopyRun()], ...events);
    expect(violatedRules(await judge(lines))).not.toContain(ID);
  });

  test('the log starts in postcopy', async () => {
    const lines = postcopyRun();
    const from = lines.indexOf(state('postcopy-device'));
    expect(violatedRules(await judge(lines.slice(from)))).toEqual([]);
  });
});

describe('undecidable', () => {
  const lostLine = (total: number) =>
    precopyRun({
      rounds: [estimate({ precopy: total }), ...sync(7710)],
      decision: ['migration_thread_low_pending 4198400'],
    });
  const cut = (lines: readonly string[]) =>
    lines.slice(lines.findIndex((line) => line.startsWith('migration_thread_low_pending')));

  test.each([
    ['the exact line is lost', lostLine(0), LINE_LOST],
    ['the exact line is lost, its total equals the estimate', lostLine(4198400), LINE_LOST],
    ['the exact line is lost, sync events off', without(lostLine(0), ...SYNC), NO_SYNC],
    ['the exact line is lost, equal totals, sync events off', without(lostLine(4198400), ...SYNC), NO_SYNC],
    [
      'the exact line and its sync are lost: another total',
      precopyRun({ rounds: [estimate({ precopy: 8192 })] }),
      LINE_LOST,
    ],
    [
      'postcopy: the exact line is lost',
      postcopyRun({ rounds: [estimate({ postcopy: MIB256 }), ...sync(3)] }),
      LINE_LOST,
    ],
    ['an estimate alone, sync events off', without(precopyRun({ rounds: onEstimate }), ...SYNC), NO_SYNC],
    [
      'only half of the sync is left',
      precopyRun({ rounds: [estimate({ precopy: 4198400 }), 'migration_bitmap_sync_end dirty_pages 3'] }),
      LINE_LOST,
    ],
    ['the decision is off', without(precopyRun(), 'migration_thread_low_pending'), NO_DECISION],
    [
      'the decision is off, on an estimate',
      without(precopyRun({ rounds: onEstimate }), 'migration_thread_low_pending'),
      NO_DECISION,
    ],
    ['postcopy_start is off', without(postcopyRun(), 'postcopy_start', 'migration_thread_low_pending'), NO_DECISION],
    ['postcopy_start alone is off', without(postcopyRun(), 'postcopy_start'), NO_DECISION],
    ['the log starts at the decision', cut(precopyRun()), NO_QUERY],
    ['the log starts at the stop', precopyRun({ setup: [], rounds: [], decision: [] }), NO_DECISION],
  ])('%s', async (_name, lines, expected) => {
    const report = await judge(lines);
    expect(doubt(report, ID)).toEqual(expected);
    expect(violatedRules(report)).not.toContain(ID);
  });

  test.each([
    [
      'before the decision',
      [...onEstimate, 'qemu_savevm_query_pending exact=1, fin'],
      ['migration_thread_low_pending 4198400'],
    ],
    [
      'behind the decision',
      onEstimate,
      ['migration_thread_low_pending 4198400', 'qemu_savevm_query_pending exact=1, fin'],
    ],
  ])('a hole %s', async (_name, rounds, decision) => {
    const report = await judge(precopyRun({ rounds, decision }));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(verdictOf(report, ID).enable).toContain('qemu_savevm_query_pending');
    expect(violatedRules(report)).not.toContain(ID);
  });

  test('a hole long before, healed by later queries, excuses nothing', async () => {
    const rounds = ['qemu_savevm_query_pending exact=0, fin', estimate({}), ...onEstimate];
    expect(verdictOf(await judge(precopyRun({ rounds })), ID).verdict).toBe('violated');
  });

  test('the query lines are off: never a pass', async () => {
    const report = await judge(without(precopyRun(), 'qemu_savevm_query_pending'));
    expect(verdictOf(report, ID).verdict).not.toBe('pass');
    expect(violatedRules(report)).not.toContain(ID);
  });

  test('the query lines are off, 11.1 is given', async () => {
    const report = await judge(without(precopyRun(), 'qemu_savevm_query_pending'), { band: '11.1' });
    expect(doubt(report, ID)).toEqual(NO_QUERY);
  });

  test('the sync of setup is in a log before, the line of the exact query is lost with its sync: doubt by the total', async () => {
    const rounds = [estimate({ precopy: MIB256 }), estimate({ precopy: 4096 })];
    expect(doubt(await judge(precopyRun({ setup: SETUP, rounds })), ID)).toEqual(LINE_LOST);
  });
});

describe('not applicable', () => {
  const oldOnEstimate = oldPrecopyRun().flatMap((line) => {
    if (line.startsWith('migrate_pending_exact')) return [];
    return line.startsWith('migrate_pending_estimate') ? [old.estimate(4198400)] : [line];
  });

  test.each([
    ['10.0', oldPrecopyRun(), 'QEMU 10.0 may decide on an estimate'],
    ['10.0 on an estimate', oldOnEstimate, 'QEMU 10.0 may decide on an estimate'],
    ['10.0, postcopy', oldPostcopyRun(), 'QEMU 10.0 may decide on an estimate'],
    ['7.2', oldestPostcopyRun(), 'QEMU 7.2 may decide on an estimate'],
    ['thread', precopyRun({}, 'thread'), 'QEMU thread may decide on an estimate'],
    [
      'thread on an estimate',
      precopyRun({ rounds: [estimate({}, 'thread')], decision: ['migration_thread_low_pending 0'] }, 'thread'),
      'QEMU thread may decide on an estimate',
    ],
    ['a snapshot', SNAPSHOT, 'no decision to judge'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'no decision to judge'],
    [
      'cancelled in precopy',
      precopyRun({ decision: [state('cancelling')], stop: [], final: [], saving: [], end: [state('cancelled')] }),
      'no decision to judge',
    ],
    [
      'a thread that was told apart by its final query',
      [final({}, 'thread'), ...STOP],
      'QEMU thread may decide on an estimate',
    ],
  ])('%s', async (_name, lines, reason) => {
    const { verdict, reason: said } = verdictOf(await judge(lines), ID);
    expect({ verdict, said }).toEqual({ verdict: 'not-applicable', said: reason });
  });
});
