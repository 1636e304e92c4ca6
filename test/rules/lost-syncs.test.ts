/** Lines of syncs are lost, or were switched off in the midst of a run: other witnesses of a sync, and of none. */
import { describe, expect, test } from 'vitest';
import { estimate, exact, final, later, oldPrecopyRun, postcopyRun, precopyRun, sync, without } from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const SYNC_EVENTS = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
const STAGE = 'migration_bitmap_sync_stage last_stage=0, bql=1';

const pendingSync = (kind: 'estimate' | 'exact' | 'final', synced: 0 | 1): string =>
  `ram_state_pending_sync exact=${kind === 'estimate' ? 0 : 1}, final=${kind === 'final' ? 1 : 0}, in_postcopy=0, sync=${synced}`;

/** The query says by its probe whether it synced, and no line of a sync stands before it. */
const exactSaid = (synced: 0 | 1) =>
  precopyRun({ rounds: [estimate({ precopy: 8192 }), pendingSync('exact', synced), exact({ precopy: 8192 })] });
const finalSaid = (synced: 0 | 1) => precopyRun({ final: [pendingSync('final', synced), final({ precopy: 4198400 })] });
const postcopySaid = (synced: 0 | 1) =>
  postcopyRun({ final: [pendingSync('final', synced), final({ postcopy: 234483712 })] });

describe('a probe shows a sync, and the log has no line of it', () => {
  test.each([
    ['exact-without-sync', exactSaid(1), exactSaid(0), 10],
    ['final-without-sync', finalSaid(1), finalSaid(0), 23],
    ['postcopy-switchover-without-sync', postcopySaid(1), postcopySaid(0), 23],
  ])('%s', async (id, synced, unsynced, line) => {
    expect(doubt(await judge(synced), id)).toEqual(
      doubtful(
        `lines of syncs are missing in the log: ram_state_pending_sync says sync=1 (line ${line})`,
        ...SYNC_EVENTS,
      ),
    );
    expect(violatedRules(await judge(unsynced))).toEqual([id]);
  });

  test('the probe inside the sync is enough', async () => {
    const report = await judge(precopyRun({ final: [STAGE, final({ precopy: 4198400 })] }));
    expect(doubt(report, 'final-without-sync')).toEqual(
      doubtful(
        'lines of syncs are missing in the log: migration_bitmap_sync_stage shows a sync (line 23)',
        ...SYNC_EVENTS,
      ),
    );
  });

  test('what was found before is taken back, what a probe proves is not', async () => {
    const round = [estimate({ precopy: 8192 }), exact({ precopy: 8192 })];
    const rounds = [...round, estimate({ precopy: 8192 }), pendingSync('exact', 1), exact({ precopy: 8192 })];
    const report = await judge(precopyRun({ rounds, final: [pendingSync('final', 0), final({ precopy: 4198400 })] }));
    expect(verdictOf(report, 'exact-without-sync')).toMatchObject({ verdict: 'undecidable', findingCount: 0 });
    expect(violatedRules(report)).toEqual(['final-without-sync']);
  });
});

describe('a probe says that the query did not sync, and sync events are off', () => {
  test('the exact query', async () => {
    expect(accusation(await judge(without(exactSaid(0), ...SYNC_EVENTS)), 'exact-without-sync')).toEqual(
      accused(
        'the exact query (total 8192) was made without a sync',
        'src.log:9 qemu_savevm_query_pending exact=1, final=0, total=8192',
        'src.log:8 ram_state_pending_sync exact=1, final=0, in_postcopy=0, sync=0',
      ),
    );
    expect(violatedRules(await judge(without(exactSaid(1), ...SYNC_EVENTS)))).toEqual([]);
  });

  test('the final query', async () => {
    expect(accusation(await judge(without(finalSaid(0), ...SYNC_EVENTS)), 'final-without-sync')).toEqual(
      accused(
        'the final query did not sync the dirty bitmaps',
        'src.log:20 qemu_savevm_query_pending exact=1, final=1, total=4198400',
        'src.log:19 ram_state_pending_sync exact=1, final=1, in_postcopy=0, sync=0',
        'src.log:13 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      ),
    );
    expect(violatedRules(await judge(without(finalSaid(1), ...SYNC_EVENTS)))).toEqual([]);
  });

  test('the final query of postcopy', async () => {
    expect(violatedRules(await judge(without(postcopySaid(0), ...SYNC_EVENTS)))).toEqual([
      'postcopy-switchover-without-sync',
    ]);
    expect(violatedRules(await judge(without(postcopySaid(1), ...SYNC_EVENTS)))).toEqual([]);
  });

  test('the posted patch may sync once more before the discards, which only its probe shows', async () => {
    const run = (stage: readonly string[]) =>
      without(
        postcopyRun(
          {
            setup: [...postcopyRun().slice(0, 6), STAGE, ...postcopyRun().slice(6, 9)],
            final: [pendingSync('final', 0), final({ postcopy: 234483712 }, 'thread')],
            discard: [...stage, 'ram_postcopy_send_discard_bitmap '],
          },
          'thread',
        ),
        ...SYNC_EVENTS,
      );
    expect(violatedRules(await judge(run([])))).toEqual(['postcopy-switchover-without-sync']);
    expect(violatedRules(await judge(run([STAGE])))).toEqual([]);
    expect(violatedRules(await judge(without(run([]), 'migration_bitmap_sync_stage')))).toEqual([]);
  });
});

describe('query-migrate counts more syncs than the log shows', () => {
  const log = (lines: readonly string[]) => lines.map((line, index) => later((index + 1) * 1e-2, line));
  const answered = (count: number, second: number, status = 'active') => ({
    qmp: [
      JSON.stringify({
        t0: 1795395600 + second,
        t1: 1795395600.001 + second,
        r: { status, ram: { 'dirty-sync-count': count } },
      }),
    ],
  });
  const run = log(precopyRun({ final: [final({ precopy: 4198400 }, 'thread')] }, 'thread'));

  test.each([
    ['behind the end', answered(3, 0.5, 'completed')],
    ['in the midst of it', answered(2, 0.1)],
  ])('%s', async (_when, options) => {
    const report = await judge(run, options);
    expect(verdictOf(report, 'final-without-sync').reason).toMatch(
      /^lines of syncs are missing in the log: query-migrate counts \d syncs, the log shows \d$/,
    );
    expect(violatedRules(report)).toEqual([]);
  });

  test.each([
    ['as many', answered(2, 0.5, 'completed')],
    ['of another run, long after', answered(7, 9, 'completed')],
    ['of a run before', answered(7, -1, 'completed')],
  ])('%s', async (_what, options) => {
    expect(violatedRules(await judge(run, options))).toEqual(['final-without-sync']);
  });

  test('before the final query existed', async () => {
    expect(violatedRules(await judge(log(oldPrecopyRun([])), answered(3, 0.5, 'completed')))).toEqual([]);
    expect(violatedRules(await judge(log(oldPrecopyRun([])), answered(2, 0.5, 'completed')))).toEqual([
      'final-without-sync',
    ]);
  });

  test('11.1 counts queries, not syncs', async () => {
    const lines = log(precopyRun({ rounds: [estimate({ precopy: 8192 }), exact({ precopy: 8192 })] }));
    expect(violatedRules(await judge(lines, answered(3, 0.5, 'completed')))).toEqual(['exact-without-sync']);
  });

  test('a log that begins late lacks the first ones', async () => {
    const lines = log(precopyRun({ final: [final({ precopy: 4198400 }, 'thread')] }, 'thread').slice(8));
    expect(violatedRules(await judge(lines, answered(2, 0.5, 'completed')))).toEqual(['final-without-sync']);
  });

  test('nothing is missed where every query synced', async () => {
    const lines = log(precopyRun({ final: [...sync(1), final({ precopy: 4198400 }, 'thread')] }, 'thread'));
    const report = await judge(lines, answered(9, 0.5, 'completed'));
    expect(verdictOf(report, 'final-without-sync').verdict).toBe('pass');
  });
});
