import { describe, expect, test } from 'vitest';
import {
  estimate,
  exact,
  final,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  postcopyRun,
  precopyRun,
  SNAPSHOT,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'total-not-sum';

describe('violated', () => {
  test.each([
    ['an estimate', [estimate({ precopy: 8192, postcopy: 4096, total: 8192 })], 'estimate', 8192, 12288],
    ['an exact query', [...sync(1), exact({ precopy: 1, stopcopy: 2, postcopy: 4, total: 5 })], 'exact', 5, 7],
  ])('%s', async (_name, rounds, kind, total, sum) => {
    const report = await judge(precopyRun({ rounds: [estimate({}), ...rounds] }));
    const line = 9 + rounds.length;
    expect(accusation(report, ID)).toEqual(
      accused(
        `the ${kind} query (total ${total}) is not the sum of its parts, ${sum}`,
        `src.log:${line} qemu_savevm_query_pending exact=${kind === 'exact' ? 1 : 0}, final=0, total=${total}`,
      ),
    );
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('a final query', async () => {
    const report = await judge(precopyRun({ final: [...sync(1), final({ precopy: 4096, total: 8192 })] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query (total 8192) is not the sum of its parts, 4096',
        'src.log:25 qemu_savevm_query_pending exact=1, final=1, total=8192',
      ),
    );
  });

  test('10.0', async () => {
    const lines = oldPrecopyRun().with(
      8,
      'migrate_pending_estimate estimate pending size 268967936 (pre = 268967936 post=1)',
    );
    expect(accusation(await judge(lines), ID)).toEqual(
      accused(
        'the estimate query (total 268967936) is not the sum of its parts, 268967937',
        'src.log:9 migrate_pending_estimate estimate pending size 268967936 (pre = 268967936 post=1)',
      ),
    );
  });

  test('7.2', async () => {
    const lines = oldestPostcopyRun().with(9, 'migrate_pending pending size 4097 max 0 (pre = 0 compat=4096 post=0)');
    expect(accusation(await judge(lines), ID)).toEqual(
      accused(
        'the pending query (total 4097) is not the sum of its parts, 4096',
        'src.log:10 migrate_pending pending size 4097 max 0 (pre = 0 compat=4096 post=0)',
      ),
    );
  });

  test('the line proves it, even where the log has a hole', async () => {
    const report = await judge(
      precopyRun({ rounds: ['migration_bitmap_sync_end dirty_pa', estimate({ precopy: 8192, total: 0 })] }),
    );
    expect(verdictOf(report, ID).verdict).toBe('violated');
  });
});

test('a line that may end within its total is no proof', async () => {
  const cut = 'qemu_savevm_query_pending exact=0, final=0, precopy=268967936, stopcopy=0, postcopy=0, total=2689';
  expect(doubt(await judge([...precopyRun().slice(0, 8), cut]), ID)).toEqual(
    doubtful('line 9 may break off within its total, 2689', 'qemu_savevm_query_pending'),
  );
  const wrong = cut.replace('total=2689', 'total=2688');
  expect(violatedRules(await judge([...precopyRun().slice(0, 8), wrong]))).toEqual([ID]);
});

describe('a pass', () => {
  test.each([
    ['precopy', precopyRun()],
    ['postcopy', postcopyRun()],
    ['10.0', oldPrecopyRun()],
    ['10.0, postcopy', oldPostcopyRun()],
    ['7.2', oldestPostcopyRun()],
    ['all three parts', precopyRun({ rounds: [estimate({ precopy: 4096, stopcopy: 100, postcopy: 7 })] })],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('above 2^53 the sum is exact', async () => {
    const ok =
      'qemu_savevm_query_pending exact=0, final=0, precopy=9007199254740993, stopcopy=1, postcopy=0, total=9007199254740994, collected switchover ack pending=0, total switchover ack pending=0';
    expect(verdictOf(await judge(precopyRun({ rounds: [ok] })), ID).verdict).toBe('pass');
    const wrong = ok.replace('total=9007199254740994', 'total=9007199254740992');
    expect(accusation(await judge(precopyRun({ rounds: [wrong] })), ID).findings[0]?.message).toBe(
      'the estimate query (total 9007199254740992) is not the sum of its parts, 9007199254740994',
    );
  });

  test('modulo 2^64, as in C', async () => {
    const line =
      'qemu_savevm_query_pending exact=0, final=0, precopy=18446744073709551615, stopcopy=0, postcopy=2, total=1, collected switchover ack pending=0, total switchover ack pending=0';
    expect(verdictOf(await judge(precopyRun({ rounds: [line] })), ID).verdict).toBe('pass');
  });
});

test('no query line: undecidable', async () => {
  expect(doubt(await judge(without(precopyRun(), 'qemu_savevm_query_pending')), ID)).toEqual(
    doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'),
  );
});

test.each([
  ['a snapshot', SNAPSHOT],
  [
    'unreachable',
    [
      ...precopyRun().slice(0, 2),
      'migration_socket_outgoing_error error=No such file',
      state('failing'),
      state('failed'),
    ],
  ],
])('%s: not applicable', async (_name, lines) => {
  expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
});
