import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  FINISH_TO_RUNNING,
  final,
  oldPrecopyRun,
  only,
  postcopyRun,
  precopyRun,
  SNAPSHOT,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'final-repeated';
const twice = [...sync(1), final({ precopy: 4096 }), ...sync(2), final({ precopy: 8192 })];

describe('violated', () => {
  test('precopy', async () => {
    const report = await judge(precopyRun({ final: twice }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the precopy switchover made 2 final queries',
        'src.log:28 qemu_savevm_query_pending exact=1, final=1, total=8192',
        'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=4096',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('postcopy', async () => {
    const report = await judge(postcopyRun({ final: twice }));
    expect(accusation(report, ID).findings[0]?.message).toBe('the postcopy switchover made 2 final queries');
    expect(violatedRules(report)).toEqual([ID]);
  });

  test.each([
    ['precopy', precopyRun(), 'vmstate_downtime_checkpoint src-non-iterable-saved'],
    ['postcopy', postcopyRun(), 'ram_postcopy_send_discard_bitmap '],
    ['a COLO checkpoint', coloRun(checkpoint()), 'runstate_set current_run_state 15 (colo) new_state 9 (running)'],
    ['the first switchover of COLO', coloRun(checkpoint()), state('colo')],
  ])('%s: the second one where RAM is saved already', async (_name, run, line) => {
    const report = await judge(run.toSpliced(run.indexOf(line), 0, ...sync(2), final({ precopy: 4096 })));
    expect(accusation(report, ID).count).toBe(1);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the same where only the state `completed` shows the end: it may be COLO', async () => {
    const run = precopyRun();
    const at = run.indexOf('vmstate_downtime_checkpoint src-non-iterable-saved');
    const lines = run.toSpliced(at, 0, ...sync(2), final({ precopy: 4096 }));
    expect(doubt(await judge(without(lines, 'vmstate_downtime_checkpoint')), ID)).toEqual(
      doubtful(
        'the log does not show which switchover a final query belongs to',
        'runstate_set',
        'vmstate_downtime_checkpoint',
        'migrate_set_state',
      ),
    );
  });

  test('three of them are one finding', async () => {
    const report = await judge(precopyRun({ final: [...twice, ...sync(3), final({ precopy: 12288 })] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the precopy switchover made 3 final queries',
        'src.log:28 qemu_savevm_query_pending exact=1, final=1, total=8192',
        'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=4096',
        'src.log:31 qemu_savevm_query_pending exact=1, final=1, total=12288',
      ),
    );
  });

  test('inside one COLO checkpoint', async () => {
    const report = await judge(coloRun(checkpoint(), checkpoint({ final: twice })));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the COLO checkpoint made 2 final queries',
        'src.log:61 qemu_savevm_query_pending exact=1, final=1, total=8192',
        'src.log:58 qemu_savevm_query_pending exact=1, final=1, total=4096',
      ),
    );
  });
});

describe('a pass', () => {
  test.each([
    ['precopy', precopyRun()],
    ['postcopy', postcopyRun()],
    ['COLO with three checkpoints', coloRun(checkpoint(), checkpoint(), checkpoint())],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('failover in the middle of a checkpoint', async () => {
    expect(violatedRules(await judge(coloRun(checkpoint(), checkpoint({ ram: [], run: [] }))))).toEqual([]);
  });

  test('two attempts make one each', async () => {
    const failed = precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] });
    const report = await judge([...failed, ...precopyRun()]);
    expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'pass']);
  });
});

describe('COLO, where the checkpoints are not told apart', () => {
  const run = coloRun(checkpoint(), checkpoint());

  test.each([
    ['vmstate_downtime_checkpoint'],
    ['migration_completion_vm_stop'],
  ])('only the queries and %s', async (event) => {
    expect(violatedRules(await judge(only(run, 'qemu_savevm_query_pending', event)))).toEqual([]);
  });

  test('without runstate_set, vm_state_notify and colo_vm_state_change', async () => {
    const lines = without(run, 'runstate_set', 'vm_state_notify', 'colo_vm_state_change');
    expect(violatedRules(await judge(lines))).toEqual([]);
  });

  test.each([
    'runstate_set',
    'vm_state_notify',
    'colo_vm_state_change',
  ])('only the queries, the states and %s', async (event) => {
    expect(violatedRules(await judge(only(run, 'qemu_savevm_query_pending', 'migrate_set_state', event)))).toEqual([]);
  });
});

describe('two attempts without the states', () => {
  const failed = precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] });

  test.each([
    'vmstate_downtime_checkpoint',
    'migration_completion_vm_stop',
    'runstate_set',
  ])('only the queries and %s', async (event) => {
    const lines = only([...failed, ...precopyRun()], 'qemu_savevm_query_pending', event);
    expect(violatedRules(await judge(lines))).toEqual([]);
  });

  test('only migrate_set_state is off', async () => {
    const lines = without([...failed, ...precopyRun()], 'migrate_set_state');
    expect(violatedRules(await judge(lines))).toEqual([]);
  });
});

test('the log ends after one final query: undecidable', async () => {
  expect(doubt(await judge(precopyRun({ saving: [], end: [] })), ID)).toEqual(
    doubtful('the log ends inside the switchover', 'migrate_set_state', 'vmstate_downtime_checkpoint'),
  );
});

test('a hole between the two: undecidable', async () => {
  const lines = precopyRun({
    final: [...sync(1), final({ precopy: 4096 }), 'qemu_savevm_query_pending exact=1, fin', final({ precopy: 8192 })],
  });
  const report = await judge(lines);
  expect(verdictOf(report, ID).verdict).toBe('undecidable');
  expect(violatedRules(report)).toEqual([]);
});

describe('not applicable', () => {
  test.each([
    ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot makes no pending query'],
    ['QEMU 10.0', oldPrecopyRun(), 'QEMU 10.0 has no final query'],
    ['a switchover without any', precopyRun({ final: [] }), 'no final query was made'],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect({ verdict: verdict.verdict, reason: verdict.reason }).toEqual({ verdict: 'not-applicable', reason });
  });
});
