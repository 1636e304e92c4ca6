import { describe, expect, test } from 'vitest';
import {
  COMPLETED,
  checkpoint,
  coloRun,
  estimate,
  FINISH_TO_RUNNING,
  oldestPostcopyRun,
  oldPostcopyRun,
  only,
  postcopyRun,
  precopyRun,
  SNAPSHOT,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'sync-in-postcopy';
const MESSAGE = 'the dirty bitmaps were synced after postcopy had begun';
const SYNC_EVENTS = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
const postcopyEnd = (...lines: readonly string[]): readonly string[] => [
  state('postcopy-device'),
  ...lines,
  estimate({ postcopy: 4096 }),
  state('postcopy-active'),
  ...COMPLETED,
];

describe('violated', () => {
  test('11.1', async () => {
    const report = await judge(postcopyRun({ end: postcopyEnd(...sync(4)) }));
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, 'src.log:34 migration_bitmap_sync_start'));
    expect(violatedRules(report)).toEqual([ID]);
    expect(verdictOf(await judge(postcopyRun({ end: postcopyEnd() })), ID).verdict).toBe('pass');
  });

  test('right behind the package; before it, it is the matter of sync-after-final', async () => {
    const run = postcopyRun();
    const at = run.indexOf('qemu_savevm_send_packaged ');
    expect(accusation(await judge(run.toSpliced(at + 1, 0, ...sync(4))), ID)).toEqual(
      accused(MESSAGE, `src.log:${at + 2} migration_bitmap_sync_start`),
    );
    expect(verdictOf(await judge(run.toSpliced(at, 0, ...sync(4))), ID).verdict).toBe('pass');
  });

  test('each sync is a finding', async () => {
    const report = await judge(postcopyRun({ end: postcopyEnd(...sync(4), ...sync(5)) }));
    expect(verdictOf(report, ID).findingCount).toBe(2);
  });

  // RAM's last section belongs to postcopy.
  test('at completion, before the state: never a pass', async () => {
    const run = postcopyRun();
    const at = run.indexOf('ram_save_complete dirty=0, done=0');
    expect(verdictOf(await judge(run.toSpliced(at, 0, ...sync(4))), ID).verdict).not.toBe('pass');
    const old = oldPostcopyRun();
    const end = old.indexOf('migration_completion_postcopy_end ');
    expect(verdictOf(await judge(old.toSpliced(end + 1, 0, ...sync(4))), ID).verdict).not.toBe('pass');
  });

  test('half of a sync', async () => {
    const report = await judge(postcopyRun({ end: postcopyEnd('migration_bitmap_sync_end dirty_pages 4') }));
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, 'src.log:34 migration_bitmap_sync_end dirty_pages 4'));
  });

  test('8.0 to 10.0: the exact query there syncs', async () => {
    const run = oldPostcopyRun();
    const at = run.findIndex((line) => line.startsWith('migrate_pending_exact'));
    const report = await judge(run.toSpliced(at, 0, ...sync(4)));
    expect(accusation(report, ID)).toEqual(accused(MESSAGE, `src.log:${at + 1} migration_bitmap_sync_start`));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('7.2', async () => {
    const run = oldestPostcopyRun();
    const at = run.indexOf('qemu_savevm_send_packaged ');
    expect(accusation(await judge(run.toSpliced(at + 1, 0, ...sync(4))), ID)).toEqual(
      accused(MESSAGE, `src.log:${at + 2} migration_bitmap_sync_start`),
    );
    expect(verdictOf(await judge(run.toSpliced(at, 0, ...sync(4))), ID).verdict).toBe('pass');
  });

  test('after a recovery', async () => {
    const recovery = ['postcopy-paused', 'postcopy-recover-setup', 'postcopy-recover'].map(state);
    expect(verdictOf(await judge(postcopyRun({ end: postcopyEnd(...recovery, ...sync(4)) })), ID).verdict).toBe(
      'violated',
    );
    expect(verdictOf(await judge(postcopyRun({ end: postcopyEnd(...recovery) })), ID).verdict).toBe('pass');
  });

  test('the log ends in postcopy', async () => {
    const report = await judge(postcopyRun({ end: [...postcopyEnd(...sync(4)).slice(0, 3)] }));
    expect(verdictOf(report, ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['11.1', postcopyRun()],
    ['the patch as posted', postcopyRun({}, 'thread')],
    ['8.0 to 10.0', oldPostcopyRun()],
    ['7.2, postcopy-active before the last sync', oldestPostcopyRun()],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('8.0 to 9.2: postcopy-active stands before the stop', async () => {
    const lines = oldPostcopyRun().filter((line) => line !== state('device') && line !== state('postcopy-active'));
    const run = lines.toSpliced(lines.indexOf('postcopy_start '), 0, state('postcopy-active'));
    const report = await judge(run);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('another attempt in the same log', async () => {
    const report = await judge([...postcopyRun(), ...precopyRun()]);
    expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'not-applicable']);
    const states = without([...postcopyRun(), ...precopyRun()], 'migrate_set_state');
    expect(violatedRules(await judge(states))).toEqual([]);
  });

  test('the switchover of postcopy failed, the guest runs on, precopy syncs', async () => {
    const failed = postcopyRun({
      packaged: [state('failing')],
      end: [FINISH_TO_RUNNING, 'vm_state_notify running 1 reason 9 (running)', state('failed')],
    });
    expect(violatedRules(await judge([...failed, ...precopyRun()]))).toEqual([]);
    const states = without([...failed, ...precopyRun()], 'migrate_set_state', 'savevm_state_header');
    expect(violatedRules(await judge(states))).toEqual([]);
  });
});

// Also of postcopy-switchover-without-sync: QEMU up to 9.2 with pause-before-switchover goes from
// pre-switchover to postcopy-active BEFORE its last sync (migration_maybe_pause in postcopy_start).
describe('pause-before-switchover up to 9.2: postcopy-active before the last sync', () => {
  const paused8 = oldPostcopyRun().flatMap((line) => {
    if (line === state('device')) return [state('pre-switchover'), state('postcopy-active')];
    return line === state('postcopy-active') ? [] : [line];
  });
  const paused7 = oldestPostcopyRun().flatMap((line) => {
    if (line === state('postcopy-active')) return [];
    if (line !== 'savevm_state_complete_precopy ') return [line];
    return [state('pre-switchover'), state('postcopy-active'), line];
  });

  test('8.0 to 9.2', async () => {
    expect(violatedRules(await judge(paused8))).toEqual([]);
  });

  test('7.2', async () => {
    expect(violatedRules(await judge(paused7))).toEqual([]);
  });

  test('7.2, the log starts between the last query and the stop', async () => {
    for (let first = 1; first < 16; first += 1) {
      expect(violatedRules(await judge(paused7.slice(first))), `from line ${first + 1} on`).toEqual([]);
    }
  });

  test('7.2 without the queries', async () => {
    expect(violatedRules(await judge(without(paused7, 'migrate_pending')))).toEqual([]);
  });
});

describe('undecidable', () => {
  test('no sync is shown', async () => {
    expect(doubt(await judge(without(postcopyRun(), ...SYNC_EVENTS)), ID)).toEqual(
      doubtful('the log shows no sync at all', ...SYNC_EVENTS),
    );
  });

  test('the switchover is not shown', async () => {
    const lines = only(postcopyRun(), 'qemu_savevm_query_pending', 'postcopy_start', ...SYNC_EVENTS);
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('the log does not show the postcopy switchover', 'runstate_set', 'qemu_savevm_send_packaged'),
    );
  });

  test('a hole before the sync', async () => {
    const report = await judge(postcopyRun({ end: postcopyEnd('qemu_savevm_query_pending exact=0, fin', ...sync(4)) }));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });
});

describe('nobody is accused where lines are missing', () => {
  test.each([
    [['migrate_set_state']],
    [['qemu_savevm_send_packaged']],
    [['qemu_savevm_send_packaged', 'vmstate_downtime_checkpoint']],
    [['qemu_savevm_send_packaged', 'vmstate_downtime_checkpoint', 'migrate_set_state']],
    [['runstate_set', 'vm_state_notify', 'migrate_set_state']],
    [['postcopy_start', 'migrate_set_state']],
  ])('without %s', async (events) => {
    for (const run of [postcopyRun(), oldPostcopyRun(), oldestPostcopyRun()]) {
      expect(violatedRules(await judge(without(run, ...events)))).toEqual([]);
    }
  });

  test('the log starts anywhere', async () => {
    for (const run of [postcopyRun(), oldPostcopyRun(), oldestPostcopyRun()]) {
      for (let first = 1; first < run.length - 6; first += 1) {
        expect(violatedRules(await judge(run.slice(first))), `from line ${first + 1} on`).toEqual([]);
      }
    }
  });

  // After the end of the migration its postcopy is over; a sync there is that of an attempt whose beginning is lost.
  test.each([
    ['a hole swallowed the next setup', ['qemu_savevm_query_pending exact=1, fin', ...precopyRun().slice(8)]],
    ['the lines of the next setup are missing', precopyRun().slice(8)],
    ['the log goes on inside the next setup', precopyRun().slice(4)],
  ])('%s', async (_name, lines) => {
    const report = await judge([...postcopyRun(), ...lines]);
    expect(report.verdicts.filter(({ verdict, rule }) => verdict === 'violated' && rule === ID)).toEqual([]);
  });

  // The same where the events that begin a migration are off.
  test('another attempt without its states, header and setup', async () => {
    const events = ['migrate_set_state', 'savevm_state_header', 'savevm_state_setup'];
    expect(violatedRules(await judge(without([...postcopyRun(), ...precopyRun()], ...events)))).toEqual([]);
  });
});

describe('not applicable', () => {
  test.each([
    ['precopy', precopyRun()],
    ['COLO', coloRun(checkpoint())],
    ['a snapshot', SNAPSHOT],
  ])('%s', async (_name, lines) => {
    const { verdict, reason } = verdictOf(await judge(lines), ID);
    expect({ verdict, reason }).toEqual({ verdict: 'not-applicable', reason: 'there was no postcopy' });
  });
});
