import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  estimate,
  exact,
  FINISH_TO_RUNNING,
  final,
  oldestPostcopyRun,
  oldPrecopyRun,
  postcopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'last-sync-not-marked';
const MESSAGE = 'the sync of the final query ran with last_stage=0';
const STAGE = 'migration_bitmap_sync_stage';
const stage = (last: 0 | 1): string => `${STAGE} last_stage=${last}, bql=1`;
const marked = (pages: number, last: 0 | 1): readonly string[] => [
  'migration_bitmap_sync_start ',
  stage(last),
  `migration_bitmap_sync_end dirty_pages ${pages}`,
];
const finalWith = (last: 0 | 1, band: '11.1' | 'thread' = '11.1') => [
  ...marked(7720, last),
  final({ precopy: 4239360 }, band),
];
const NO_PROBE = doubtful('no probe shows the stage of the final sync', STAGE);

describe('violated', () => {
  test('precopy', async () => {
    const report = await judge(precopyRun({ final: finalWith(0) }));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:24 migration_bitmap_sync_stage last_stage=0, bql=1',
        'src.log:26 qemu_savevm_query_pending exact=1, final=1, total=4239360',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('thread', async () => {
    const report = await judge(precopyRun({ final: finalWith(0, 'thread') }, 'thread'));
    expect(accusation(report, ID).findings).toHaveLength(1);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('postcopy', async () => {
    const report = await judge(postcopyRun({ final: [...marked(0, 0), final({ postcopy: 234483712 })] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        'src.log:24 migration_bitmap_sync_stage last_stage=0, bql=1',
        'src.log:26 qemu_savevm_query_pending exact=1, final=1, total=234483712',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the log ends right behind the final query', async () => {
    const report = await judge(precopyRun({ final: finalWith(0), saving: [], end: [] }));
    expect(accusation(report, ID).count).toBe(1);
  });

  test('the migration fails afterwards', async () => {
    const report = await judge(
      precopyRun({ final: finalWith(0), saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] }),
    );
    expect(accusation(report, ID).count).toBe(1);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('CPR', async () => {
    const report = await judge(cprRun([...marked(3, 0), final({ precopy: 12288 })]));
    expect(accusation(report, ID).count).toBe(1);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('one COLO checkpoint of three', async () => {
    const one = (last: 0 | 1) => checkpoint({ final: [...marked(19, last), final({ precopy: 77824 })] });
    const lines = coloRun(one(1), one(0), one(1)).flatMap((line, index) => (index === 22 ? [line, stage(1)] : [line]));
    const report = await judge(lines);
    const at = lines.indexOf(stage(0));
    expect(accusation(report, ID)).toEqual(
      accused(
        MESSAGE,
        `src.log:${at + 1} migration_bitmap_sync_stage last_stage=0, bql=1`,
        `src.log:${at + 3} qemu_savevm_query_pending exact=1, final=1, total=77824`,
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the second attempt only', async () => {
    const failed = precopyRun({
      final: finalWith(1),
      saving: [state('failing')],
      end: [FINISH_TO_RUNNING, state('failed')],
    });
    const report = await judge([...failed, ...precopyRun({ final: finalWith(0) })]);
    expect(verdictOf(report, ID, 0).verdict).toBe('pass');
    expect(accusation(report, ID, 1).count).toBe(1);
  });

  test('a log that starts at the stop', async () => {
    const report = await judge(precopyRun({ setup: [], rounds: [], decision: [], final: finalWith(0) }));
    expect(accusation(report, ID).findings[0]?.evidence).toEqual([
      'src.log:9 migration_bitmap_sync_stage last_stage=0, bql=1',
      'src.log:11 qemu_savevm_query_pending exact=1, final=1, total=4239360',
    ]);
  });
});

describe('a pass', () => {
  const everywhere = precopyRun({
    setup: SETUP.flatMap((line) => (line.startsWith('migration_bitmap_sync_start') ? [line, stage(0)] : [line])),
    rounds: [estimate({}), ...marked(7710, 0), exact({ precopy: 4198400 })],
    final: finalWith(1),
  });

  test.each([
    ['last_stage=0 in setup and rounds, 1 in the final query', everywhere],
    ['thread', precopyRun({ final: finalWith(1, 'thread') }, 'thread')],
    ['postcopy', postcopyRun({ final: [...marked(0, 1), final({ postcopy: 234483712 })] })],
    [
      'thread, postcopy: syncs again right before the discards, with 0',
      postcopyRun(
        {
          final: [...marked(0, 1), final({ postcopy: 234483712 }, 'thread')],
          discard: [
            'qemu_savevm_send_postcopy_ram_discard pc.ram: 1',
            ...marked(0, 0),
            'ram_postcopy_send_discard_bitmap ',
          ],
        },
        'thread',
      ),
    ],
    [
      'a sync of auto-converge between the stop and the final query',
      precopyRun({ stop: [...STOP, 'cpu_throttle_dirty_sync ', ...marked(4, 0)], final: finalWith(1) }),
    ],
    [
      'a sync of auto-converge between the decision and the stop',
      precopyRun({ decision: ['migration_thread_low_pending 4198400', ...marked(4, 0)], final: finalWith(1) }),
    ],
    ['CPR', cprRun([...marked(3, 1), final({ precopy: 12288 })])],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
  });

  test('a later sync, not the final one, with 0', async () => {
    const lines = precopyRun({ final: [...finalWith(1), ...marked(1, 0)] });
    expect(violatedRules(await judge(lines))).toEqual(['sync-after-final']);
  });
});

describe('no sync of the final query: final-without-sync has that case', () => {
  test('without any sync', async () => {
    const report = await judge(precopyRun({ final: [final({ precopy: 4239360 })] }));
    expect(violatedRules(report)).toEqual(['final-without-sync']);
    expect(verdictOf(report, ID).verdict).not.toBe('pass');
  });

  test('a sync of auto-converge before the stop is not the one of the final query', async () => {
    const decision = ['migration_thread_low_pending 4198400', 'cpu_throttle_dirty_sync ', ...marked(4, 0)];
    const report = await judge(precopyRun({ decision, final: [final({ precopy: 4239360 })] }));
    expect(verdictOf(report, ID).verdict).not.toBe('violated');
  });

  test('nor is the one of an exact query whose line is lost', async () => {
    const rounds = [estimate({ precopy: 4198400 }), ...marked(7710, 0)];
    const report = await judge(precopyRun({ rounds, final: [final({ precopy: 4239360 })] }));
    expect(verdictOf(report, ID).verdict).not.toBe('violated');
  });
});

describe('undecidable', () => {
  test.each([
    ['precopy', precopyRun()],
    ['postcopy', postcopyRun()],
    ['COLO', coloRun(checkpoint())],
    ['CPR', cprRun()],
    ['thread', precopyRun({}, 'thread')],
    [
      'the probe shows only the rounds',
      precopyRun({ rounds: [estimate({}), ...marked(7, 0), exact({ precopy: 4198400 })] }),
    ],
    ['the line of the probe is lost', without(precopyRun({ final: finalWith(0) }), STAGE)],
  ])('without the probe: %s', async (_name, lines) => {
    expect(doubt(await judge(lines), ID)).toEqual(NO_PROBE);
  });

  test('the start of the final sync is lost: nobody is accused by the stage of the sync before it', async () => {
    const rounds = [estimate({}), ...marked(7710, 0), exact({ precopy: 4198400 })];
    const report = await judge(precopyRun({ rounds, final: finalWith(1).slice(1) }));
    expect(violatedRules(report)).toEqual([]);
  });

  test('a hole inside the final query', async () => {
    const [start = '', low = '', end = '', line = ''] = finalWith(0);
    const report = await judge(precopyRun({ final: [start, low, 'migration_bitmap_sync_end dirty_', end, line] }));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(verdictOf(report, ID).enable).toEqual([STAGE]);
    expect(violatedRules(report)).toEqual([]);
  });

  test('the sync events are off, the probe is on: no accusation is lost silently', async () => {
    const lines = without(
      precopyRun({ final: finalWith(0) }),
      'migration_bitmap_sync_start',
      'migration_bitmap_sync_end',
    );
    expect(['violated', 'undecidable']).toContain(verdictOf(await judge(lines), ID).verdict);
  });
});

describe('not applicable', () => {
  test.each([
    ['10.0', oldPrecopyRun(marked(95, 0)), 'QEMU 10.0 has no final query'],
    ['7.2', oldestPostcopyRun(marked(95, 0)), 'QEMU 7.2 has no final query'],
    ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot makes no pending query'],
    ['a switchover without a final query', precopyRun({ final: sync(3) }), 'no final query was made'],
    [
      'cancelled in precopy',
      precopyRun({ decision: [state('cancelling')], stop: [], final: [], saving: [], end: [state('cancelled')] }),
      'the migration never came to its switchover',
    ],
  ])('%s', async (_name, lines, reason) => {
    const { verdict, reason: said } = verdictOf(await judge(lines), ID);
    expect({ verdict, said }).toEqual({ verdict: 'not-applicable', said: reason });
  });
});
