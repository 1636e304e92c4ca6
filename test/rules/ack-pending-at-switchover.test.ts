import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  exact,
  FINISH_TO_RUNNING,
  final,
  oldestPostcopyRun,
  oldPrecopyRun,
  only,
  postcopyRun,
  precopyRun,
  RAM_SECTION,
  SAVING,
  SNAPSHOT,
  STOP,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'ack-pending-at-switchover';
const NOT_SHOWN = doubtful(
  'the log does not show whether the migration went on',
  'migrate_set_state',
  'vmstate_downtime_checkpoint',
);

/** The line of a query with switchover acks: collected in it, and outstanding in all. */
function acks(line: string, collected: number, total = collected): string {
  const [head = ''] = line.split(', collected');
  return `${head}, collected switchover ack pending=${collected}, total switchover ack pending=${total}`;
}

const finalWith = (collected: number, total = collected) => [
  ...sync(7720),
  acks(final({ precopy: 4239360 }), collected, total),
];
const message = (count: number) => `the final query collected ${count} switchover acks, and the migration went on`;
/** The guest runs on: what 11.1 does when an ack is asked for. */
const GIVEN_UP = {
  saving: ['migrate_error error=Switchover ACK was requested by 2 devices during switchover', state('failing')],
  end: [
    'migration_thread_after_loop ',
    FINISH_TO_RUNNING,
    'vm_state_notify running 1 reason 9 (running)',
    'migration_cleanup ',
    state('failed'),
  ],
};
const FINAL_LINE = 'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=4239360';

describe('violated', () => {
  test('precopy', async () => {
    const report = await judge(precopyRun({ final: finalWith(2) }));
    expect(accusation(report, ID)).toEqual(
      accused(message(2), FINAL_LINE, 'src.log:35 vmstate_downtime_checkpoint src-downtime-end'),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('without the checkpoints the state tells it', async () => {
    const lines = without(precopyRun({ final: finalWith(1) }), 'vmstate_downtime_checkpoint');
    const report = await judge(lines);
    expect(accusation(report, ID)).toEqual(
      accused(
        message(1),
        'src.log:23 qemu_savevm_query_pending exact=1, final=1, total=4239360',
        `src.log:${lines.indexOf(state('completed')) + 1} migrate_set_state new state completed`,
      ),
    );
  });

  test('postcopy', async () => {
    const report = await judge(postcopyRun({ final: [...sync(0), acks(final({ postcopy: 234483712 }), 1)] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        message(1),
        'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=234483712',
        'src.log:31 qemu_savevm_send_packaged',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('postcopy that fails after the package: it had gone on', async () => {
    const report = await judge(
      postcopyRun({
        final: [...sync(0), acks(final({ postcopy: 234483712 }), 1)],
        end: [state('postcopy-active'), state('postcopy-paused')],
      }),
    );
    expect(accusation(report, ID).count).toBe(1);
  });

  test('CPR', async () => {
    const report = await judge(cprRun([...sync(3), acks(final({ precopy: 12288 }), 3)]));
    expect(accusation(report, ID).findings[0]?.message).toBe(message(3));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('pause-before-switchover', async () => {
    const stop = [...STOP.slice(0, -1), state('pre-switchover'), state('device')];
    const report = await judge(precopyRun({ stop, final: finalWith(2) }));
    expect(accusation(report, ID).findings[0]?.evidence[0]).toBe(FINAL_LINE.replace(':25', ':26'));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the log starts at the stop', async () => {
    const report = await judge(precopyRun({ setup: [], rounds: [], decision: [], final: finalWith(2) }));
    expect(accusation(report, ID).findings[0]?.evidence[0]).toBe(FINAL_LINE.replace(':25', ':10'));
  });

  test('the first attempt gives up, the second goes on', async () => {
    const lines = [...precopyRun({ final: finalWith(2), ...GIVEN_UP }), ...precopyRun({ final: finalWith(1) })];
    const report = await judge(lines);
    expect(verdictOf(report, ID, 0).verdict).toBe('pass');
    expect(accusation(report, ID, 1).findings[0]?.message).toBe(message(1));
  });

  test('the second of two final queries collects them', async () => {
    const report = await judge(precopyRun({ final: [...finalWith(0), ...finalWith(2)] }));
    expect(verdictOf(report, 'final-repeated').verdict).toBe('violated');
    expect(accusation(report, ID).findings[0]?.message).toBe(message(2));
  });
});

describe('a pass', () => {
  test.each([
    ['no ack', precopyRun()],
    ['none collected, though one of the loop is outstanding', precopyRun({ final: finalWith(0, 3) })],
    [
      'collected by the exact query, not by the final one',
      precopyRun({ rounds: [...sync(7710), acks(exact({ precopy: 4198400 }), 2)] }),
    ],
    ['collected, and the migration fails and the VM runs again', precopyRun({ final: finalWith(2), ...GIVEN_UP })],
    [
      'the same without runstate',
      without(precopyRun({ final: finalWith(2), ...GIVEN_UP }), 'runstate_set', 'vm_state_notify'),
    ],
    ['the same without the states', without(precopyRun({ final: finalWith(2), ...GIVEN_UP }), 'migrate_set_state')],
    [
      'cancelled',
      precopyRun({ final: finalWith(2), saving: [state('cancelling')], end: [FINISH_TO_RUNNING, state('cancelled')] }),
    ],
    [
      'postcopy given up',
      postcopyRun({ final: [...sync(0), acks(final({}), 1)], discard: [], packaged: [], ...GIVEN_UP }),
    ],
    [
      'it goes on a bit, and fails in the devices',
      precopyRun({
        final: finalWith(2),
        saving: [...SAVING, ...RAM_SECTION.slice(0, 3), state('failing')],
        end: GIVEN_UP.end,
      }),
    ],
    ['COLO', coloRun(checkpoint())],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('two attempts that both give up, then one without an ack', async () => {
    const given = precopyRun({ final: finalWith(2), ...GIVEN_UP });
    const report = await judge([...given, ...given, ...precopyRun()]);
    expect([0, 1, 2].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'pass', 'pass']);
  });
});

describe('COLO', () => {
  test('a checkpoint does not go through migration_switchover_start: going on is right', async () => {
    const report = await judge(coloRun(checkpoint({ final: [...sync(19), acks(final({ precopy: 77824 }), 1)] })));
    expect(verdictOf(report, ID).verdict).not.toBe('violated');
  });

  test('its first switchover, and no state shows that it went on', async () => {
    const lines = coloRun(checkpoint()).map((line) => (line.includes('final=1') ? acks(line, 1) : line));
    const report = await judge(without(lines, 'migrate_set_state'));
    expect(doubt(report, ID)).toEqual(
      doubtful(
        'the log does not show whether the migration went on',
        'migrate_set_state',
        'vmstate_downtime_checkpoint',
      ),
    );
  });

  test('its first switchover does', async () => {
    const lines = coloRun(checkpoint()).map((line, index) => (index === 24 ? acks(line, 1) : line));
    const report = await judge(lines);
    expect(accusation(report, ID)).toEqual(
      accused(message(1), FINAL_LINE, 'src.log:35 migrate_set_state new state colo'),
    );
  });
});

describe('undecidable', () => {
  test.each([
    ['right behind the final query', precopyRun({ final: finalWith(2), saving: [], end: [] })],
    ['in the devices', precopyRun({ final: finalWith(2), saving: [...SAVING, ...RAM_SECTION.slice(0, 3)], end: [] })],
  ])('the log ends %s', async (_name, lines) => {
    expect(doubt(await judge(lines), ID)).toEqual(NOT_SHOWN);
  });

  test('two attempts whose states and runstates are off', async () => {
    const both = [...precopyRun({ final: finalWith(2), ...GIVEN_UP }), ...precopyRun()];
    const lines = only(both, 'qemu_savevm_query_pending', 'vmstate_downtime_checkpoint');
    const report = await judge(lines);
    expect(violatedRules(report)).toEqual([]);
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
  });

  test.each([
    ['migrate_set_state', 'runstate_set', 'vm_state_notify'],
    ['migrate_set_state', 'runstate_set', 'vm_state_notify', 'savevm_state_header', 'savevm_state_setup'],
    ['migrate_set_state', 'vm_state_notify', 'savevm_state_header', 'savevm_state_setup'],
  ])('given up, then a good attempt, without %s %s %s: nobody is accused', async (...events) => {
    const both = [...precopyRun({ final: finalWith(2), ...GIVEN_UP }), ...precopyRun()];
    expect(violatedRules(await judge(without(both, ...events)))).toEqual([]);
  });

  test('a hole between the final query and the end', async () => {
    const broken = await judge(precopyRun({ final: [...finalWith(2), 'qemu_savevm_query_pending exact=1, fin'] }));
    expect(violatedRules(broken)).toEqual([]);
    expect(verdictOf(broken, ID).verdict).toBe('undecidable');
    expect(verdictOf(broken, ID).enable).toEqual(['qemu_savevm_query_pending', 'migrate_set_state']);
  });

  test('no query line', async () => {
    const report = await judge(without(precopyRun({ final: finalWith(2) }), 'qemu_savevm_query_pending'));
    expect(doubt(report, ID)).toEqual(doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'));
  });
});

describe('not applicable', () => {
  test.each([
    ['10.0', oldPrecopyRun(), 'QEMU 10.0 has no final query'],
    ['7.2', oldestPostcopyRun(), 'QEMU 7.2 has no final query'],
    ['thread', precopyRun({}, 'thread'), 'the query line shows no switchover acks'],
    ['thread, postcopy', postcopyRun({}, 'thread'), 'the query line shows no switchover acks'],
    ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot makes no pending query'],
    ['a switchover without a final query', precopyRun({ final: [] }), 'no final query was made'],
    [
      'cancelled with acks outstanding in the loop',
      precopyRun({
        rounds: [acks(exact({}), 0, 2)],
        decision: [state('cancelling')],
        stop: [],
        final: [],
        saving: [],
        end: [state('cancelled')],
      }),
      'the migration never came to its switchover',
    ],
  ])('%s', async (_name, lines, reason) => {
    const { verdict, reason: said } = verdictOf(await judge(lines), ID);
    expect({ verdict, said }).toEqual({ verdict: 'not-applicable', said: reason });
  });
});
