import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  estimate,
  FINISH_TO_RUNNING,
  final,
  iso,
  oldestPostcopyRun,
  oldPrecopyRun,
  only,
  POSTCOPY_SETUP,
  postcopyRun,
  precopyRun,
  RUNNING_TO_FINISH,
  SAVING,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'handler-takes-bql';
const GLIB = 'ERROR:../src/system/cpus.c:520:bql_lock_impl: assertion failed: (!bql_locked())';
const LIBC = "qemu-system-x86_64: ../system/cpus.c:520: bql_lock_impl: Assertion `!bql_locked()' failed.";
const MESSAGE = 'QEMU aborted in bql_lock_impl() inside the final query: the BQL was held already';
const NOT_INSIDE = doubtful(
  'QEMU aborted in bql_lock(), but the log does not show that it was inside a final query',
  'qemu_savevm_query_pending',
  'runstate_set',
  'migrate_set_state',
);

/** The last line is the state `device`: the next thing that QEMU does is the final query. */
const cut = precopyRun({ final: [], saving: [], end: [] });
const noRounds = { decision: [], stop: [], final: [], saving: [], end: [] };

describe('violated', () => {
  test.each([
    ['glib', GLIB],
    ['libc', LIBC],
  ])('%s, in the log', async (_form, text) => {
    const report = await judge([...cut, text]);
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `src.log:23 ${text.slice(0, 110)}`));
    expect(violatedRules(report)).toEqual([ID]);
    expect(report.migrations.map(({ outcome }) => outcome)).toEqual(['aborted']);
  });

  test('after the sync of the final query', async () => {
    const report = await judge([...cut, ...sync(7720), GLIB]);
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `src.log:25 ${GLIB}`));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('with the probe of the query that began', async () => {
    const report = await judge([...cut, 'qemu_savevm_query_pending_bql locked=1', ...sync(7720), GLIB]);
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `src.log:26 ${GLIB}`));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('in the source part of stderr', async () => {
    const report = await judge({ 'src.log': cut, 'stderr.txt': ['== src', '**', GLIB, '== dst', 'load failed'] });
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `stderr.txt:3 ${GLIB}`));
    expect(violatedRules(report)).toEqual([ID]);
    expect(report.migrations).toHaveLength(1);
  });

  test('the same text in the log and in stderr counts once', async () => {
    const report = await judge({ 'src.log': [...cut, GLIB], 'stderr.txt': ['== src', GLIB] });
    expect(accusation(report, ID).count).toBe(1);
    expect(report.migrations).toHaveLength(1);
  });

  test('with time stamps, where the message has none', async () => {
    const report = await judge([...iso(cut), GLIB]);
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `src.log:23 ${GLIB}`));
  });

  test('thread', async () => {
    const report = await judge([...precopyRun({ final: [], saving: [], end: [] }, 'thread'), GLIB]);
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `src.log:23 ${GLIB}`));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('postcopy', async () => {
    const report = await judge([
      ...postcopyRun({ final: sync(0), saving: [], discard: [], packaged: [], end: [] }),
      GLIB,
    ]);
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `src.log:25 ${GLIB}`));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('pause-before-switchover: after migrate-continue', async () => {
    const stop = [...STOP.slice(0, -1), state('pre-switchover'), state('device')];
    const report = await judge([...precopyRun({ stop, final: [], saving: [], end: [] }), GLIB]);
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `src.log:24 ${GLIB}`));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the third final query of COLO', async () => {
    const lines = [...coloRun(checkpoint(), checkpoint({ final: sync(19), ram: [], run: [] })).slice(0, -4), GLIB];
    const report = await judge(lines);
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `src.log:${lines.length} ${GLIB}`));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the second attempt', async () => {
    const failed = precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] });
    const lines = [...failed, ...cut, GLIB];
    const report = await judge(lines);
    expect(verdictOf(report, ID, 0).verdict).toBe('pass');
    expect(accusation(report, ID, 1)).toEqual(accused(MESSAGE, `src.log:${lines.length} ${GLIB}`));
  });
});

describe('the assertion of something else', () => {
  test.each([
    'ERROR:../src/system/cpus.c:530:bql_unlock: assertion failed: (bql_locked())',
    'ERROR:../src/system/cpus.c:520:bql_lock_impl: assertion failed: (bql_lock_fn)',
    'ERROR:../src/hw/core/qdev.c:77:device_unplug: assertion failed: (!bql_locked())',
    'ERROR:../src/migration/savevm.c:1794:qemu_savevm_query_pending_final: assertion failed: (bql_locked())',
    "qemu-system-x86_64: ../hw/core/qdev.c:77: device_unplug: Assertion `!bql_locked()' failed.",
    'error: bql_lock_impl: !bql_locked()',
  ])('%s', async (text) => {
    const verdict = verdictOf(await judge([...cut, text]), ID);
    expect(verdict.verdict).not.toBe('violated');
    expect(verdict.verdict).not.toBe('pass');
  });
});

describe('in what the destination printed', () => {
  test('after == dst', async () => {
    const report = await judge({ 'src.log': cut, 'stderr.txt': ['== src', '== dst', '**', GLIB] });
    expect(violatedRules(report)).toEqual([]);
    expect(report.migrations.map(({ outcome }) => outcome)).toEqual(['running']);
  });

  test('both sides: only the source counts', async () => {
    const stderr = ['== src', GLIB.replace('bql_lock_impl', 'other'), '== dst', GLIB];
    expect(violatedRules(await judge({ 'src.log': cut, 'stderr.txt': stderr }))).toEqual([]);
  });
});

describe('undecidable: QEMU aborted in bql_lock_impl, but not provably inside a final query', () => {
  const paused = [...STOP.slice(0, -1), state('pre-switchover')];
  const cpr = cprRun();
  const cprCut = (line: string) =>
    cpr.slice(
      0,
      cpr.findIndex((other) => other.startsWith(line)),
    );
  const afterFinal = coloRun(checkpoint());

  test.each([
    ['during setup', SETUP],
    ['while iterating', precopyRun(noRounds)],
    [
      'after the decision, before the stop',
      precopyRun({ ...noRounds, decision: ['migration_thread_low_pending 4198400'] }),
    ],
    ['in postcopy', postcopyRun({ end: [state('postcopy-device'), estimate({ postcopy: 4096 })] })],
    ['after the final query', precopyRun({ saving: [], end: [] })],
    ['after the final query, in the devices', precopyRun({ saving: SAVING, end: [] })],
    ['between two checkpoints', afterFinal.slice(0, -4)],
    ['after the failed switchover', precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING] })],
  ])('%s', async (_name, lines) => {
    expect(doubt(await judge([...lines, GLIB]), ID)).toEqual(NOT_INSIDE);
  });

  test.each([
    ['while the VM is being stopped', precopyRun({ stop: STOP.slice(0, 2), final: [], saving: [], end: [] })],
    ['in pre-switchover: the user has the VM', precopyRun({ stop: paused, final: [], saving: [], end: [] })],
    ['CPR: before the header', cprCut('savevm_state_header')],
    ['CPR: before the first query', cprCut('qemu_savevm_query_pending')],
    ['CPR: in an iteration', cprCut('migration_thread_low_pending')],
    ['the final query was left out, in the devices', precopyRun({ final: [], saving: SAVING, end: [] })],
    ['query lines off, in the devices', without(precopyRun({ saving: SAVING, end: [] }), 'qemu_savevm_query_pending')],
    [
      'query lines off, at the end of the devices',
      without(precopyRun({ end: [] }), 'qemu_savevm_query_pending', 'vmstate_downtime_checkpoint'),
    ],
    ['10.0, in the section of RAM', oldPrecopyRun().slice(0, 26)],
    ['COLO: in the devices before the final query', [...coloRun().slice(0, -4), ...checkpoint().slice(0, 2)]],
    [
      'the line of the final query is damaged',
      precopyRun({
        final: [...sync(4), final({ precopy: 4096 }).slice(0, 40)],
        saving: SAVING,
        end: [],
      }),
    ],
  ])('%s', async (_name, lines) => {
    const report = await judge([...lines, GLIB]);
    expect(verdictOf(report, ID).verdict).not.toBe('violated');
    expect(verdictOf(report, ID).verdict).not.toBe('pass');
  });

  test('a message that stands before the stop is of another process', async () => {
    const { length } = precopyRun(noRounds);
    const report = await judge([...cut.slice(0, length), GLIB, ...cut.slice(length)]);
    expect(violatedRules(report)).toEqual([]);
  });

  test('an older process that died, then a log cut inside a switchover', async () => {
    const report = await judge([...precopyRun(noRounds), GLIB, ...cut]);
    expect(violatedRules(report)).toEqual([]);
  });

  test('stderr alone', async () => {
    const report = await judge({ 'stderr.txt': ['**', GLIB] });
    expect(doubt(report, ID)).toEqual(NOT_INSIDE);
  });

  test('a log without runstate, states and checkpoints', async () => {
    const lines = only(cut, 'qemu_savevm_query_pending', 'migration_bitmap_sync_start', 'migration_bitmap_sync_end');
    expect(doubt(await judge([...lines, GLIB]), ID)).toEqual(NOT_INSIDE);
  });

  test('after a completed migration: no accusation of either', async () => {
    const report = await judge([...precopyRun(), GLIB]);
    expect(verdictOf(report, ID, 0).verdict).toBe('pass');
    expect(doubt(report, ID, 1)).toEqual(NOT_INSIDE);
    expect(violatedRules(report)).toEqual([]);
  });

  test('completed, and stderr of the source beside it', async () => {
    const report = await judge({ 'src.log': precopyRun(), 'stderr.txt': ['== src', GLIB] });
    expect(verdictOf(report, ID, 0).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });
});

describe('a pass', () => {
  test.each([
    ['precopy', precopyRun()],
    ['postcopy', postcopyRun()],
    ['thread', precopyRun({}, 'thread')],
    ['COLO', coloRun(checkpoint(), checkpoint())],
    ['CPR', cprRun()],
    ['one that failed after the final query', precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING] })],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('a final query that aborted without a message accuses nobody', async () => {
    const report = await judge(cut);
    expect(verdictOf(report, ID).verdict).not.toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });
});

describe('not applicable', () => {
  test.each([
    ['10.0', oldPrecopyRun(), 'QEMU 10.0 has no final query'],
    ['7.2', oldestPostcopyRun(), 'QEMU 7.2 has no final query'],
    ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot makes no pending query'],
    ['never stopped', precopyRun(noRounds), 'the migration never came to its switchover'],
    ['setup of postcopy', POSTCOPY_SETUP, 'the migration never came to its switchover'],
    [
      'cancelled in pre-switchover',
      precopyRun({
        stop: [...STOP.slice(0, -1), state('pre-switchover'), state('cancelling')],
        final: [],
        saving: [],
        end: [FINISH_TO_RUNNING, state('cancelled')],
      }),
      'no final query was made',
    ],
  ])('%s', async (_name, lines, reason) => {
    const { verdict, reason: said } = verdictOf(await judge(lines), ID);
    expect({ verdict, said }).toEqual({ verdict: 'not-applicable', said: reason });
  });

  test('stderr alone, of a version that was given', async () => {
    const report = await judge({ 'stderr.txt': ['**', GLIB] }, { band: '10.0' });
    expect(verdictOf(report, ID)).toMatchObject({ verdict: 'not-applicable', reason: 'QEMU 10.0 has no final query' });
  });
});

test('the log starts at the stop: the final query is still the next thing', async () => {
  const lines = [exactLine(), ...STOP, GLIB];
  expect(STOP[1]).toBe(RUNNING_TO_FINISH);
  expect(accusation(await judge(lines), ID)).toEqual(accused(MESSAGE, `src.log:9 ${GLIB}`));
});

function exactLine(): string {
  return final({ precopy: 4096 }).replace('final=1', 'final=0');
}
