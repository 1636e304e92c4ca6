import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  delayed,
  estimate,
  exact,
  FINISH_TO_RUNNING,
  later,
  old,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  only,
  postcopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  tid,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'estimate-with-sync';
const SYNC_EVENTS = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
const ENABLE = ['cpu_throttle_dirty_sync', 'savevm_state_iterate'];
const FIRST = estimate({ precopy: 81920 });
const LAST = [...sync(9), exact({ precopy: 4096 })];
/** Behind the first estimate, at line 9, and before the exact query that decides. */
const rounds = (...lines: readonly string[]) => precopyRun({ rounds: [FIRST, ...lines, ...LAST] });
const bad = [...sync(1), estimate({ precopy: 40960 })];
const spin = [estimate({}), ...sync(1), exact({})];
const alone = (line: number) =>
  doubtful(`a sync stands before the estimate at line ${line}, but a lost line or a timer explains it, too`, ...ENABLE);

describe('violated', () => {
  test('two estimates running', async () => {
    const report = await judge(rounds(...bad, ...sync(2), estimate({ precopy: 8192 })));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the estimate query (total 8192) synced, as the estimate before it did',
        'src.log:15 qemu_savevm_query_pending exact=0, final=0, total=8192',
        'src.log:13 migration_bitmap_sync_start',
        'src.log:12 qemu_savevm_query_pending exact=0, final=0, total=40960',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('one of them without its sync: undecidable', async () => {
    expect(doubt(await judge(rounds(...bad, estimate({ precopy: 8192 }))), ID)).toEqual(alone(12));
  });

  test('each with an exact query behind it', async () => {
    const round = [...sync(1), estimate({}), ...sync(2), exact({})];
    const report = await judge(rounds(...round, ...round, ...round));
    expect(verdictOf(report, ID).findingCount).toBe(2);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('8.0 to 10.0', async () => {
    const lines = oldPrecopyRun().toSpliced(9, 0, ...sync(1), old.estimate(40960), ...sync(2), old.estimate(8192));
    expect(accusation(await judge(lines), ID)).toEqual(
      accused(
        'the estimate query (total 8192) synced, as the estimate before it did',
        'src.log:15 migrate_pending_estimate estimate pending size 8192 (pre = 8192 post=0)',
        'src.log:13 migration_bitmap_sync_start',
        'src.log:12 migrate_pending_estimate estimate pending size 40960 (pre = 40960 post=0)',
      ),
    );
  });

  test('halves of syncs', async () => {
    const half = ['migration_bitmap_sync_end dirty_pages 1', estimate({ precopy: 4096 })];
    expect(accusation(await judge(rounds(...half, ...half)), ID).findings[0]?.evidence).toEqual([
      'src.log:13 qemu_savevm_query_pending exact=0, final=0, total=4096',
      'src.log:12 migration_bitmap_sync_end dirty_pages 1',
      'src.log:11 qemu_savevm_query_pending exact=0, final=0, total=4096',
    ]);
  });

  test('the log starts in the middle and shows no exact query: undecidable', async () => {
    const report = await judge([FIRST, ...bad, ...bad]);
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    // Its first estimate may be that of setup.
    expect(verdictOf(await judge([...bad, ...bad]), ID).verdict).toBe('undecidable');
  });

  test('no exact query, and both syncs stand behind a round', async () => {
    const round = ['savevm_section_start ram, section_id 1', 'savevm_section_end ram, section_id 1 -> 0'];
    const lines = postcopyRun({ rounds: [FIRST, ...round, ...bad, ...round, ...sync(2), estimate({ precopy: 8192 })] });
    expect(accusation(await judge(lines), ID)).toEqual(
      accused(
        'the estimate query (total 8192) synced, as the estimate before it did',
        'src.log:20 qemu_savevm_query_pending exact=0, final=0, total=8192',
        'src.log:18 migration_bitmap_sync_start',
        'src.log:15 qemu_savevm_query_pending exact=0, final=0, total=40960',
      ),
    );
    // The sync of an exact query, whose line is lost, stands ahead of the round.
    const ahead = postcopyRun({
      rounds: [FIRST, ...sync(1), ...round, estimate({ precopy: 40960 }), ...sync(2), ...round, estimate({})],
    });
    expect(verdictOf(await judge(ahead), ID).verdict).toBe('undecidable');
  });

  test('the first two of a migration', async () => {
    const rounds = [...sync(1), FIRST, ...sync(2), estimate({ precopy: 40960 }), ...LAST];
    expect(accusation(await judge(precopyRun({ rounds })), ID).findings[0]?.evidence).toEqual([
      'src.log:14 qemu_savevm_query_pending exact=0, final=0, total=40960',
      'src.log:12 migration_bitmap_sync_start',
      'src.log:11 qemu_savevm_query_pending exact=0, final=0, total=81920',
    ]);
    // Where `active` is not shown, the sync before the first one is that of setup.
    const lines = without(precopyRun({ rounds: rounds.slice(2) }), state('active'));
    expect(violatedRules(await judge(lines))).toEqual([]);
  });

  test('not where the second sync comes 5 s later: a timer may have made both', async () => {
    const lines = rounds(...bad, ...sync(2), estimate({ precopy: 8192 }));
    expect(violatedRules(await judge(delayed(lines, 13, 3)))).toEqual([ID]);
    const report = await judge(delayed(lines, 13, 5));
    expect(doubt(report, ID)).toEqual(alone(12));
    expect(violatedRules(report)).toEqual([]);
  });

  test('the probe proves a single one', async () => {
    const probe = 'ram_state_pending_sync exact=0, final=0, in_postcopy=0, sync=1';
    const report = await judge(rounds(probe, ...bad));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the estimate query (total 40960) synced',
        'src.log:13 qemu_savevm_query_pending exact=0, final=0, total=40960',
        'src.log:10 ram_state_pending_sync exact=0, final=0, in_postcopy=0, sync=1',
        'src.log:11 migration_bitmap_sync_start',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
    // The sync is an exact query's, whose line is lost.
    expect(doubt(await judge(rounds(probe.replace('exact=0', 'exact=1'), ...bad)), ID)).toEqual(alone(13));
  });

  test('the estimates of the second attempt', async () => {
    const failed = precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] });
    const report = await judge([...failed, ...rounds(...bad, ...bad)]);
    expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'violated']);
  });
});

describe('a pass', () => {
  test.each([
    ['11.1', precopyRun()],
    ['the patch as posted', precopyRun({}, 'thread')],
    ['8.0 to 10.0, the last sync inside the RAM section', oldPrecopyRun()],
    ['8.0 to 10.0 in postcopy', oldPostcopyRun()],
    ['postcopy', postcopyRun()],
    ['COLO', coloRun(checkpoint(), checkpoint())],
    ['CPR', cprRun()],
    ['the spin of equal polls', rounds(...spin, ...spin, ...spin, ...spin)],
    ['the sync of setup, before the first estimate', precopyRun({ rounds: [FIRST, ...LAST] })],
    ["auto-converge's timer before the sync of an exact query", rounds('cpu_throttle_dirty_sync ', ...sync(3))],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('two attempts: the sync of the second setup is no estimate’s', async () => {
    const failed = precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] });
    const report = await judge([...failed, ...precopyRun()]);
    expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'pass']);
  });
});

describe('undecidable', () => {
  test('one estimate with a sync', async () => {
    expect(doubt(await judge(rounds(...bad)), ID)).toEqual(alone(12));
    expect(verdictOf(await judge(rounds(bad.at(-1) ?? '')), ID).verdict).toBe('pass');
  });

  test("auto-converge's timer", async () => {
    const lines = rounds('cpu_throttle_dirty_sync ', ...bad, estimate({ precopy: 8192 }));
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).not.toBe('violated');
    expect(doubt(await judge(without(lines, 'cpu_throttle_dirty_sync')), ID)).toEqual(alone(12));
  });

  test("auto-converge's timer in every round of a slow channel, its event off", async () => {
    const lines = rounds(...bad, ...sync(2), estimate({ precopy: 8192 }));
    const apart = (seconds: number) => lines.map((line, index) => later(index < 12 ? 1 : 1 + seconds, line));
    expect(verdictOf(await judge(apart(3)), ID).verdict).toBe('violated');
    expect(doubt(await judge(apart(5)), ID)).toEqual(alone(12));
  });

  test("auto-converge's timer, where the log shows the threads", async () => {
    const lines = rounds(...bad, ...sync(2), estimate({ precopy: 8192 }));
    const byThread = (syncing: number) =>
      tid(lines.map((line, index) => [index >= 9 && line.includes('_sync_') ? syncing : 12, line]));
    expect(verdictOf(await judge(byThread(12)), ID).verdict).toBe('violated');
    expect(verdictOf(await judge(byThread(11)), ID).verdict).toBe('pass');
  });

  test('timers with estimates between them', async () => {
    const timer = ['cpu_throttle_dirty_sync ', ...bad, estimate({ precopy: 8192 })];
    const lines = rounds(...timer, ...timer, ...timer);
    expect(violatedRules(await judge(lines))).toEqual([]);
    expect(violatedRules(await judge(without(lines, 'cpu_throttle_dirty_sync')))).toEqual([]);
  });

  test('the spin of equal polls with one exact line lost, whichever', async () => {
    const run = rounds(...spin, ...spin, ...spin, ...spin);
    const exacts = run.flatMap((line, at) => (line === exact({}) ? [at] : []));
    expect(exacts).toHaveLength(4);
    for (const at of exacts.slice(0, -1)) {
      expect(doubt(await judge(run.toSpliced(at, 1)), ID)).toEqual(alone(at + 1));
    }
  });

  test('the spin with every other exact line lost', async () => {
    const lost = [estimate({}), ...sync(1)];
    const report = await judge(rounds(...lost, ...spin, ...lost, ...spin, ...spin));
    expect(violatedRules(report)).toEqual([]);
  });

  test('a hole before the second of two', async () => {
    const report = await judge(rounds(...bad, ...sync(2), 'qemu_savevm_query_pending exact=1, fin', estimate({})));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });

  test('no sync is shown', async () => {
    expect(doubt(await judge(without(precopyRun(), ...SYNC_EVENTS)), ID)).toEqual(
      doubtful('the log shows no sync at all', ...SYNC_EVENTS),
    );
  });

  test('no query line', async () => {
    expect(doubt(await judge(without(precopyRun(), 'qemu_savevm_query_pending')), ID)).toEqual(
      doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'),
    );
  });
});

describe('nobody is accused', () => {
  test('any one line is missing', async () => {
    const spinning = rounds(...spin, ...spin, ...spin);
    for (const run of [spinning, postcopyRun(), oldPrecopyRun(), oldPostcopyRun(), coloRun(checkpoint())]) {
      for (let line = 0; line < run.length; line += 1) {
        const verdicts = (await judge(run.toSpliced(line, 1))).verdicts.filter(({ rule }) => rule === ID);
        expect(verdicts.map(({ verdict }) => verdict)).not.toContain('violated');
      }
    }
  });

  test('the log starts anywhere', async () => {
    const run = rounds('cpu_throttle_dirty_sync ', ...bad, ...spin, ...spin);
    for (let first = 1; first < run.length - 12; first += 1) {
      expect(violatedRules(await judge(run.slice(first))), `from line ${first + 1} on`).toEqual([]);
    }
  });

  // The two events of 8.0 to 10.0 can be switched on one by one; then every round looks so.
  test('8.0 to 10.0, migrate_pending_exact is off', async () => {
    const round = [old.estimate(8192), ...sync(1), old.exact(4096)];
    const run = [...SETUP, ...round, ...round, ...round, ...round, 'migration_thread_low_pending 4096', ...STOP];
    const report = await judge(without(run, 'migrate_pending_exact'));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(violatedRules(report)).toEqual([]);
  });

  // An exact query between two estimates does not part them.
  test('the log shows no exact query at all', async () => {
    const run = rounds(...spin, ...spin, ...spin).filter((line) => !line.includes('exact=1, final=0'));
    expect(violatedRules(await judge(run)).filter((rule) => rule === ID)).toEqual([]);
  });

  // An exact query between two estimates does not part them.
  test('two timers running, each with its cpu_throttle_dirty_sync: the stream stood still for 10 s', async () => {
    const timer = ['cpu_throttle_dirty_sync ', ...bad];
    expect(violatedRules(await judge(rounds(...timer, ...timer)))).toEqual([]);
  });

  // An exact query between two estimates does not part them.
  test('a hole took the exact line before the first, a timer synced before the second', async () => {
    const lines = rounds(...sync(1), 'qemu_savevm_query_pending exact=1, fin', estimate({ precopy: 40960 }), ...bad);
    expect(violatedRules(await judge(lines))).toEqual([]);
  });

  // An exact query between two estimates does not part them.
  test.each([
    [[]],
    [['runstate_set']],
    [['qmp_enter_migrate']],
    [['runstate_set', 'vm_state_notify']],
  ])('three attempts of one round each, their beginnings not shown, beside the queries %s', async (events) => {
    const failed = precopyRun({
      rounds: [FIRST, ...LAST],
      saving: [state('failing')],
      end: [FINISH_TO_RUNNING, state('failed')],
    });
    const lines = only([...failed, ...failed, ...failed], 'qemu_savevm_query_pending', ...SYNC_EVENTS, ...events);
    expect(violatedRules(await judge(lines))).toEqual([]);
  });
});

describe('not applicable', () => {
  test.each([
    ['7.2: its one kind of query is no estimate', oldestPostcopyRun()],
    ['a snapshot', SNAPSHOT],
    ['a background snapshot', BACKGROUND_SNAPSHOT],
    ['a migration without an estimate', precopyRun({ rounds: LAST })],
  ])('%s', async (_name, lines) => {
    const { verdict, reason } = verdictOf(await judge(lines), ID);
    expect({ verdict, reason }).toEqual({ verdict: 'not-applicable', reason: 'no estimate was made' });
  });
});
