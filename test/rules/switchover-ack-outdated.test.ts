import { describe, expect, test } from 'vitest';
import { checkpoint, coloRun, exact, oldPrecopyRun, precopyRun, STOP, sync, without } from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';
import { oldEstimate, pending } from './vfio.ts';

const ID = 'switchover-ack-outdated';
const A = '0000:81:00.1';
const B = '0000:81:00.2';
const acked = (left: number) => `source_return_path_thread_switchover_acked switchover_ack_pending_num ${left}`;
/** An exact query that collected so many requests, and so many are outstanding. */
const query = (collected: number, total: number) => [
  ...sync(1),
  exact({ precopy: 4096 }).replace(
    /collected.*/,
    `collected switchover ack pending=${collected}, total switchover ack pending=${total}`,
  ),
];
const first = [pending(A, { init: 1000 }, 1, 1), ...query(1, 1), pending(A, {}, 1), ...query(0, 1), acked(0)];
const last = [pending(A, {}, 1), ...query(0, 0)];
const run = (...rounds: readonly string[]) => precopyRun({ rounds: [...first, ...rounds] });

describe('violated', () => {
  test('the second request got no ack', async () => {
    const report = await judge(run(pending(A, { init: 500 }, 1, 1), ...query(1, 1), pending(A, {}, 1), ...query(0, 1)));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the last query to ask for a switchover ack collected 1, and the VM was stopped without one',
        'src.log:21 qemu_savevm_query_pending exact=1, final=0, total=4096',
        `src.log:17 ${acked(0)}`,
        'src.log:28 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('info');
    expect(violatedRules(report)).toEqual([]);
  });

  test('initial data again, and no request', async () => {
    const report = await judge(run(pending(A, { init: 500 }, 1), ...query(0, 0)));
    expect(accusation(report, ID)).toEqual(
      accused(
        `VFIO device ${A} had 500 initial bytes again when the VM was stopped, and the last switchover ack was older`,
        `src.log:18 ${pending(A, { init: 500 }, 1).slice(0, 110)}`,
        `src.log:17 ${acked(0)}`,
        'src.log:24 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      ),
    );
  });
});

describe('a pass', () => {
  test.each([
    ['one ack, and nothing new', run(...last)],
    ['a second ack', run(pending(A, { init: 500 }, 1, 1), ...query(1, 1), pending(A, {}, 1), acked(0), ...query(0, 0))],
    [
      'the ack comes between the last query and the decision',
      run(pending(A, { init: 500 }, 1, 1), ...query(1, 1), acked(0)),
    ],
    [
      'the ack is printed late, by its own thread',
      run(pending(A, { init: 500 }, 1, 1), ...query(1, 1)).toSpliced(26, 0, acked(0)),
    ],
    ['nothing is outstanding in the last query', run(pending(A, { init: 500 }, 1, 1), ...query(1, 1), ...last)],
    ['the new initial data is sent before the switchover', run(pending(A, { init: 500 }, 1), ...query(0, 0), ...last)],
    ['of another device, whose initial data was never done', run(pending(B, { init: 9 }, 1), ...query(0, 0))],
    ['in the final query only', precopyRun({ rounds: first, final: [pending(A, { init: 7 }, 1, 1, 1)] })],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

const outdated = run(pending(A, { init: 500 }, 1, 1), ...query(1, 1));

describe('undecidable', () => {
  test('the VM may have been stopped before: then none is waited for', async () => {
    expect(doubt(await judge(without(outdated, 'runstate_set')), ID)).toEqual(
      doubtful(
        'the log does not show that the VM ran until the switchover',
        'runstate_set',
        'vmstate_downtime_checkpoint',
      ),
    );
  });

  test('a paused guest', async () => {
    const stop = STOP.map((line) => line.replace('9 (running)', '4 (paused)'));
    const lines = precopyRun({ rounds: [...first, pending(A, { init: 500 }, 1, 1), ...query(1, 1)], stop });
    expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
  });

  test('acks are off', async () => {
    expect(doubt(await judge(without(outdated, 'source_return_path_thread_switchover_acked')), ID)).toEqual(
      doubtful('the log shows no switchover ack', 'source_return_path_thread_switchover_acked'),
    );
  });

  test('a hole', async () => {
    expect(verdictOf(await judge(outdated.toSpliced(9, 0, 'migrate_set_state new sta')), ID).verdict).toBe(
      'undecidable',
    );
  });
});

test.each([
  ['no VFIO device', precopyRun(), 'no VFIO event in the log'],
  ['8.0 to 11.0', [...oldPrecopyRun(), oldEstimate(A, 1, { init: 1 })], 'in QEMU 10.0 a switchover ack is for good'],
  [
    'the posted patch',
    precopyRun({ rounds: [pending(A, { init: 1 }, 0), exact({}, 'thread')] }, 'thread'),
    'in QEMU thread a switchover ack is for good',
  ],
  [
    'nothing asks for an ack',
    precopyRun({ rounds: [pending(A, {}, 1), ...query(0, 0)] }),
    'no query collected a request for a switchover ack',
  ],
  ['COLO', [...coloRun(checkpoint()), pending(A, {}, 1)], 'no query collected a request for a switchover ack'],
  ['the migration failed before', run(...last).slice(0, 20), 'no switchover came behind a switchover ack'],
  [
    'the switchover was given up',
    [...outdated.slice(0, 29), 'migrate_set_state new state failing'],
    'the switchover was given up',
  ],
])('not applicable: %s', async (_name, lines, reason) => {
  const verdict = verdictOf(await judge(lines), ID);
  expect([verdict.verdict, verdict.reason]).toEqual(['not-applicable', reason]);
});
