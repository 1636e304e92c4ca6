import { describe, expect, test } from 'vitest';
import {
  estimate,
  exact,
  final,
  MIB256,
  oldestPostcopyRun,
  oldPostcopyRun,
  postcopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'postcopy-switchover-without-sync';
const SYNC_EVENTS = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
const MESSAGE = 'the postcopy switchover sent its discard bitmap without a sync after the VM stopped';

describe('violated', () => {
  test('11.1: the final query did not sync', async () => {
    const report = await judge(postcopyRun({ final: [final({ postcopy: 234483712 })] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:28 ram_postcopy_send_discard_bitmap',
        'src.log:17 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
        'src.log:23 qemu_savevm_query_pending exact=1, final=1, total=234483712',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('8.0 to 11.0', async () => {
    const report = await judge(oldPostcopyRun([]));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:26 ram_postcopy_send_discard_bitmap',
        'src.log:16 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('7.2, which is in postcopy-active before the stop', async () => {
    const report = await judge(oldestPostcopyRun([]));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:20 ram_postcopy_send_discard_bitmap',
        'src.log:16 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('a sync after the discard bitmap comes too late', async () => {
    const discard = ['ram_postcopy_send_discard_bitmap ', ...sync(3)];
    expect(verdictOf(await judge(postcopyRun({ final: [final({})], discard })), ID).verdict).toBe('violated');
  });

  test('the event of the discard bitmap is off, but RAM was left to postcopy', async () => {
    const report = await judge(without(postcopyRun({ final: [final({})] }), 'ram_postcopy_send_discard_bitmap'));
    expect(verdictOf(report, ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['11.1', postcopyRun()],
    ['8.0 to 11.0', oldPostcopyRun()],
    ['7.2', oldestPostcopyRun()],
    ['half a sync', postcopyRun({ final: ['migration_bitmap_sync_start ', final({})] })],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });
});

test('the patch as posted, where only the discard syncs: that is behind the final query', async () => {
  const lines = postcopyRun(
    { final: [final({}, 'thread')], discard: [...sync(3), 'ram_postcopy_send_discard_bitmap '] },
    'thread',
  );
  const report = await judge(lines);
  expect(verdictOf(report, ID).verdict).toBe('pass');
  expect(violatedRules(report)).toEqual(['sync-after-final']);
});

describe('postcopy of dirty bitmaps alone', () => {
  const bitmaps = postcopyRun({
    setup: SETUP,
    rounds: [estimate({ precopy: MIB256, postcopy: 65536 }), ...sync(1), exact({ precopy: 0, postcopy: 65536 })],
    final: [final({ postcopy: 65536 })],
    discard: [],
  });

  test('sends no discard bitmap: not applicable', async () => {
    const report = await judge(bitmaps);
    expect(verdictOf(report, ID).verdict).toBe('not-applicable');
  });

  test('nothing says whether RAM was left to postcopy: undecidable', async () => {
    const lines = bitmaps.filter((line) => !line.includes(`precopy=${MIB256}`));
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('the log does not show whether a discard bitmap was sent', 'ram_postcopy_send_discard_bitmap'),
    );
  });
});

describe('undecidable', () => {
  test('no sync is ever shown', async () => {
    expect(doubt(await judge(without(postcopyRun(), ...SYNC_EVENTS)), ID)).toEqual(
      doubtful('the log shows no sync at all', ...SYNC_EVENTS),
    );
  });

  test('a hole in the switchover', async () => {
    const report = await judge(postcopyRun({ final: ['migration_bitmap_sync_end dirty_pa', final({})] }));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });

  test('the stop is not shown', async () => {
    const lines = without(
      postcopyRun().filter((line) => line !== state('device')),
      'runstate_set',
      'vm_state_notify',
      'vmstate_downtime_checkpoint',
      'migration_completion_vm_stop',
    );
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('the log does not show the postcopy switchover', 'runstate_set', 'ram_postcopy_send_discard_bitmap'),
    );
  });

  test('the log starts between the sync and the discard bitmap', async () => {
    expect(violatedRules(await judge(postcopyRun().slice(24)))).toEqual([]);
    expect(violatedRules(await judge(oldPostcopyRun().slice(25)))).toEqual([]);
  });
});

describe('not applicable', () => {
  test.each([
    ['precopy', precopyRun()],
    ['precopy with postcopy-ram on but unused', precopyRun({ final: [...sync(0), final({ postcopy: 4239360 })] })],
    ['a snapshot', SNAPSHOT],
    [
      'failed before the discards',
      postcopyRun({ final: [], saving: [state('failing')], discard: [], packaged: [], end: [state('failed')] }),
    ],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('not-applicable');
    expect(violatedRules(report)).toEqual([]);
  });
});
