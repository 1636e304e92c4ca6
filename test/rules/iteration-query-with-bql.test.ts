import { describe, expect, test } from 'vitest';
import { LOCKED_END, LOCKED_FINAL, LOCKED_STOP, releases, takes, UNLOCK, waits } from './locks.ts';
import {
  BACKGROUND_SNAPSHOT,
  estimate,
  exact,
  final,
  oldestPostcopyRun,
  oldPrecopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  state,
  sync,
  tid,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'iteration-query-with-bql';
const MUTEX_EVENTS = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'];
const SYNCED = [waits('migration/ram.c:3450'), takes('migration/ram.c:3450'), ...sync(7516)];

/** One round with an exact query, 7 lines: the lock given back before its line, or behind it. */
function round(held: boolean, total: number): readonly string[] {
  const query = exact({ precopy: total });
  return [estimate({ precopy: 4812800 }), ...SYNCED, ...(held ? [query, releases(UNLOCK)] : [releases(UNLOCK), query])];
}

/** 11 lines: setup's own section of the lock. */
const LOCKED_SETUP = [
  ...SETUP.slice(0, 2),
  waits('migration/migration.c:3681'),
  takes('migration/migration.c:3681'),
  ...SETUP.slice(2, 6),
  releases(UNLOCK),
  ...SETUP.slice(6),
];

/** Lines 1-11 setup, then the rounds, the stop and the rest of LOCKED_STOP. */
const run = (...rounds: readonly (readonly string[])[]) => [
  ...LOCKED_SETUP,
  ...rounds.flat(),
  ...LOCKED_STOP.slice(SETUP.length),
  ...LOCKED_FINAL,
  ...LOCKED_END,
];

describe('violated', () => {
  test('two exact queries with the lock held', async () => {
    const report = await judge(run(round(true, 8192), round(true, 12288)));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the migration thread held the BQL at the exact query (total 12288), as at a query before it',
        'src.log:24 qemu_savevm_query_pending exact=1, final=0, total=12288',
        'src.log:21 qemu_mutex_locked taken mutex 0x56551ace07e0 (migration/ram.c:3450)',
        'src.log:17 qemu_savevm_query_pending exact=1, final=0, total=8192',
      ),
    );
    expect(violatedRules(report)).toEqual([]);
  });

  test('every round of a long run: at most 20 findings, all counted', async () => {
    const rounds = Array.from({ length: 50 }, (_, index) => round(true, 4096 * index));
    const verdict = verdictOf(await judge(run(...rounds)), ID);
    expect({ shown: verdict.findings.length, all: verdict.findingCount }).toEqual({ shown: 20, all: 49 });
  });

  test('with thread ids each one is proven by itself', async () => {
    const lines = [...SETUP.slice(2), ...round(true, 8192), ...round(true, 12288), ...round(false, 4096)];
    const report = await judge(
      tid([
        [100, takes('util/main-loop.c:313')],
        [100, releases(UNLOCK)],
        ...lines.map((line) => [200, line] as const),
        [200, waits('migration/migration.c:2864')],
      ]),
    );
    expect(accusation(report, ID).count).toBe(2);
    expect(accusation(report, ID).findings[0]).toEqual({
      message: 'the migration thread held the BQL at the exact query (total 8192)',
      evidence: [
        'src.log:14 qemu_savevm_query_pending exact=1, final=0, total=8192',
        'src.log:11 qemu_mutex_locked taken mutex 0x56551ace07e0 (migration/ram.c:3450)',
      ],
    });
  });

  test('the probe says it of one estimate', async () => {
    const rounds = ['qemu_savevm_query_pending_bql locked=1', estimate({ precopy: 8192 }), ...sync(2), exact({})];
    expect(accusation(await judge(precopyRun({ rounds })), ID)).toEqual(
      accused(
        'the migration thread held the BQL at the estimate query (total 8192)',
        'src.log:10 qemu_savevm_query_pending exact=0, final=0, total=8192',
        'src.log:9 qemu_savevm_query_pending_bql locked=1',
      ),
    );
  });
});

describe('a pass', () => {
  test('the lock is given back before the line', async () => {
    const verdict = verdictOf(await judge(run(round(false, 8192), round(false, 12288))), ID);
    expect(verdict).toMatchObject({
      verdict: 'pass',
      reason: 'the BQL was not held at any of 6 iteration queries',
    });
  });

  test('the main loop holds it meanwhile', async () => {
    const busy = [...SYNCED, releases(UNLOCK), waits('util/main-loop.c:313'), takes('util/main-loop.c:313'), exact({})];
    const lines = run([estimate({}), ...busy, releases(UNLOCK)], [estimate({}), ...busy, releases(UNLOCK)]);
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('10.0', async () => {
    const lines = [...LOCKED_SETUP.filter((line) => line.startsWith('qemu_mutex_')), ...oldPrecopyRun()];
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('a query in the middle of the switchover is none of the loop', async () => {
    const after = [exact({ precopy: 4096 }), exact({ precopy: 4096 })];
    const lines = run().flatMap((line) => (line === LOCKED_FINAL.at(-1) ? [line, ...after] : [line]));
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

describe('undecidable', () => {
  test('a single one: two lines that are missing look the same', async () => {
    expect(doubt(await judge(run(round(true, 8192), round(false, 12288))), ID)).toEqual(
      doubtful(
        'the BQL seems held at the exact query (total 8192) at line 17, but lost lines explain it, too',
        ...MUTEX_EVENTS,
      ),
    );
  });

  test('two in one hold: the lines lost around it mislead at both', async () => {
    const twice = [...round(true, 8192).slice(0, -1), exact({ precopy: 12288 }), releases(UNLOCK)];
    expect(verdictOf(await judge(run(twice)), ID).verdict).toBe('undecidable');
  });

  test('without mutex events: one verdict for all queries', async () => {
    expect(doubt(await judge(precopyRun()), ID)).toEqual(
      doubtful(
        'nothing shows who held the BQL at 3 of 3 iteration queries: no mutex event shows the BQL',
        ...MUTEX_EVENTS,
      ),
    );
  });

  test.each(MUTEX_EVENTS)('without %s nobody is accused', async (event) => {
    for (const held of [true, false]) {
      const lines = without(run(round(held, 8192), round(held, 12288)), event);
      expect(verdictOf(await judge(lines), ID).verdict).not.toBe(held ? 'pass' : 'violated');
    }
  });

  test('any one line of the lock lost: a correct run is never accused', async () => {
    const lines = run(round(false, 8192), round(false, 12288), round(false, 4096));
    for (const [index, line] of lines.entries()) {
      if (!line.startsWith('qemu_mutex_')) continue;
      expect(verdictOf(await judge(lines.toSpliced(index, 1)), ID).verdict, `line ${index + 1}`).not.toBe('violated');
    }
  });

  test('no line of a query', async () => {
    const lines = without(precopyRun(), 'qemu_savevm_query_pending');
    expect(doubt(await judge(lines), ID).verdict).toBe('undecidable');
  });
});

describe('not applicable', () => {
  test.each([
    ['7.2', oldestPostcopyRun(), 'QEMU 7.2 has one kind of query, made in a loop of its own'],
    ['a snapshot', SNAPSHOT, 'no query of the loop was made'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'no query of the loop was made'],
    [
      'cancelled during setup',
      [...SETUP.slice(0, 3), state('cancelling'), state('cancelled')],
      'no query of the loop was made',
    ],
    ['only the switchover', [...LOCKED_STOP.slice(18), final({})], 'no query of the loop was made'],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect({ verdict: verdict.verdict, reason: verdict.reason }).toEqual({ verdict: 'not-applicable', reason });
  });
});
