import { describe, expect, test } from 'vitest';
import {
  checkpoint,
  coloRun,
  cprRun,
  final,
  oldPrecopyRun,
  only,
  postcopyRun,
  precopyRun,
  SNAPSHOT,
  STOP,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'final-before-stop';
const FINAL = [...sync(7720), final({ precopy: 4239360 })];
const early = precopyRun({ decision: ['migration_thread_low_pending 4198400', ...FINAL], final: [] });

describe('violated', () => {
  test('precopy: the stop is seen after the query', async () => {
    const report = await judge(early);
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query was made before the migration stopped the VM',
        'src.log:18 qemu_savevm_query_pending exact=1, final=1, total=4239360',
        'src.log:20 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('right before the line of the stop', async () => {
    const stop = [...STOP.slice(0, 1), ...FINAL, ...STOP.slice(1)];
    const report = await judge(precopyRun({ stop, final: [] }));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('somebody stopped the guest before, and let it go on; no checkpoint is shown', async () => {
    const decision = [
      'runstate_set current_run_state 9 (running) new_state 4 (paused)',
      'runstate_set current_run_state 4 (paused) new_state 9 (running)',
      ...FINAL,
    ];
    const events = ['qemu_savevm_query_pending', 'migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
    const lines = only(precopyRun({ decision, final: [] }), ...events, 'runstate_set', 'migrate_set_state');
    expect(violatedRules(await judge(lines))).toEqual([ID]);
  });

  test('right behind the line of the stop is a pass', async () => {
    const stop = [...STOP.slice(0, 2), ...FINAL, ...STOP.slice(2)];
    const report = await judge(precopyRun({ stop, final: [] }));
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('postcopy: nothing is synced after the stop either', async () => {
    const report = await judge(postcopyRun({ decision: ['postcopy_start ', ...FINAL], final: [] }));
    expect(violatedRules(report)).toEqual([ID, 'postcopy-switchover-without-sync']);
  });

  test('only the checkpoint src-vm-stopped shows the stop', async () => {
    const lines = only(early, 'qemu_savevm_query_pending', 'vmstate_downtime_checkpoint', 'migrate_set_state');
    const report = await judge(lines.filter((line) => line !== state('device')));
    expect(accusation(report, ID).findings[0]?.evidence[1]).toBe(
      'src.log:8 vmstate_downtime_checkpoint src-vm-stopped',
    );
  });
});

describe('a pass', () => {
  test.each([
    ['precopy', precopyRun()],
    ['postcopy', postcopyRun()],
    ['CPR: stopped during setup', cprRun()],
    ['COLO', coloRun(checkpoint(), checkpoint())],
    ['pause-before-switchover', precopyRun({ stop: [...STOP.slice(0, -1), state('pre-switchover'), state('device')] })],
    ['only the state device shows the stop', only(precopyRun(), 'qemu_savevm_query_pending', 'migrate_set_state')],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });
});

describe('COLO logs of which a part is missing', () => {
  const run = coloRun(checkpoint(), checkpoint());

  test('every log that starts in the middle', async () => {
    for (let first = 1; first < run.length; first += 1) {
      const lines = run.slice(first);
      if (!lines.some((line) => line.startsWith('qemu_savevm_query_pending'))) break;
      expect(violatedRules(await judge(lines)), `from line ${first + 1} on: ${run[first]}`).toEqual([]);
    }
  });

  test.each([
    'runstate_set',
    'vm_state_notify',
    'colo_vm_state_change',
    'migrate_set_state',
  ])('without %s', async (event) => {
    expect(violatedRules(await judge(without(run, event)))).toEqual([]);
  });

  test('only colo_vm_state_change shows a stop', async () => {
    const lines = only(run, 'qemu_savevm_query_pending', 'colo_vm_state_change');
    expect(violatedRules(await judge(lines))).toEqual([]);
  });

  test('the line of one stop is lost', async () => {
    for (const [index, line] of run.entries()) {
      const report = await judge(run.toSpliced(index, 1));
      expect(violatedRules(report), `without line ${index + 1}: ${line}`).toEqual([]);
    }
  });
});

describe('undecidable', () => {
  test('nothing shows the VM stopped', async () => {
    const lines = only(precopyRun(), 'qemu_savevm_query_pending', 'migration_bitmap_sync_start');
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful(
        'the log does not show whether the VM was stopped at the final query',
        'runstate_set',
        'vmstate_downtime_checkpoint',
      ),
    );
  });

  test('the log ends before a stop could be seen', async () => {
    expect(verdictOf(await judge(early.slice(0, 19)), ID).verdict).toBe('undecidable');
  });

  test('the log starts after the stop', async () => {
    const report = await judge(precopyRun().slice(22));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });

  const TORN = 'migration_bitmap_sync_end dirty_pa';

  test.each([
    ['before the query', [TORN, ...FINAL]],
    ['between the query and the stop', [...FINAL, TORN]],
  ])('a hole %s', async (_where, middle) => {
    const decision = ['migration_thread_low_pending 4198400', ...middle];
    expect(verdictOf(await judge(precopyRun({ decision, final: [] })), ID).verdict).toBe('undecidable');
  });
});

test('a second attempt stops after the first one made its final query', async () => {
  const failed = precopyRun({
    saving: [state('failing')],
    end: ['runstate_set current_run_state 7 (finish-migrate) new_state 9 (running)', state('failed')],
  });
  expect(violatedRules(await judge([...failed, ...precopyRun()]))).toEqual([]);
  // The log begins after the first attempt's stop.
  expect(violatedRules(await judge([...failed.slice(22), ...precopyRun()]))).toEqual([]);
});

test('a failed attempt and COLO in one log without the states', async () => {
  const failed = precopyRun({
    saving: [state('failing')],
    end: ['runstate_set current_run_state 7 (finish-migrate) new_state 9 (running)', state('failed')],
  });
  const lines = without([...failed, ...coloRun(checkpoint(), checkpoint())], 'migrate_set_state');
  expect(violatedRules(await judge(lines))).toEqual([]);
});

describe('not applicable', () => {
  test.each([
    ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
    ['QEMU 10.0', oldPrecopyRun(), 'QEMU 10.0 has no final query'],
    ['no final query', precopyRun({ final: [] }), 'no final query was made'],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect({ verdict: verdict.verdict, reason: verdict.reason }).toEqual({ verdict: 'not-applicable', reason });
  });
});
