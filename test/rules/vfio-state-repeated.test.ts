import { describe, expect, test } from 'vitest';
import { oldPrecopyRun, precopyRun } from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';
import { asks, enters, insert, oldEnters } from './vfio.ts';

const ID = 'vfio-state-repeated';
const A = '0000:81:00.1';
const B = '0000:81:00.2';

/** At VM stop, and again where RAM is through. */
const run = (...completing: readonly string[]) =>
  insert(
    insert(
      insert(precopyRun(), 'migrate_set_state new state active', asks(A, 'PRE_COPY', 'RUNNING'), enters(A, 'PRE_COPY')),
      'vmstate_downtime_checkpoint src-vm-stopped',
      asks(A, 'STOP_COPY'),
      enters(A, 'STOP_COPY'),
    ),
    'vmstate_downtime_checkpoint src-iterable-saved',
    ...completing,
  );

describe('violated', () => {
  test('STOP_COPY twice', async () => {
    const report = await judge(run(asks(A, 'STOP_COPY', 'STOP'), enters(A, 'STOP_COPY')));
    expect(accusation(report, ID)).toEqual(
      accused(
        `VFIO device ${A} was set to STOP_COPY, in which it was already`,
        `src.log:38 ${enters(A, 'STOP_COPY')}`,
        `src.log:23 ${enters(A, 'STOP_COPY')}`,
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('info');
    expect(violatedRules(report)).toEqual([]);
  });

  test('the requests are off', async () => {
    const lines = run(enters(A, 'STOP_COPY')).filter((line) => !line.startsWith('vfio_migration_set_state'));
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['asked for the state that it is in: nothing happens', run(asks(A, 'STOP_COPY', 'STOP'))],
    ['another device', run(enters(B, 'STOP_COPY'))],
    ['another state between', run(asks(A, 'STOP'), enters(A, 'STOP'), asks(A, 'STOP_COPY'), enters(A, 'STOP_COPY'))],
    ['another state between, whose line is lost', run(asks(A, 'STOP'), asks(A, 'STOP_COPY'), enters(A, 'STOP_COPY'))],
    [
      'a request failed, and the device fell back',
      run(enters(A, 'STOP'), asks(A, 'STOP_COPY', 'STOP'), enters(A, 'STOP')),
    ],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('two migrations in one log', async () => {
    const report = await judge([...run(), ...run()]);
    expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'pass']);
  });
});

test('the states are off: undecidable', async () => {
  const lines = run().filter((line) => !line.startsWith('vfio_migration_set_device_state'));
  expect(doubt(await judge(lines), ID)).toEqual(
    doubtful('the log does not show the states of the VFIO devices', 'vfio_migration_set_device_state'),
  );
});

test('a hole', async () => {
  const lines = run('migrate_set_state new sta', enters(A, 'STOP_COPY'));
  expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
});

test.each([
  ['no VFIO device', precopyRun(), 'no VFIO event in the log'],
  [
    '7.2',
    insert(
      ['migrate_pending pending size 0 max 0 (pre = 0 compat=0 post=0)', ...oldPrecopyRun().slice(13)],
      'runstate_set',
      oldEnters(A, 'STOP_COPY'),
    ),
    'QEMU before 9.1 sends no event of a VFIO state',
  ],
])('not applicable: %s', async (_name, lines, reason) => {
  const verdict = verdictOf(await judge(lines), ID);
  expect([verdict.verdict, verdict.reason]).toEqual(['not-applicable', reason]);
});
