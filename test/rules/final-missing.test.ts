import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  estimate,
  exact,
  FINISH_TO_RUNNING,
  final,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  only,
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

const ID = 'final-missing';

describe('precopy', () => {
  test('a completed switchover without a final query', async () => {
    const report = await judge(precopyRun({ final: [] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the precopy switchover was completed without a final query',
        'src.log:17 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
        'src.log:32 vmstate_downtime_checkpoint src-downtime-end',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the same of the patch as posted', async () => {
    expect(violatedRules(await judge(precopyRun({ final: [] }, 'thread')))).toEqual([ID]);
  });

  test('the query of the switchover has final=0: the sync before it is its own', async () => {
    const unmarked = await judge(precopyRun({ final: [...sync(7720), exact({ precopy: 4239360 })] }));
    expect(verdictOf(unmarked, ID).verdict).toBe('violated');
    const lost = await judge(precopyRun({ final: sync(7720) }));
    expect(verdictOf(lost, ID).verdict).toBe('undecidable');
    const both = await judge(precopyRun({ final: [...sync(7720), exact({ precopy: 4239360 }), ...sync(7721)] }));
    expect(verdictOf(both, ID).verdict).toBe('undecidable');
  });

  test('with its final query it is a pass', async () => {
    const report = await judge(precopyRun());
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('pause-before-switchover: the VM stands still for long before the final query', async () => {
    const paused = (finalPart: readonly string[]) =>
      precopyRun({ stop: [...STOP.slice(0, -1), state('pre-switchover'), state('device')], final: finalPart });
    expect(verdictOf(await judge(paused([...sync(1), final({})])), ID).verdict).toBe('pass');
    expect(violatedRules(await judge(paused([])))).toEqual([ID]);
  });

  test('a paused guest has no vm_state_notify', async () => {
    const stop = [
      'vmstate_downtime_checkpoint src-downtime-start',
      'runstate_set current_run_state 4 (paused) new_state 7 (finish-migrate)',
      'vm_stop_flush_all ret 0',
      'vmstate_downtime_checkpoint src-vm-stopped',
      state('device'),
    ];
    expect(verdictOf(await judge(precopyRun({ stop })), ID).verdict).toBe('pass');
    expect(violatedRules(await judge(precopyRun({ stop, final: [] })))).toEqual([ID]);
  });

  test('CPR: the VM is stopped during setup', async () => {
    const report = await judge(cprRun());
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('a sync in its place means that its line was lost', async () => {
    expect(doubt(await judge(precopyRun({ final: sync(7720) })), ID)).toEqual(
      doubtful('a sync stands where the final query belongs, but its line is missing', 'qemu_savevm_query_pending'),
    );
  });

  test('a sync in its place, where nothing shows the mode, means no less', async () => {
    const lines = only(
      precopyRun({ final: sync(7720) }),
      'qemu_savevm_query_pending',
      'migration_bitmap_sync_start',
      'migration_bitmap_sync_end',
      'runstate_set',
      'vmstate_downtime_checkpoint',
    );
    expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
  });

  test('a final query before the stop is another rule', async () => {
    const lines = precopyRun({ decision: ['migration_thread_low_pending 4198400', ...sync(1), final({})], final: [] });
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

describe('switchovers that were not carried through', () => {
  test('failed after the final query, the VM runs again', async () => {
    const lines = precopyRun({
      saving: ['migrate_error error=Unable to write to socket: Broken pipe', state('failing')],
      end: [
        'migration_thread_after_loop ',
        FINISH_TO_RUNNING,
        'vm_state_notify running 1 reason 9 (running)',
        state('failed'),
      ],
    });
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(report.migrations[0]?.outcome).toBe('failed');
    expect(violatedRules(report)).toEqual([]);
  });

  test('failed before the final query', async () => {
    const lines = precopyRun({
      final: [],
      saving: [state('failing')],
      end: [FINISH_TO_RUNNING, state('failed')],
    });
    expect(verdictOf(await judge(lines), ID).reason).toBe('the switchover was not carried through');
  });

  test('cancelled in pre-switchover', async () => {
    const lines = precopyRun({
      stop: [...STOP.slice(0, -1), state('pre-switchover')],
      final: [],
      saving: [state('cancelling'), 'migrate_error error=Switchover is interrupted'],
      end: [FINISH_TO_RUNNING, 'vm_state_notify running 1 reason 9 (running)', state('cancelled')],
    });
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('not-applicable');
    expect(report.migrations[0]?.outcome).toBe('cancelled');
    expect(violatedRules(report)).toEqual([]);
  });

  test('the log ends inside the switchover', async () => {
    expect(doubt(await judge(precopyRun({ final: [], saving: [], end: [] })), ID)).toEqual(
      doubtful('the log ends inside the switchover', 'migrate_set_state', 'vmstate_downtime_checkpoint'),
    );
  });

  test('the log ends in an iteration', async () => {
    const lines = precopyRun({ decision: [], stop: [], final: [], saving: [], end: [] });
    expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
  });
});

describe('postcopy', () => {
  test('without a final query there is no sync before the discards either', async () => {
    const report = await judge(postcopyRun({ final: [] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the postcopy switchover was completed without a final query',
        'src.log:17 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
        'src.log:28 qemu_savevm_send_packaged',
      ),
    );
    expect(violatedRules(report)).toEqual([ID, 'postcopy-switchover-without-sync']);
  });

  test('one at the switchover, none at completion: a pass', async () => {
    const report = await judge(postcopyRun());
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('the patch as posted syncs a second time before the discards', async () => {
    const report = await judge(postcopyRun({ discard: [...sync(3), 'ram_postcopy_send_discard_bitmap '] }, 'thread'));
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual(['sync-after-final']);
  });

  test('that second sync does not hide a missing final query', async () => {
    const report = await judge(
      postcopyRun({ final: [], discard: [...sync(3), 'ram_postcopy_send_discard_bitmap '] }, 'thread'),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('recovered after a pause: nothing new is due', async () => {
    const end = [
      state('postcopy-device'),
      estimate({ postcopy: 234483712 }),
      state('postcopy-active'),
      state('postcopy-paused'),
      state('postcopy-recover-setup'),
      state('postcopy-recover'),
      state('postcopy-active'),
      estimate({ postcopy: 239075328 }),
      estimate({}),
      state('completed'),
    ];
    const report = await judge(postcopyRun({ end }));
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });
});

describe('COLO', () => {
  test('each checkpoint makes one', async () => {
    const report = await judge(coloRun(checkpoint(), checkpoint()));
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('a checkpoint without one', async () => {
    const report = await judge(coloRun(checkpoint(), checkpoint({ final: [] })));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the COLO checkpoint was completed without a final query',
        'src.log:53 runstate_set current_run_state 9 (running) new_state 15 (colo)',
        'src.log:61 runstate_set current_run_state 15 (colo) new_state 9 (running)',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('failover before the final query of a checkpoint', async () => {
    const report = await judge(coloRun(checkpoint(), checkpoint({ final: [], ram: [], run: [] })));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });

  test('failover in the middle of a checkpoint, after its final query', async () => {
    const report = await judge(coloRun(checkpoint(), checkpoint({ ram: [], run: [] })));
    expect(violatedRules(report)).toEqual([]);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(report.migrations[0]).toMatchObject({ kind: 'colo', outcome: 'completed', downtimeNs: null });
  });

  test('without runstate_set the other stop events tell the checkpoints apart', async () => {
    const lines = without(coloRun(checkpoint(), checkpoint()), 'runstate_set');
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
    const faulty = without(coloRun(checkpoint(), checkpoint({ final: [] })), 'runstate_set');
    expect(violatedRules(await judge(faulty))).toEqual([ID]);
  });
});

describe('what the log does not show', () => {
  test('the line of the final query, where the probe shows that it began', async () => {
    const began = ['qemu_savevm_query_pending_bql locked=1'];
    const report = await judge(precopyRun({ final: began }));
    expect(doubt(report, ID)).toEqual(
      doubtful(
        'a query began in the switchover, as the probe shows, but its line is missing',
        'qemu_savevm_query_pending',
      ),
    );
    expect(violatedRules(await judge(precopyRun({ final: [], stop: [...began, ...STOP, ...sync(1)] })))).toEqual([]);
  });

  test('no query line at all', async () => {
    expect(doubt(await judge(without(precopyRun(), 'qemu_savevm_query_pending')), ID)).toEqual(
      doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'),
    );
  });

  test('the queries were switched off before this migration', async () => {
    const second = without(precopyRun(), 'qemu_savevm_query_pending');
    const back = ['runstate_set current_run_state 5 (postmigrate) new_state 9 (running)'];
    expect(verdictOf(await judge([...precopyRun(), ...back, ...second]), ID, 1).verdict).toBe('undecidable');
  });

  test('the VM is never seen stopped', async () => {
    const lines = without(
      precopyRun({ final: [] }).filter((line) => line !== state('device')),
      'runstate_set',
      'vm_state_notify',
      'vmstate_downtime_checkpoint',
      'migration_completion_vm_stop',
    );
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('the log does not show the VM being stopped', 'runstate_set', 'vmstate_downtime_checkpoint'),
    );
  });

  test('a log that starts after the final query', async () => {
    const lines = precopyRun().slice(25);
    const report = await judge(lines);
    expect(violatedRules(report)).toEqual([]);
  });

  test('a log that starts in the stop, with the final query', async () => {
    const report = await judge(precopyRun().slice(18));
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('a hole in the switchover', async () => {
    const lines = precopyRun({ final: ['\0\0\0\0g_start ', '42912, collected switchover ack pending=0'] });
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });

  test('the destination of another process in the same log', async () => {
    const lines = precopyRun({ final: ['loadvm_state_setup ', state('setup'), state('active')] });
    expect(violatedRules(await judge(lines))).toEqual([]);
  });

  test('two sources in one log, without thread ids', async () => {
    const report = await judge([
      ...precopyRun().slice(0, 12),
      ...SETUP.slice(1),
      ...precopyRun({ final: [] }).slice(12),
    ]);
    expect(violatedRules(report)).toEqual([]);
  });
});

describe('two attempts in one log', () => {
  test('cancelled, then completed without a final query: the second one is accused', async () => {
    const cancelled = precopyRun({
      rounds: [estimate({ precopy: 268967936 })],
      decision: [state('cancelling')],
      stop: [],
      final: [],
      saving: [],
      end: [state('cancelled'), 'migration_cleanup '],
    });
    const report = await judge([...cancelled, ...precopyRun({ final: [] })]);
    expect(verdictOf(report, ID, 0).verdict).toBe('not-applicable');
    expect(accusation(report, ID, 1).findings[0]?.evidence).toEqual([
      'src.log:29 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      'src.log:44 vmstate_downtime_checkpoint src-downtime-end',
    ]);
    expect(violatedRules(await judge([...cancelled, ...precopyRun()]))).toEqual([]);
  });

  test('background snapshot, then precopy, without the states', async () => {
    const lines = without(
      [...BACKGROUND_SNAPSHOT, ...precopyRun()],
      'migrate_set_state',
      'runstate_set',
      'vm_state_notify',
      'ram_write_tracking_ramblock_start',
    );
    expect(violatedRules(await judge(lines))).toEqual([]);
  });
});

describe('where there is no duty', () => {
  test.each([
    ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot makes no pending query'],
    ['QEMU 10.0, precopy', oldPrecopyRun(), 'QEMU 10.0 has no final query'],
    ['QEMU 10.0, postcopy', oldPostcopyRun(), 'QEMU 10.0 has no final query'],
    ['QEMU 7.2, postcopy', oldestPostcopyRun(), 'QEMU 7.2 has no final query'],
  ])('%s', async (_name, lines, reason) => {
    const report = await judge(lines);
    const { verdict, reason: given } = verdictOf(report, ID);
    expect({ verdict, given }).toEqual({ verdict: 'not-applicable', given: reason });
    expect(violatedRules(report)).toEqual([]);
  });

  test('an exact query alone decides nothing of it', async () => {
    const lines = precopyRun({ rounds: [estimate({}), ...sync(1), exact({})], final: [] });
    expect(violatedRules(await judge(lines))).toEqual([ID]);
  });
});
