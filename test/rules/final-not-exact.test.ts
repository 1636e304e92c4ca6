import { describe, expect, test } from 'vitest';
import {
  checkpoint,
  coloRun,
  final,
  oldPrecopyRun,
  postcopyRun,
  precopyRun,
  query,
  SNAPSHOT,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'final-not-exact';

describe('violated', () => {
  test('precopy: as nothing synced, final-without-sync too', async () => {
    const report = await judge(precopyRun({ final: [query(0, 1, {})] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query was made with exact=0',
        'src.log:23 qemu_savevm_query_pending exact=0, final=1, total=0',
      ),
    );
    expect(violatedRules(report)).toEqual([ID, 'final-without-sync']);
  });

  test('with a sync it is this rule alone', async () => {
    const report = await judge(precopyRun({ final: [...sync(1), query(0, 1, { precopy: 4096 })] }));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('postcopy', async () => {
    const report = await judge(postcopyRun({ final: [query(0, 1, { postcopy: 4096 })] }));
    expect(violatedRules(report)).toEqual([ID, 'postcopy-switchover-without-sync']);
  });

  test('a COLO checkpoint', async () => {
    const report = await judge(coloRun(checkpoint(), checkpoint({ final: [...sync(1), query(0, 1, {})] })));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the final query was made with exact=0',
        'src.log:58 qemu_savevm_query_pending exact=0, final=1, total=0',
      ),
    );
  });

  test('the patch as posted', async () => {
    const report = await judge(precopyRun({ final: [...sync(1), query(0, 1, {}, 'thread')] }, 'thread'));
    expect(violatedRules(report)).toEqual([ID]);
  });
});

test.each([
  ['precopy', precopyRun()],
  ['precopy, with nothing left', precopyRun({ final: [...sync(0), final({})] })],
  ['postcopy', postcopyRun()],
  ['COLO', coloRun(checkpoint())],
])('%s: a pass', async (_name, lines) => {
  expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
});

test('no query line: undecidable', async () => {
  expect(doubt(await judge(without(precopyRun(), 'qemu_savevm_query_pending')), ID)).toEqual(
    doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'),
  );
});

test.each([
  ['a snapshot', SNAPSHOT],
  ['QEMU 10.0', oldPrecopyRun()],
  ['no final query', precopyRun({ final: [] })],
])('%s: not applicable', async (_name, lines) => {
  expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
});
