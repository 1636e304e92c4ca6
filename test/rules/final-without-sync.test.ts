import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  final,
  oldPostcopyRun,
  oldPrecopyRun,
  only,
  postcopyRun,
  precopyRun,
  SNAPSHOT,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'final-without-sync';
const SYNC_EVENTS = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];

describe('the final query of precopy', () => {
  test('without a sync', async () => {
    const report = await judge(precopyRun({ final: [final({ precopy: 4239360 })] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query did not sync the dirty bitmaps',
        'src.log:23 qemu_savevm_query_pending exact=1, final=1, total=4239360',
        'src.log:17 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('with a sync', async () => {
    const report = await judge(precopyRun());
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test.each([
    ['its start', sync(7720).slice(0, 1)],
    ['its end', sync(7720).slice(1)],
  ])('of the sync only %s is there', async (_half, half) => {
    expect(verdictOf(await judge(precopyRun({ final: [...half, final({})] })), ID).verdict).toBe('pass');
  });

  test('the time stamp of the sync has no fraction: it is a sync all the same', async () => {
    const lines = precopyRun().map((line, index) =>
      index === 22
        ? `2026-11-23T01:04:40Z ${line}`
        : `2026-11-23T01:04:${index < 22 ? '39.9' : '40.0'}000${index + 10}Z ${line}`,
    );
    expect(verdictOf(await judge(lines.toSpliced(23, 1)), ID).verdict).toBe('pass');
  });

  test('the only sync before it began before the stop, and the line of its exact query is lost', async () => {
    const run = precopyRun({ final: [final({ precopy: 4239360 })] });
    expect(doubt(await judge(run.toSpliced(13, 1)), ID)).toEqual(
      doubtful(
        'the only sync before the final query began before the VM stopped: a line of a query is missing',
        'qemu_savevm_query_pending',
      ),
    );
    expect(verdictOf(await judge(precopyRun().toSpliced(13, 1)), ID).verdict).toBe('pass');
  });

  test('a second final query without a sync of its own loses nothing: the VM is stopped', async () => {
    const report = await judge(precopyRun({ final: [...sync(1), final({ precopy: 4096 }), final({ precopy: 4096 })] }));
    expect(violatedRules(report)).toEqual(['final-repeated']);
  });

  test('a sync after the final query is not its own', async () => {
    const report = await judge(precopyRun({ final: [final({}), ...sync(7720)] }));
    expect(verdictOf(report, ID).verdict).toBe('violated');
  });

  test('CPR', async () => {
    expect(verdictOf(await judge(cprRun()), ID).verdict).toBe('pass');
    expect(violatedRules(await judge(cprRun([final({ precopy: 12288 })])))).toEqual([ID]);
  });

  test('a COLO checkpoint', async () => {
    const report = await judge(coloRun(checkpoint(), checkpoint({ final: [final({ precopy: 77824 })] })));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query did not sync the dirty bitmaps',
        'src.log:56 qemu_savevm_query_pending exact=1, final=1, total=77824',
        'src.log:53 runstate_set current_run_state 9 (running) new_state 15 (colo)',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('a cancelled checkpoint syncs as well', async () => {
    const report = await judge(coloRun(checkpoint({ ram: [], run: [] })));
    expect(verdictOf(report, ID).verdict).toBe('pass');
  });
});

describe('before the final query existed', () => {
  test('10.0: the last sync is inside the section of RAM', async () => {
    const report = await judge(oldPrecopyRun());
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('10.0: without it', async () => {
    const report = await judge(oldPrecopyRun([]));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the dirty bitmaps were not synced after the VM stopped',
        'src.log:25 savevm_section_end ram, section_id 1 -> 0',
        'src.log:15 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('10.0: the end of RAM was not reached', async () => {
    const lines = oldPrecopyRun([]);
    const report = await judge(lines.slice(0, 24));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(verdictOf(await judge([...lines.slice(0, 24), state('failed')]), ID).verdict).toBe('not-applicable');
  });
});

describe('undecidable', () => {
  test('no sync is ever shown', async () => {
    const lines = without(precopyRun(), ...SYNC_EVENTS);
    expect(doubt(await judge(lines), ID)).toEqual(doubtful('the log shows no sync at all', ...SYNC_EVENTS));
    expect(violatedRules(await judge(without(oldPrecopyRun(), ...SYNC_EVENTS)))).toEqual([]);
  });

  test('nothing shows whether it was precopy or postcopy', async () => {
    const lines = only(
      precopyRun({ final: [final({})] }),
      'qemu_savevm_query_pending',
      'migration_bitmap_sync_start',
      'runstate_set',
      'vmstate_downtime_checkpoint',
    );
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful(
        'the log does not show whether the switchover was one of precopy',
        'postcopy_start',
        'migration_thread_low_pending',
        'migrate_set_state',
      ),
    );
  });

  test('no query line', async () => {
    expect(doubt(await judge(without(precopyRun(), 'qemu_savevm_query_pending')), ID)).toEqual(
      doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'),
    );
  });

  test('a hole before the final query', async () => {
    const report = await judge(precopyRun({ final: ['migration_bitmap_sync_end dirty_pa', final({})] }));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });

  test('the log starts right before the final query', async () => {
    expect(violatedRules(await judge(precopyRun().slice(24)))).toEqual([]);
  });
});

describe('not applicable', () => {
  test.each([
    ['postcopy', postcopyRun()],
    ['postcopy without a sync', postcopyRun({ final: [final({})] })],
    ['postcopy of 10.0', oldPostcopyRun()],
    ['a snapshot', SNAPSHOT],
    ['a background snapshot', BACKGROUND_SNAPSHOT],
    ['no final query', precopyRun({ final: [] })],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
  });
});
