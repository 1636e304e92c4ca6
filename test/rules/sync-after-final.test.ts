import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  FINISH_TO_RUNNING,
  final,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  only,
  postcopyRun,
  precopyRun,
  RAM_SECTION,
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

const ID = 'sync-after-final';
const MESSAGE = 'the dirty bitmaps were synced again behind the final query';
const SYNC_EVENTS = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
const END_EVENTS = ['migrate_set_state', 'vmstate_downtime_checkpoint'];
const DISCARD = ['qemu_savevm_send_postcopy_ram_discard pc.ram: 1', 'ram_postcopy_send_discard_bitmap '];
const late = [...SAVING, ...sync(9), ...RAM_SECTION];
const failed = precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] });

describe('violated', () => {
  test('precopy, before the RAM section', async () => {
    const report = await judge(precopyRun({ saving: late }));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:29 migration_bitmap_sync_start',
        'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=4239360',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('postcopy, before the discards as up to 10.0', async () => {
    const report = await judge(postcopyRun({ discard: [...sync(9), ...DISCARD] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:29 migration_bitmap_sync_start',
        'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=234483712',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('before the end of the downtime, and not behind it', async () => {
    const run = precopyRun();
    const at = run.indexOf('vmstate_downtime_checkpoint src-downtime-end');
    const report = await judge(run.toSpliced(at, 0, ...sync(1)));
    expect(accusation(report, ID).findings[0]?.evidence[0]).toBe(`src.log:${at + 1} migration_bitmap_sync_start`);
    expect(verdictOf(await judge(run.toSpliced(at + 1, 0, ...sync(1))), ID).verdict).toBe('pass');
  });

  test('in postcopy before the package; behind it, it is the matter of sync-in-postcopy', async () => {
    const run = postcopyRun();
    const at = run.indexOf('qemu_savevm_send_packaged ');
    expect(violatedRules(await judge(run.toSpliced(at, 0, ...sync(1))))).toEqual([ID]);
    expect(violatedRules(await judge(run.toSpliced(at + 1, 0, ...sync(1))))).toEqual(['sync-in-postcopy']);
  });

  test('in postcopy without the line of the package', async () => {
    const run = postcopyRun();
    const at = run.indexOf('qemu_savevm_send_packaged ');
    const doubtfulEnd = doubtful(
      'the log does not show where the postcopy switchover ended',
      'qemu_savevm_send_packaged',
    );
    const behind = without(run.toSpliced(at + 1, 0, ...sync(1)), 'qemu_savevm_send_packaged');
    expect(doubt(await judge(behind), ID)).toEqual(doubtfulEnd);
    expect(violatedRules(await judge(behind))).toEqual([]);
    // Ahead of the discard bitmap it is ahead of the package, too.
    const ahead = without(postcopyRun({ discard: [...sync(9), ...DISCARD] }), 'qemu_savevm_send_packaged');
    expect(violatedRules(await judge(ahead))).toEqual([ID]);
  });

  test('behind a second final query', async () => {
    const twice = [...sync(1), final({ precopy: 4096 }), ...sync(2), final({ precopy: 8192 })];
    const report = await judge(precopyRun({ final: [...twice, ...sync(3)] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:29 migration_bitmap_sync_start',
        'src.log:28 qemu_savevm_query_pending exact=1, final=1, total=8192',
      ),
    );
  });

  test('inside one COLO checkpoint', async () => {
    const ram = [...sync(4), 'vmstate_downtime_checkpoint src-iterable-saved'];
    const report = await judge(coloRun(checkpoint(), checkpoint({ ram })));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:59 migration_bitmap_sync_start',
        'src.log:58 qemu_savevm_query_pending exact=1, final=1, total=12832768',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('half of a sync is one, too', async () => {
    const saving = [...SAVING, 'migration_bitmap_sync_end dirty_pages 9', ...RAM_SECTION];
    const report = await judge(precopyRun({ saving }));
    expect(accusation(report, ID).findings[0]?.evidence[0]).toBe('src.log:29 migration_bitmap_sync_end dirty_pages 9');
  });

  test('the patch as posted', async () => {
    expect(verdictOf(await judge(precopyRun({ saving: late }, 'thread')), ID).verdict).toBe('violated');
    const lines = postcopyRun({ discard: [...sync(9), ...DISCARD] }, 'thread');
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
  });

  test('only the states show the end', async () => {
    const lines = without(precopyRun({ saving: late }), 'vmstate_downtime_checkpoint');
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['precopy', precopyRun()],
    ['postcopy', postcopyRun()],
    ['the patch as posted', precopyRun({}, 'thread')],
    ['CPR', cprRun()],
    ['COLO', coloRun(checkpoint(), checkpoint(), checkpoint())],
    ['a failed switchover', failed],
    [
      'a second final query with its sync',
      precopyRun({ final: [...sync(1), final({ precopy: 4096 }), ...sync(2), final({ precopy: 8192 })] }),
    ],
    ['two syncs before the final query', precopyRun({ final: [...sync(1), ...sync(2), final({ precopy: 4096 })] })],
    [
      'pause-before-switchover',
      precopyRun({ stop: [...STOP.slice(0, -1), state('pre-switchover'), ...sync(3), state('device')] }),
    ],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('two attempts: the sync of the second setup is its own', async () => {
    const report = await judge([...failed, ...precopyRun()]);
    expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'pass']);
    const second = await judge([...failed, ...precopyRun({ saving: late })]);
    expect([0, 1].map((migration) => verdictOf(second, ID, migration).verdict)).toEqual(['pass', 'violated']);
  });

  test("COLO: auto-converge's timer between two checkpoints", async () => {
    const lines = coloRun(checkpoint(), ['cpu_throttle_dirty_sync ', ...sync(3)], checkpoint());
    expect(violatedRules(await judge(lines))).toEqual([]);
  });
});

describe('undecidable', () => {
  test('no sync is shown', async () => {
    expect(doubt(await judge(without(precopyRun(), ...SYNC_EVENTS)), ID)).toEqual(
      doubtful('the log shows no sync at all', ...SYNC_EVENTS),
    );
  });

  test.each([
    ['behind the final query', [] as readonly string[]],
    ['behind a late sync', sync(3)],
  ])('the log ends %s', async (_name, saving) => {
    expect(doubt(await judge(precopyRun({ saving, end: [] })), ID)).toEqual(
      doubtful('the log does not show the end of the switchover', ...END_EVENTS),
    );
  });

  test('a hole: the line of a second final query may be the one that is lost', async () => {
    const lines = precopyRun({
      final: [...sync(1), final({}), ...sync(2), 'qemu_savevm_query_pending exact=1, fin'],
    });
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(verdictOf(report, ID).reason).toContain('line 28');
    expect(violatedRules(report)).toEqual([]);
  });

  test('the final query is shown and its switchover is not', async () => {
    const lines = only(precopyRun(), 'qemu_savevm_query_pending', ...SYNC_EVENTS);
    expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
  });
});

describe('nobody is accused where events are off', () => {
  const colo = coloRun(checkpoint(), ['cpu_throttle_dirty_sync ', ...sync(3)], checkpoint());

  test.each([
    [['migrate_set_state']],
    [['vmstate_downtime_checkpoint']],
    [['qemu_savevm_send_packaged', 'vmstate_downtime_checkpoint']],
    [['qemu_savevm_send_packaged', 'vmstate_downtime_checkpoint', 'migrate_set_state']],
    [['runstate_set', 'vm_state_notify']],
    [['runstate_set', 'vm_state_notify', 'colo_vm_state_change']],
    [['runstate_set', 'vm_state_notify', 'migrate_set_state']],
    [['runstate_set', 'vm_state_notify', 'migrate_set_state', 'vmstate_downtime_checkpoint']],
  ])('without %s', async (events) => {
    for (const run of [precopyRun(), postcopyRun(), colo, cprRun(), [...failed, ...failed, ...precopyRun()]]) {
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
      for (let first = 1; first < run.length - 10; first += 1) {
        expect(violatedRules(await judge(run.slice(first))), `from line ${first + 1} on`).toEqual([]);
      }
    }
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
      state('cancelling'),
      state('cancelled'),
      'runstate_set current_run_state 4 (paused) new_state 9 (running)',
      'vm_state_notify running 1 reason 9 (running)',
    ];
    expect(violatedRules(await judge(lines))).toEqual([]);
    const shown = only(lines, 'qemu_savevm_query_pending', ...SYNC_EVENTS, ...events);
    expect(violatedRules(await judge(shown))).toEqual([]);
  });
});

describe('not applicable', () => {
  test.each([
    ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot makes no pending query'],
    ['QEMU 10.0, whose sync is inside the RAM section', oldPrecopyRun(), 'QEMU 10.0 has no final query'],
    ['QEMU 10.0 in postcopy', oldPostcopyRun(), 'QEMU 10.0 has no final query'],
    ['QEMU 7.2', oldestPostcopyRun(), 'QEMU 7.2 has no final query'],
    ['a switchover without a final query', precopyRun({ final: sync(3) }), 'no final query was made'],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect({ verdict: verdict.verdict, reason: verdict.reason }).toEqual({ verdict: 'not-applicable', reason });
  });
});
