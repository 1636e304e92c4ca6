import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  estimate,
  exact,
  final,
  oldPrecopyRun,
  only,
  postcopyRun,
  precopyRun,
  SNAPSHOT,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'final-skips-module';
const FIRST = estimate({ precopy: 81920 });
const run = (decides: Parameters<typeof exact>[0], ends: Parameters<typeof final>[0]) =>
  precopyRun({ rounds: [FIRST, ...sync(3), exact(decides)], final: [...sync(3), final(ends)] });

describe('violated', () => {
  test('a module reports nothing in the final query', async () => {
    const report = await judge(run({ precopy: 8192, postcopy: 65536 }, { precopy: 8192 }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final total 8192 falls below the exact 73728 before it',
        'src.log:23 qemu_savevm_query_pending exact=1, final=1, total=8192',
        'src.log:12 qemu_savevm_query_pending exact=1, final=0, total=73728',
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('warning');
    expect(violatedRules(report)).toEqual([]);
  });

  test('by one byte more than the stop-copy part', async () => {
    const report = await judge(run({ precopy: 8192, stopcopy: 4095 }, { precopy: 4096 }));
    expect(verdictOf(report, ID).verdict).toBe('violated');
  });
});

test('the drop is the stop-copy part: an info, for VFIO may report its cached size', async () => {
  const report = await judge(run({ precopy: 8192, stopcopy: 4096 }, { precopy: 8192 }));
  const { verdict, severity, findings } = verdictOf(report, ID);
  expect([verdict, severity, findings[0]?.message]).toEqual([
    'violated',
    'info',
    'the final total 8192 falls below the exact 12288 before it, by no more than the stop-copy part: VFIO may report a cached size',
  ]);
  expect(report.summary.worst).toBe('info');
});

describe('a pass', () => {
  test.each([
    ['equal totals', run({ precopy: 8192, postcopy: 65536 }, { precopy: 8192, postcopy: 65536 })],
    ['the guest dirtied more until the stop', run({ precopy: 8192 }, { precopy: 12288 })],
    ['postcopy', postcopyRun()],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });
});

test('the exact line before the decision is lost: undecidable', async () => {
  const lines = run({ precopy: 8192, postcopy: 65536 }, { precopy: 8192 });
  const lost = lines.filter((line) => line !== exact({ precopy: 8192, postcopy: 65536 }));
  expect(doubt(await judge(lost), ID)).toEqual(
    doubtful('the log does not show the exact query that decided', 'qemu_savevm_query_pending'),
  );
});

test('the query before the decision is not the one before the stop: undecidable', async () => {
  const decision = 'migration_thread_low_pending 8192';
  const lines = precopyRun({
    rounds: [FIRST, ...sync(3), exact({ precopy: 8192 }), decision, exact({ precopy: 65536 })],
    decision: [],
    final: [...sync(3), final({ precopy: 8192 })],
  });
  expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
});

test('without the stop nothing is said', async () => {
  const lines = only(run({ precopy: 8192, postcopy: 65536 }, { precopy: 8192 }), 'qemu_savevm_query_pending');
  expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
});

describe('nobody is accused', () => {
  test.each([
    ['CPR: the VM is stopped before any query', cprRun()],
    ['COLO', coloRun(checkpoint(), checkpoint())],
    ['10.0 has no final query', oldPrecopyRun()],
    ['a snapshot', SNAPSHOT],
    ['a background snapshot', BACKGROUND_SNAPSHOT],
    ['no query lines', without(precopyRun(), 'qemu_savevm_query_pending')],
  ])('%s', async (_name, lines) => {
    const { verdicts } = await judge(lines);
    expect(verdicts.filter(({ verdict }) => verdict === 'violated')).toEqual([]);
  });
});

test('a wrong total of the exact query is not a module that reports nothing', async () => {
  const lines = run({ precopy: 8192 }, { precopy: 8192 }).map((line) =>
    line.includes('exact=1, final=0') ? line.replace('total=8192', 'total=16384') : line,
  );
  const report = await judge(lines);
  expect(verdictOf(report, ID).verdict).toBe('pass');
  expect(violatedRules(report)).toEqual(['total-not-sum']);
});

test('the posted patch decides on an estimate: there is nothing to compare with', async () => {
  const decided = (band: 'thread' | '11.1') =>
    precopyRun(
      { rounds: [estimate({ precopy: 8192 }, band)], final: [...sync(3), final({ precopy: 8192 }, band)] },
      band,
    );
  expect(verdictOf(await judge(decided('thread')), ID).reason).toBe(
    'the switchover was decided on an estimate: there is no exact total to compare with',
  );
  expect(verdictOf(await judge(decided('11.1')), ID).verdict).toBe('undecidable');
});
