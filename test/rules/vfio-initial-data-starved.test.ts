import { describe, expect, test } from 'vitest';
import { old, oldPrecopyRun, precopyRun, SETUP } from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';
import { oldEstimate, pending } from './vfio.ts';

const ID = 'vfio-initial-data-starved';
const A = '0000:81:00.1';
const RAM = 268967936;

/** The end of RAM's section by its own clock. */
const SLOW = [
  'savevm_section_start ram, section_id 2',
  'ram_save_iterate_big_wait big wait: 52 milliseconds, 64 iterations',
  'savevm_section_end ram, section_id 2 -> 0',
];
/** The same by the rate limit. */
const LIMITED = [SLOW[0] ?? '', SLOW[2] ?? '', 'migration_rate_limit_pre 40 ms', 'migration_rate_limit_post urgent: 0'];
const VFIO = [
  `savevm_section_start ${A}/vfio, section_id 40`,
  `vfio_save_iterate  (${A}) precopy initial size 900 precopy dirty size 0`,
  `savevm_section_end ${A}/vfio, section_id 40 -> 0`,
];

const round = (init: number, sections: readonly string[]): readonly string[] => [
  oldEstimate(A, RAM + init, { init }),
  old.estimate(RAM + init),
  'savevm_state_iterate ',
  ...sections,
];
const rounds = (count: number, sections: readonly string[], init = 1000) =>
  Array.from({ length: count }, () => round(init, sections)).flat();
const RATE = 'migrate_transferred transferred 1 time_spent 100 bandwidth 1 switchover_bw 0 max_size 1';
const run = (...parts: readonly (readonly string[])[]) => [
  ...SETUP,
  RATE,
  ...parts.flat(),
  ...oldPrecopyRun().slice(8),
];
const MESSAGE = `10 iterations in a row sent RAM alone while 1000 initial bytes of VFIO device ${A} waited`;

describe('violated', () => {
  test('ten iterations in a row', async () => {
    const report = await judge(run(rounds(10, SLOW)));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:69 savevm_section_end ram, section_id 2 -> 0',
        `src.log:10 vfio_state_pending_estimate  (${A}) precopy 268968936 postcopy 0 precopy initial size 1000 precopy dir`,
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('warning');
    expect(violatedRules(report)).toEqual([]);
  });

  test('one finding for many more', async () => {
    expect(verdictOf(await judge(run(rounds(100, SLOW))), ID).findingCount).toBe(1);
  });

  test('11.1', async () => {
    const lines = Array.from({ length: 10 }, () => [
      pending(A, { init: 1000 }, 0),
      'qemu_savevm_query_pending exact=0, final=0, precopy=1000, stopcopy=0, postcopy=0, total=1000, collected switchover ack pending=0, total switchover ack pending=0',
      'savevm_state_iterate ',
      ...SLOW,
    ]).flat();
    expect(verdictOf(await judge(precopyRun({ rounds: [RATE, ...lines] })), ID).verdict).toBe('violated');
  });

  test('without the limit between two that it ended', async () => {
    const report = await judge(run(rounds(5, SLOW), rounds(3, LIMITED), rounds(5, SLOW)));
    expect(verdictOf(report, ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['nine, then the device', run(rounds(9, SLOW), rounds(1, [...SLOW, ...VFIO]), rounds(9, SLOW))],
    ['the device sends in every iteration', run(rounds(20, [...SLOW, ...VFIO]))],
    ['only its section is shown', run(rounds(20, [...SLOW, ...VFIO.slice(0, 1)]))],
    ['the bytes change', run(rounds(9, SLOW), rounds(9, SLOW, 900), rounds(1, [...SLOW, ...VFIO]))],
    ['all is sent', run(rounds(1, [...SLOW, ...VFIO]), rounds(20, SLOW, 0))],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

describe('undecidable', () => {
  const doubts = doubtful(
    'the log does not show what an iteration sends, and why RAM ends it',
    'savevm_state_iterate',
    'savevm_section_end',
    'ram_save_iterate_big_wait',
    'migrate_transferred',
  );
  const lines = run(rounds(20, SLOW));

  test.each([
    ['the rate limit ends each', run(rounds(20, LIMITED))],
    ['the window of the rate begins anew', run(rounds(20, [...SLOW, RATE]))],
    ['no iterations', lines.filter((line) => !line.startsWith('savevm_state_iterate'))],
    ['no sections', lines.filter((line) => !line.startsWith('savevm_section'))],
    ['no word why RAM ended', lines.filter((line) => !line.startsWith('ram_save_iterate'))],
  ])('%s', async (_name, trace) => {
    expect(doubt(await judge(trace), ID)).toEqual(doubts);
  });

  test('nothing shows the windows of the rate limit', async () => {
    expect(doubt(await judge(lines.filter((line) => line !== RATE)), ID)).toEqual(
      doubtful('the log does not show whether the rate limit ended the iterations', 'migrate_transferred'),
    );
  });

  test('what the devices have pending is off', async () => {
    const trace = [...lines.filter((line) => !line.startsWith('vfio_')), `vfio_save_complete_precopy  (${A}) ret 0`];
    expect(doubt(await judge(trace), ID)).toEqual(
      doubtful('the log does not show what the VFIO devices have pending', 'vfio_state_pending_estimate'),
    );
  });
});

test.each([
  ['no VFIO device', oldPrecopyRun(), 'no VFIO event in the log'],
  ['no initial data', run(rounds(20, SLOW, 0)), 'no VFIO device had initial data to send'],
])('not applicable: %s', async (_name, lines, reason) => {
  const verdict = verdictOf(await judge(lines), ID);
  expect([verdict.verdict, verdict.reason]).toEqual(['not-applicable', reason]);
});
