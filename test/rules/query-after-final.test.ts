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
  RUNNING_TO_FINISH,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'query-after-final';
const END_EVENTS = ['migrate_set_state', 'vmstate_downtime_checkpoint'];
const FINAL = [...sync(1), final({ precopy: 4096 })];
const late = [...FINAL, estimate({ precopy: 8192 })];
const failed = precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] });

describe('violated', () => {
  // The article before the kind is left open.
  test('an estimate in precopy', async () => {
    const report = await judge(precopyRun({ final: late }));
    expect(accusation(report, ID)).toEqual({
      verdict: 'violated',
      count: 1,
      findings: [
        {
          message: expect.stringMatching(/^an? estimate query \(total 8192\) was made behind the final one$/),
          evidence: [
            'src.log:26 qemu_savevm_query_pending exact=0, final=0, total=8192',
            'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=4096',
          ],
        },
      ],
    });
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the article fits the kind', async () => {
    const report = await judge(precopyRun({ final: late }));
    expect(verdictOf(report, ID).reason).toBe('an estimate query (total 8192) was made behind the final one');
  });

  test('an exact one without a sync: nothing else', async () => {
    const report = await judge(precopyRun({ final: [...FINAL, exact({ precopy: 8192 })] }));
    expect(accusation(report, ID).findings[0]?.evidence).toEqual([
      'src.log:26 qemu_savevm_query_pending exact=1, final=0, total=8192',
      'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=4096',
    ]);
  });

  test('behind the RAM section, before the end of the downtime', async () => {
    const run = precopyRun();
    const at = run.indexOf('vmstate_downtime_checkpoint src-downtime-end');
    const report = await judge(run.toSpliced(at, 0, estimate({})));
    expect(accusation(report, ID).findings[0]?.evidence[0]).toBe(
      `src.log:${at + 1} qemu_savevm_query_pending exact=0, final=0, total=0`,
    );
    const neighbour = await judge(run.toSpliced(at + 1, 0, estimate({})));
    expect(verdictOf(neighbour, ID).verdict).toBe('pass');
  });

  test('postcopy, before the package', async () => {
    const report = await judge(postcopyRun({ final: [...FINAL, estimate({ postcopy: 4096 })] }));
    expect(accusation(report, ID).findings[0]?.evidence).toEqual([
      'src.log:26 qemu_savevm_query_pending exact=0, final=0, total=4096',
      'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=4096',
    ]);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('inside one COLO checkpoint', async () => {
    const report = await judge(coloRun(checkpoint(), checkpoint({ final: late })));
    expect(accusation(report, ID).findings[0]?.evidence).toEqual([
      'src.log:59 qemu_savevm_query_pending exact=0, final=0, total=8192',
      'src.log:58 qemu_savevm_query_pending exact=1, final=1, total=4096',
    ]);
  });

  test('the patch as posted', async () => {
    const lines = precopyRun({ final: [...sync(1), final({}, 'thread'), estimate({}, 'thread')] }, 'thread');
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
  });

  test('a switchover that failed later', async () => {
    const lines = precopyRun({
      final: late,
      saving: [state('failing')],
      end: [FINISH_TO_RUNNING, state('failed')],
    });
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
  });

  test('three queries are one finding, in the order of the log', async () => {
    const lines = precopyRun({ final: [...late, estimate({}), estimate({})] });
    expect(verdictOf(await judge(lines), ID).findingCount).toBe(1);
  });
});

describe('a pass', () => {
  test.each([
    ['precopy', precopyRun()],
    ['postcopy', postcopyRun()],
    ['the patch as posted', precopyRun({}, 'thread')],
    ['CPR: its loop runs with the VM stopped', cprRun()],
    ['COLO', coloRun(checkpoint(), checkpoint())],
    ['a query before the final one', precopyRun({ final: [estimate({}), ...FINAL] })],
    ['a second final query is the matter of final-repeated', precopyRun({ final: [...FINAL, ...FINAL] })],
    ['a failed switchover', failed],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('postcopy estimates right behind the package', async () => {
    const lines = postcopyRun({
      packaged: [
        'qemu_savevm_send_packaged ',
        estimate({ postcopy: 8192 }),
        'vmstate_downtime_checkpoint src-downtime-end',
      ],
    });
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('pause-before-switchover', async () => {
    const stop = [...STOP.slice(0, -1), state('pre-switchover'), state('device')];
    expect(verdictOf(await judge(precopyRun({ stop })), ID).verdict).toBe('pass');
    expect(verdictOf(await judge(precopyRun({ stop, final: late })), ID).verdict).toBe('violated');
  });

  test('two attempts', async () => {
    const report = await judge([...failed, ...precopyRun()]);
    expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'pass']);
    const second = await judge([...failed, ...precopyRun({ final: late })]);
    expect([0, 1].map((migration) => verdictOf(second, ID, migration).verdict)).toEqual(['pass', 'violated']);
  });
});

describe('undecidable', () => {
  test.each([
    ['the log ends inside the switchover', precopyRun({ saving: [], end: [] })],
    ['so it does behind a late query', precopyRun({ final: late, saving: [], end: [] })],
  ])('%s', async (_name, lines) => {
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('the log does not show the end of the switchover', ...END_EVENTS),
    );
  });

  test('postcopy whose end only the states show', async () => {
    const lines = postcopyRun({
      packaged: [],
      end: [estimate({ postcopy: 4096 }), state('postcopy-active'), state('completed')],
    });
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful(
        'the log does not show where the postcopy switchover ended',
        'qemu_savevm_send_packaged',
        'vmstate_downtime_checkpoint',
      ),
    );
  });

  test('postcopy of which the one state is lost', async () => {
    const lost = (end: readonly string[], decision: readonly string[] = ['postcopy_start ']) =>
      postcopyRun({ decision, packaged: [], end: [estimate({ postcopy: 4096 }), estimate({}), ...end] });
    for (const end of ['completed', 'failing']) {
      expect(verdictOf(await judge(lost([state(end)])), ID).verdict).toBe('undecidable');
    }
    const precopy = lost([state('completed')], ['migration_thread_low_pending 234483712']);
    expect(verdictOf(await judge(precopy), ID).verdict).toBe('violated');
  });

  test('a hole between the two', async () => {
    const lines = precopyRun({ final: [...FINAL, 'qemu_savevm_query_pending exact=0, fin', estimate({})] });
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(verdictOf(report, ID).reason).toContain('line 26');
    expect(violatedRules(report)).toEqual([]);
  });

  test('no query line', async () => {
    expect(doubt(await judge(without(precopyRun(), 'qemu_savevm_query_pending')), ID)).toEqual(
      doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'),
    );
  });

  test('the final query is shown and its switchover is not', async () => {
    const lines = only(precopyRun({ final: late }), 'qemu_savevm_query_pending', 'migration_bitmap_sync_start');
    expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
  });
});

describe('nobody is accused where events are off', () => {
  const OFF = [
    ['migrate_set_state'],
    ['vmstate_downtime_checkpoint'],
    ['qemu_savevm_send_packaged'],
    ['qemu_savevm_send_packaged', 'vmstate_downtime_checkpoint'],
    ['qemu_savevm_send_packaged', 'vmstate_downtime_checkpoint', 'migrate_set_state'],
    ['runstate_set', 'vm_state_notify'],
    ['runstate_set', 'vm_state_notify', 'migrate_set_state'],
    ['runstate_set', 'vm_state_notify', 'migrate_set_state', 'vmstate_downtime_checkpoint'],
    ['migrate_set_state', 'savevm_state_header', 'savevm_state_setup', 'vmstate_downtime_checkpoint'],
    ['migrate_set_state', 'savevm_state_header', 'savevm_state_setup', 'runstate_set', 'vm_state_notify'],
  ];
  const colo = coloRun(checkpoint(), checkpoint());

  test.each(OFF)('without %s %s %s %s %s', async (...events) => {
    for (const run of [postcopyRun(), colo, cprRun(), [...failed, ...failed, ...precopyRun()]]) {
      expect(violatedRules(await judge(without(run, ...events)))).toEqual([]);
    }
  });

  test('any one line is missing', async () => {
    for (const run of [precopyRun(), postcopyRun(), colo, [...failed, ...precopyRun()]]) {
      for (let line = 0; line < run.length; line += 1) {
        const verdicts = (await judge(run.toSpliced(line, 1))).verdicts.filter(({ rule }) => rule === ID);
        expect(verdicts.map(({ verdict }) => verdict)).not.toContain('violated');
      }
    }
  });

  test('the log starts anywhere', async () => {
    for (const run of [precopyRun(), postcopyRun(), colo]) {
      for (let first = 1; first < run.length; first += 1) {
        const lines = run.slice(first);
        if (only(lines, 'qemu_savevm_query_pending').length === 0) break;
        expect(violatedRules(await judge(lines)), `from line ${first + 1} on`).toEqual([]);
      }
    }
  });

  // The real end is not shown: that the VM runs again later proves nothing.
  test.each([
    'runstate_set',
    'vm_state_notify',
  ])('postcopy, and the source runs again later, shown by %s only', async (event) => {
    const resumed = [
      'runstate_set current_run_state 5 (postmigrate) new_state 9 (running)',
      'vm_state_notify running 1 reason 9 (running)',
    ];
    const lines = only([...postcopyRun(), ...resumed], 'qemu_savevm_query_pending', event);
    expect(violatedRules(await judge(lines))).toEqual([]);
  });

  // A failed attempt of a paused guest ends without the VM running.
  test.each([
    [['runstate_set']],
    [['runstate_set', 'qmp_enter_migrate']],
    [['vm_state_notify', 'migration_completion_vm_stop']],
    [['vm_state_notify', 'vmstate_downtime_checkpoint']],
  ])('a paused guest, a failed and a cancelled attempt, shown by %s only', async (events) => {
    const stop = STOP.filter((line) => !line.startsWith('vm_state_notify')).map((line) =>
      line === RUNNING_TO_FINISH ? 'runstate_set current_run_state 4 (paused) new_state 7 (finish-migrate)' : line,
    );
    const lines = [
      ...precopyRun({
        stop,
        saving: [state('failing')],
        end: ['runstate_set current_run_state 7 (finish-migrate) new_state 4 (paused)', state('failed')],
      }),
      ...SETUP,
      estimate({ precopy: 8192 }),
      state('cancelling'),
      state('cancelled'),
      'runstate_set current_run_state 4 (paused) new_state 9 (running)',
      'vm_state_notify running 1 reason 9 (running)',
    ];
    expect(violatedRules(await judge(lines))).toEqual([]);
    const shown = only(lines, 'qemu_savevm_query_pending', ...events);
    expect(violatedRules(await judge(shown))).toEqual([]);
  });
});

describe('not applicable', () => {
  test.each([
    ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot makes no pending query'],
    ['QEMU 10.0', oldPrecopyRun(), 'QEMU 10.0 has no final query'],
    ['QEMU 10.0 in postcopy', oldPostcopyRun(), 'QEMU 10.0 has no final query'],
    ['QEMU 7.2', oldestPostcopyRun(), 'QEMU 7.2 has no final query'],
    ['a switchover without any', precopyRun({ final: [estimate({})] }), 'no final query was made'],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect({ verdict: verdict.verdict, reason: verdict.reason }).toEqual({ verdict: 'not-applicable', reason });
  });
});
