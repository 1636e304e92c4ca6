import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  estimate,
  exact,
  final,
  hostTime,
  iso,
  oldPrecopyRun,
  precopyRun,
  SNAPSHOT,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'dirty-bytes-not-updated';
const update = (old: number, next: number): string => `mig_dirty_bytes_total_update old=${old}, new=${next}`;
const kind = { estimate, exact, final };

/** 9 update, 10 estimate, 11 update, 12 estimate, 13-14 sync, 15 update, 16 exact, 17 decision, 18-24 stop, 25-26 sync, 27 update, 28 final. */
const probed = (change: (line: string, index: number) => readonly string[] = (line) => [line]) =>
  precopyRun({
    rounds: [
      update(0, 268967936),
      estimate({ precopy: 268967936 }),
      update(268967936, 0),
      estimate({}),
      ...sync(7710),
      update(0, 4198400),
      exact({ precopy: 4198400 }),
    ],
    final: [...sync(7720), update(4198400, 4239360), final({ precopy: 4239360 })],
  }).flatMap((line, index) => change(line, index + 1));

describe('the probe event', () => {
  test('every query stores its total: a pass', async () => {
    const report = await judge(probed());
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('the final query stores nothing', async () => {
    const report = await judge(probed((line, at) => (at === 27 ? [] : [line])));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query did not store its total 4239360 as dirty_bytes_total',
        'src.log:27 qemu_savevm_query_pending exact=1, final=1, total=4239360',
        'src.log:15 mig_dirty_bytes_total_update old=0, new=4198400',
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the final query stores a wrong total', async () => {
    const report = await judge(probed((line, at) => [at === 27 ? update(4198400, 4198400) : line]));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query did not store its total 4239360 as dirty_bytes_total',
        'src.log:28 qemu_savevm_query_pending exact=1, final=1, total=4239360',
        'src.log:27 mig_dirty_bytes_total_update old=4198400, new=4198400',
      ),
    );
  });

  test("the line's total is wrong, and the sum of its parts is stored: total-not-sum's matter", async () => {
    const wrong = (line: string) => line.replace(' total=4239360', ' total=4243456');
    const report = await judge(probed((line) => [wrong(line)]));
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual(['total-not-sum']);
  });

  test.each([
    'estimate',
    'exact',
  ] as const)('an %s query stores nothing: the next update shows the old value', async (name) => {
    const report = await judge(
      precopyRun({
        rounds: [
          update(0, 8192),
          estimate({ precopy: 8192 }),
          ...(name === 'exact' ? sync(1) : []),
          kind[name]({ precopy: 12288 }),
          update(8192, 4096),
          estimate({ precopy: 4096 }),
        ],
        final: [...sync(1), update(4096, 0), final({})],
      }),
    );
    const line = name === 'exact' ? 13 : 11;
    expect(accusation(report, ID)).toEqual(
      accused(
        `the ${name} query did not store its total 12288 as dirty_bytes_total`,
        `src.log:${line} qemu_savevm_query_pending exact=${name === 'exact' ? 1 : 0}, final=0, total=12288`,
        'src.log:9 mig_dirty_bytes_total_update old=0, new=8192',
      ),
    );
  });

  test('only the line of the update was lost: the next one continues its value', async () => {
    const report = await judge(probed((line, at) => (at === 11 ? [] : [line])));
    expect(doubt(report, ID)).toEqual(
      doubtful(
        'the update that belongs to the query at line 11 is missing, but nothing shows that its total was not stored',
        'mig_dirty_bytes_total_update',
      ),
    );
  });

  test('the log ends at an iteration query without its update', async () => {
    const lines = probed().slice(0, 16).toSpliced(14, 1);
    expect(doubt(await judge(lines), ID).verdict).toBe('undecidable');
  });

  test('the probe was switched on after the first queries: nothing shows what they stored', async () => {
    const report = await judge(probed((line, at) => (at === 9 || at === 11 ? [] : [line])));
    expect(doubt(report, ID)).toEqual(
      doubtful(
        'up to the query at line 10 no update was printed: nothing shows what these queries stored',
        'mig_dirty_bytes_total_update',
      ),
    );
  });

  describe('estimates without an update', () => {
    const run = (old: number, broken: readonly string[] = []) =>
      precopyRun({
        rounds: [
          estimate({ precopy: 268967936 }),
          estimate({ precopy: 8192 }),
          ...broken,
          ...sync(1),
          update(old, 4096),
          exact({ precopy: 4096 }),
        ],
        final: [...sync(1), update(4096, 0), final({})],
      });

    test('the first update finds another value: they stored nothing', async () => {
      const report = await judge(run(0));
      expect(accusation(report, ID)).toEqual(
        accused(
          'the estimate query did not store its total 8192 as dirty_bytes_total',
          'src.log:10 qemu_savevm_query_pending exact=0, final=0, total=8192',
          'src.log:13 mig_dirty_bytes_total_update old=0, new=4096',
        ),
      );
      expect(violatedRules(report)).toEqual([ID]);
    });

    test.each([
      ['the first update finds the last total: the probe may have been switched on late', run(8192)],
      ['a hole before the first update', run(0, ['migration_bitmap_sync_end dirty_pa'])],
    ])('%s', async (_name, lines) => {
      expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
    });
  });

  test('a hole before the final query', async () => {
    const report = await judge(probed((line, at) => (at === 27 ? ['migration_bitmap_sync_end dirty_pa'] : [line])));
    expect(verdictOf(report, ID).verdict).not.toBe('violated');
  });

  test('a COLO checkpoint stores nothing', async () => {
    const stored = (old: number, next: number) => [...sync(1), update(old, next), final({ precopy: next })];
    const run = (second: readonly string[]) => {
      const lines = coloRun(
        checkpoint({ final: stored(0, 8192) }),
        checkpoint({ final: second }),
        checkpoint({ final: stored(8192, 16384) }),
      );
      // Lines 9-14 are the rounds, 23-25 the first final query.
      return [
        ...lines.slice(0, 8),
        update(0, 0),
        estimate({}),
        ...lines.slice(14, 22),
        ...stored(0, 0),
        ...lines.slice(25),
      ];
    };
    const bad = await judge(run([...sync(1), final({ precopy: 12288 })]));
    expect(violatedRules(bad)).toEqual([ID]);
    const good = await judge(run(stored(8192, 8192)));
    expect(verdictOf(good, ID).verdict).toBe('pass');
  });
});

describe('samples of query-migrate', () => {
  /** Line 14 is the deciding exact query, 25 the final one, 39 the last. */
  const RUN = iso(precopyRun());
  const sample = (line: number, value: number, span = 2) =>
    JSON.stringify({ t0: hostTime(line, 3), t1: hostTime(line, 3 + span), r: { status: 'device', remaining: value } });

  test('the total of the final query, read after it: a pass', async () => {
    expect(verdictOf(await judge(RUN, { qmp: [sample(27, 4239360)] }), ID).verdict).toBe('pass');
  });

  test('the total of the query before the final one, read after it', async () => {
    const report = await judge(RUN, { qmp: [sample(27, 4198400)] });
    const verdict = verdictOf(report, ID);
    expect(verdict.verdict).toBe('violated');
    expect(verdict.findings[0]?.message).toBe('the final query did not store its total 4239360 as dirty_bytes_total');
    expect(verdict.findings[0]?.evidence.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'src.log:25',
      'src.log:14',
      'qmp.jsonl:1',
    ]);
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('the old total, read while the final query is made: both are right', async () => {
    expect(verdictOf(await judge(RUN, { qmp: [sample(24, 4198400, 20)] }), ID).verdict).not.toBe('violated');
    expect(verdictOf(await judge(RUN, { qmp: [sample(24, 4239360, 20)] }), ID).verdict).not.toBe('violated');
  });

  test('a value that no query had accuses nobody', async () => {
    expect(verdictOf(await judge(RUN, { qmp: [sample(27, 123)] }), ID).verdict).toBe('undecidable');
  });

  test('one that nothing explains, among others that agree: neither a pass nor a violation', async () => {
    const others = [sample(10, 268967936), sample(27, 4239360)];
    expect(verdictOf(await judge(RUN, { qmp: others }), ID).verdict).toBe('pass');
    const [first = '', ...rest] = others;
    expect(doubt(await judge(RUN, { qmp: [first, sample(15, 123), ...rest] }), ID)).toEqual(
      doubtful(
        'query-migrate shows remaining 123 (line 2 of the samples), not the total of the last query: a total that was not stored, or a query whose line is missing',
        'mig_dirty_bytes_total_update',
      ),
    );
  });

  test("the sum of the last query's parts, where its total is wrong", async () => {
    const wrong = RUN.map((line) => line.replace(/ total=(?:4239360|4198400)/, ' total=0'));
    const report = await judge(wrong, { qmp: [sample(27, 4239360)] });
    expect(violatedRules(report)).toEqual(['total-not-sum']);
  });

  test('agreeing in the iterations says nothing of the final query', async () => {
    expect(doubt(await judge(RUN, { qmp: [sample(10, 268967936), sample(15, 4198400)] }), ID)).toEqual(
      doubtful(
        '2 samples of query-migrate agree, but none shows that the final query stored its total',
        'mig_dirty_bytes_total_update',
        '--qmp',
      ),
    );
  });

  test('before the first query', async () => {
    expect(verdictOf(await judge(RUN, { qmp: [sample(3, 0)] }), ID).verdict).toBe('undecidable');
  });

  test('after the end of the log nothing is known', async () => {
    expect(verdictOf(await judge(RUN, { qmp: [sample(5000, 4198400)] }), ID).verdict).toBe('undecidable');
    // The log ends in the middle of the run; what came later is not in it.
    const cut = RUN.slice(0, 24);
    expect(verdictOf(await judge(cut, { qmp: [sample(30, 0)] }), ID).verdict).not.toBe('violated');
  });

  test('without time stamps they can not be placed', async () => {
    const report = await judge(precopyRun(), { qmp: [sample(27, 4198400)] });
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
  });

  test('samples of the destination are not looked at', async () => {
    const line = (who: string) =>
      JSON.stringify({
        t: hostTime(27, 3),
        t1: hostTime(27, 5),
        who,
        cmd: { execute: 'query-migrate' },
        return: { remaining: 4198400 },
      });
    expect(verdictOf(await judge(RUN, { qmp: [line('dst')] }), ID).verdict).toBe('undecidable');
    expect(verdictOf(await judge(RUN, { qmp: [line('src')] }), ID).verdict).toBe('violated');
  });

  test('ram.remaining is another counter', async () => {
    const line = JSON.stringify({
      t0: hostTime(27, 3),
      t1: hostTime(27, 5),
      r: { status: 'device', ram: { remaining: 4198400 } },
    });
    expect(verdictOf(await judge(RUN, { qmp: [line] }), ID).verdict).toBe('undecidable');
  });

  test('the patched field has the same meaning', async () => {
    const line = (value: number) =>
      JSON.stringify({ t0: hostTime(27, 3), t1: hostTime(27, 5), r: { 'dirty-bytes-total': value } });
    expect(verdictOf(await judge(RUN, { qmp: [line(4198400)] }), ID).verdict).toBe('violated');
    expect(verdictOf(await judge(RUN, { qmp: [line(4239360)] }), ID).verdict).toBe('pass');
  });

  test('a bare answer tells only when it came, not when it was asked for', async () => {
    // 20 µs after the line of the final query; QEMU may have answered before that.
    const seconds = Math.floor(hostTime(27));
    const microseconds = Math.round((hostTime(27) - seconds) * 1e6);
    const line = JSON.stringify({
      timestamp: { seconds, microseconds },
      return: { status: 'device', remaining: 4198400 },
    });
    expect(verdictOf(await judge(RUN, { qmp: [line] }), ID).verdict).toBe('undecidable');
  });

  test('an answer between the lines of the log tells no more', async () => {
    const answer = '{"return": {"status": "device", "remaining": 4198400}}';
    const stamped = `2026-11-23T01:00:00.000255Z ${answer}`;
    expect(verdictOf(await judge(RUN.toSpliced(25, 0, stamped)), ID).verdict).toBe('undecidable');
    expect(verdictOf(await judge(RUN.toSpliced(25, 0, answer)), ID).verdict).toBe('undecidable');
  });

  test('a hole in the log: a later query may have had that total', async () => {
    const torn = RUN.toSpliced(26, 0, '2026-11-23T01:00:00.000261Z qemu_savevm_query_pending exact=0, fin');
    expect(verdictOf(await judge(torn, { qmp: [sample(30, 4198400)] }), ID).verdict).not.toBe('violated');
  });

  test('totals repeat, and one query line is lost: nobody is accused', async () => {
    // Every round ends at 0; the line of the second 0 is lost, the sample was taken after it.
    const lines = iso(
      precopyRun({
        rounds: [
          estimate({ precopy: 8192 }),
          estimate({}),
          ...sync(1),
          exact({ precopy: 4096 }),
          estimate({}),
          'migration_rate_limit_pre 90 ms',
          'migration_rate_limit_post urgent: 0',
          ...sync(1),
          exact({ precopy: 4198400 }),
        ],
      }),
    );
    const qmp = [sample(15, 0)];
    expect(violatedRules(await judge(lines, { qmp }))).toEqual([]);
    expect(violatedRules(await judge(lines.toSpliced(13, 1), { qmp }))).toEqual([]);
  });

  test('the probe and the samples: the probe alone is enough', async () => {
    const lines = iso(probed());
    expect(verdictOf(await judge(lines, { qmp: [sample(30, 4239360)] }), ID).verdict).toBe('pass');
  });
});

describe('without a witness', () => {
  test('undecidable', async () => {
    expect(doubt(await judge(precopyRun()), ID)).toEqual(
      doubtful(
        'no probe event and no sample of query-migrate shows dirty_bytes_total',
        'mig_dirty_bytes_total_update',
        '--qmp',
      ),
    );
  });

  test('no query line: undecidable', async () => {
    expect(doubt(await judge(without(precopyRun(), 'qemu_savevm_query_pending')), ID)).toEqual(
      doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'),
    );
  });
});

test.each([
  ['10.0', oldPrecopyRun(), 'QEMU 10.0 shows no dirty_bytes_total'],
  ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
  ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot makes no pending query'],
])('%s: not applicable', async (_name, lines, reason) => {
  const verdict = verdictOf(await judge(lines), ID);
  expect({ verdict: verdict.verdict, reason: verdict.reason }).toEqual({ verdict: 'not-applicable', reason });
});

test('a failed switchover is judged as well', async () => {
  const lines = probed((line, at) => (at === 27 ? [] : at === 29 ? [state('failing'), line] : [line]));
  expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
});
