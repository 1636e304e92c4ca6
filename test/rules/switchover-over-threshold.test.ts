import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  estimate,
  exact,
  iso,
  later,
  MIB256,
  old,
  oldestPostcopyRun,
  oldPrecopyRun,
  only,
  POSTCOPY_SETUP,
  postcopyRun,
  precopyRun,
  RUNNING_TO_FINISH,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  transferred,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf } from './support.ts';

const ID = 'switchover-over-threshold';
const THRESHOLD = 5250155;
const TRANSFERRED = `migrate_transferred transferred 10500310 time_spent 100 bandwidth 840 switchover_bw 105003 max_size ${THRESHOLD}`;
const STALE = doubtful(
  'the total lies above the threshold shown, of which a newer line may be lost',
  'migrate_transferred',
);
const NOT_SHOWN = doubtful('the log shows no migrate_transferred before the decision', 'migrate_transferred');

/** Decides with so many bytes pending; line 14 is the exact query, 15 the decision. */
const run = (pending: number) =>
  precopyRun({
    rounds: [estimate({ precopy: MIB256 }), TRANSFERRED, estimate({}), ...sync(7710), exact({ precopy: pending })],
    decision: [`migration_thread_low_pending ${pending}`],
  });

/** QEMU 7.2: line 12 is the query that decides. */
const oldest = (pending: number, max = THRESHOLD) => [
  ...SETUP,
  `migrate_pending pending size ${MIB256} max 0 (pre = ${MIB256} compat=0 post=0)`,
  `migrate_transferred transferred 10500310 time_spent 100 bandwidth 105003 max_size ${THRESHOLD}`,
  'savevm_state_iterate ',
  `migrate_pending pending size ${pending} max ${max} (pre = ${pending} compat=0 post=0)`,
  `migration_thread_low_pending ${pending}`,
  ...STOP.slice(1, 4),
  ...sync(3),
  'migrate_set_state new state completed',
];

describe('violated', () => {
  test('one byte above the threshold', async () => {
    const report = await judge(iso(run(THRESHOLD + 1)));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the switchover was decided with 5250156 bytes pending, above the threshold of 5250155',
        'src.log:14 qemu_savevm_query_pending exact=1, final=0, total=5250156',
        `src.log:10 ${TRANSFERRED.slice(0, 110)}`,
        'src.log:15 migration_thread_low_pending 5250156',
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('warning');
  });

  test("COLO's first switchover is one like any other", async () => {
    const first = [...iso(run(THRESHOLD + 1)).slice(0, -4)];
    const last = iso([...run(THRESHOLD + 1).slice(0, -4), ...coloRun(checkpoint()).slice(34)]).slice(first.length);
    expect(verdictOf(await judge([...first, ...last]), ID).verdict).toBe('violated');
  });

  // Its query prints the threshold: nothing newer can be lost.
  test('7.2, without time stamps', async () => {
    const report = await judge(oldest(THRESHOLD + 1));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the switchover was decided with 5250156 bytes pending, above the threshold of 5250155',
        'src.log:12 migrate_pending pending size 5250156 max 5250155 (pre = 5250156 compat=0 post=0)',
        'src.log:10 migrate_transferred transferred 10500310 time_spent 100 bandwidth 105003 max_size 5250155',
        'src.log:13 migration_thread_low_pending 5250156',
      ),
    );
  });
});

describe('pass', () => {
  test.each([
    ['at the threshold', iso(run(THRESHOLD))],
    ['below it', iso(run(4096))],
    ['without time stamps', run(THRESHOLD)],
    ['7.2, at the threshold', oldest(THRESHOLD)],
    // A line of migrate_transferred is lost: the query knows better.
    ['7.2, at the threshold that the query prints', oldest(THRESHOLD + 1, THRESHOLD + 1)],
    ['10.0', [...SETUP, TRANSFERRED, ...oldPrecopyRun().slice(8)]],
    ['the decision itself is not logged', without(run(THRESHOLD), 'migration_thread_low_pending')],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

describe('undecidable', () => {
  test('before the first migrate_transferred, whatever is pending', async () => {
    expect(doubt(await judge(iso(without(run(0), 'migrate_transferred'))), ID)).toEqual(NOT_SHOWN);
  });

  test('without time stamps a newer line may be lost', async () => {
    expect(doubt(await judge(run(THRESHOLD + 1)), ID)).toEqual(STALE);
  });

  test('100 ms after the last line a newer one may be lost', async () => {
    const lines = iso(run(THRESHOLD + 1)).map((line, index) =>
      index < 10 ? line : line.replace('01:00:00.000', '01:00:00.100'),
    );
    expect(doubt(await judge(lines), ID)).toEqual(STALE);
  });

  test('the line of the exact query is lost, and no decision is shown', async () => {
    const lines = iso(run(THRESHOLD + 1)).filter((line) => !/low_pending|exact=1, final=0/.test(line));
    const last = lines.map((line) =>
      line.replace(
        'precopy=0, stopcopy=0, postcopy=0, total=0',
        `precopy=${MIB256}, stopcopy=0, postcopy=0, total=${MIB256}`,
      ),
    );
    expect(doubt(await judge(last), ID)).toEqual(
      doubtful('the line of the query that decided is missing', 'migration_thread_low_pending'),
    );
  });

  test('a torn line before the decision', async () => {
    const lines = iso(run(THRESHOLD + 1));
    const torn = [
      ...lines.slice(0, 12),
      '42912, collected switchover ack pending=0, total switchover ack pe',
      ...lines.slice(12),
    ];
    expect(verdictOf(await judge(torn), ID).verdict).not.toBe('violated');
  });

  test('a log of queries alone', async () => {
    const report = await judge(only(run(THRESHOLD + 1), 'qemu_savevm_query_pending', 'runstate_set'));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
  });
});

describe('not applicable', () => {
  test.each([
    ['postcopy', iso(postcopyRun())],
    ['7.2, postcopy', oldestPostcopyRun()],
    [
      '8.0, postcopy whose switchover is not seen to end',
      [
        ...POSTCOPY_SETUP,
        old.estimate(0, MIB256),
        transferred(10_000_000, 50),
        old.estimate(0, MIB256 - 4096),
        state('postcopy-active'),
        'postcopy_start ',
        RUNNING_TO_FINISH,
        old.estimate(0, 24633344),
        'migration_thread_low_pending 24633344',
        state('completed'),
      ].map((line, index) => later(1 + index * 0.001, line)),
    ],
    ['snapshot', SNAPSHOT],
    ['background snapshot', BACKGROUND_SNAPSHOT],
    [
      'cancelled before',
      [
        ...iso(run(THRESHOLD + 1)).slice(0, 12),
        ...['cancelling', 'cancelled'].map((name) => `2026-11-23T01:00:01.000000Z migrate_set_state new state ${name}`),
      ],
    ],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
  });
});

describe('one line lost never accuses', () => {
  const earlier = (micros: number, line: string) => `2026-11-23T00:59:59.${String(micros).padStart(6, '0')}Z ${line}`;
  // The limit was raised from 50 ms to 100 ms: the last line shows it, and the next query decides.
  const lines = [
    ...SETUP.map((line, index) => earlier(700_000 + index, line)),
    earlier(750_000, estimate({ precopy: MIB256 })),
    earlier(800_000, transferred(10500310, 50)),
    earlier(810_000, estimate({ precopy: MIB256 })),
    earlier(899_900, transferred(10500310, 50)),
    ...iso([transferred(10500310, 100), ...run(THRESHOLD + 4096).slice(10)]),
  ];

  test('the run passes as it is', async () => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test.each(lines.map((line, index) => [line.slice(28), index] as const))('%s', async (_line, index) => {
    expect(verdictOf(await judge(lines.toSpliced(index, 1)), ID).verdict).not.toBe('violated');
  });
});

test('CPR, two migrations in one log', async () => {
  expect(verdictOf(await judge(cprRun()), ID).verdict).toBe('undecidable');
  const second = iso(without(run(THRESHOLD + 1), 'migrate_transferred'));
  const report = await judge([...iso(run(THRESHOLD)), ...second.map((line) => line.replace('01:00:00', '01:00:01'))]);
  expect(verdictOf(report, ID, 0).verdict).toBe('pass');
  expect(doubt(report, ID, 1)).toEqual(NOT_SHOWN);
});
