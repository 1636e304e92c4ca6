import { describe, expect, test } from 'vitest';
import { oldPrecopyRun, precopyRun, SNAPSHOT, state, without } from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';
import { asks, enters, insert, oldEnters } from './vfio.ts';

const ID = 'vfio-stop-in-blackout';
const A = '0000:81:00.1';
const B = '0000:81:00.2';

/** STOP_COPY when the VM stops, STOP before the line that begins so. */
const run = (beginning: string, ...stop: readonly string[]) =>
  insert(
    insert(precopyRun(), 'vmstate_downtime_checkpoint src-vm-stopped', asks(A, 'STOP_COPY'), enters(A, 'STOP_COPY')),
    beginning,
    ...stop,
  );
const STOPS = [asks(A, 'STOP'), enters(A, 'STOP')];
const faulty = run('vmstate_downtime_checkpoint src-iterable-saved', ...STOPS);
const MESSAGE = `VFIO device ${A} went from STOP_COPY to STOP before the downtime was over`;

describe('violated', () => {
  test('STOP as soon as its data is sent', async () => {
    const report = await judge(faulty);
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        `src.log:36 ${enters(A, 'STOP')}`,
        `src.log:21 ${enters(A, 'STOP_COPY')}`,
        'src.log:39 vmstate_downtime_checkpoint src-downtime-end',
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('warning');
    expect(violatedRules(report)).toEqual([]);
  });

  test('up to 9.0; a device without precopy was in STOP before', async () => {
    const lines = insert(
      insert(oldPrecopyRun(), 'vmstate_downtime_checkpoint src-vm-stopped', oldEnters(A, 'STOP')),
      'vmstate_downtime_checkpoint src-iterable-saved',
      oldEnters(A, 'STOP_COPY'),
      oldEnters(A, 'STOP'),
    );
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
    expect(verdictOf(await judge(lines.toSpliced(lines.lastIndexOf(oldEnters(A, 'STOP')), 1)), ID).verdict).toBe(
      'pass',
    );
  });

  test('before 8.2, which has no checkpoints', async () => {
    const lines = without(faulty, 'vmstate_downtime_checkpoint');
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
  });

  test('STOP_COPY before the first line that shows the stop', async () => {
    const lines = without(faulty, 'runstate_set', 'vm_state_notify', 'migration_completion_vm_stop');
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['in the cleanup', run('migration_cleanup', ...STOPS)],
    ['right behind the end of the downtime', run('migrate_set_state new state completed', ...STOPS)],
    ['it only asks', run('vmstate_downtime_checkpoint src-iterable-saved', asks(A, 'STOP'))],
    [
      'another device, which never came to STOP_COPY',
      run('vmstate_downtime_checkpoint src-iterable-saved', asks(B, 'STOP_COPY', 'STOP'), enters(B, 'STOP')),
    ],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

describe('undecidable', () => {
  const noEnd = doubtful(
    'the log does not show the end of the downtime',
    'migrate_set_state',
    'vmstate_downtime_checkpoint',
  );

  test('the end of the downtime is not shown: a cleanup looks the same', async () => {
    const lines = run('migration_cleanup', ...STOPS);
    expect(doubt(await judge(without(lines, 'vmstate_downtime_checkpoint', 'migrate_set_state')), ID)).toEqual(noEnd);
    expect(doubt(await judge(faulty.slice(0, 37)), ID)).toEqual(noEnd);
  });

  test('the switchover failed', async () => {
    const lines = [...faulty.slice(0, 37), state('failing'), state('failed')];
    expect(doubt(await judge(lines), ID)).toEqual(noEnd);
  });

  test('the states are off', async () => {
    const lines = [...precopyRun(), `vfio_save_complete_precopy  (${A}) ret 0`];
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('the log does not show the states of the VFIO devices', 'vfio_migration_set_device_state'),
    );
  });
});

test.each([
  ['no VFIO device', precopyRun(), 'no VFIO event in the log'],
  [
    'a snapshot',
    [...SNAPSHOT.slice(0, -3), enters(A, 'STOP_COPY'), enters(A, 'STOP'), ...SNAPSHOT.slice(-3)],
    'the migration never came to its switchover',
  ],
  [
    'no state in the switchover',
    [...precopyRun(), enters(A, 'STOP')],
    'no VFIO device changed its state in a switchover',
  ],
])('not applicable: %s', async (_name, lines, reason) => {
  const verdict = verdictOf(await judge(lines), ID);
  expect([verdict.verdict, verdict.reason]).toEqual(['not-applicable', reason]);
});
