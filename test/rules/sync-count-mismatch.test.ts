import { expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { final, later, oldPrecopyRun, precopyRun, SNAPSHOT, without } from './runs.ts';
import { doubt, doubtful, judge, verdictOf } from './support.ts';

const ID = 'sync-count-mismatch';
/** The log goes on for 10 s behind the end; `precopyRun` has 3 syncs, one of them the final query's. */
const log = (lines: readonly string[]): readonly string[] => [
  ...lines.map((line, index) => later((index + 1) * 1e-5, line)),
  later(10, 'runstate_set current_run_state 5 (postmigrate) new_state 11 (shutdown)'),
];
const answered = (count: number, second = 3) => ({
  qmp: [
    JSON.stringify({
      t0: 1795395600 + second,
      t1: 1795395600.01 + second,
      r: { status: 'completed', ram: { 'dirty-sync-count': count } },
    }),
  ],
});

test('the count stands still', async () => {
  const verdict = verdictOf(await judge(log(precopyRun()), answered(0)), ID);
  expect([verdict.verdict, verdict.severity]).toEqual(['violated', 'warning']);
  expect(
    verdict.findings.map(({ message, evidence }) => [message, evidence.map(({ file, line }) => [file, line])]),
  ).toEqual([['dirty-sync-count is 0 at the end, but the log shows 3 syncs', [['qmp.jsonl', 1]]]]);
});

test.each([
  ['11.1 does not count the final query', precopyRun(), 2],
  ['11.1, of whose final queries one did not sync', precopyRun({ final: [final({})] }), 2],
  ['the posted patch counts all', precopyRun({}, 'thread'), 3],
  ['10.0 counts all', oldPrecopyRun(), 3],
])('%s: a pass', async (_name, lines, count) => {
  expect(verdictOf(await judge(log(lines), answered(count)), ID).verdict).toBe('pass');
});

test('one more or less looks like one lost line', async () => {
  expect(doubt(await judge(log(precopyRun()), answered(1)), ID)).toEqual(
    doubtful(
      'the count differs by one: one lost line looks the same',
      'migration_bitmap_sync_start',
      'migration_bitmap_sync_end',
    ),
  );
  const lost = precopyRun().filter((line) => !line.includes('final=1'));
  expect(verdictOf(await judge(log(lost), answered(2)), ID).verdict).toBe('undecidable');
});

test.each([
  ['no answer', precopyRun(), {}],
  ['an answer from before the end', precopyRun(), answered(0, 0)],
  ['a snapshot', SNAPSHOT, answered(7)],
])('%s: nothing to judge', async (_name, lines, options) => {
  expect(verdictOf(await judge(log(lines), options), ID).verdict).toBe('not-applicable');
});

test('no sync lines', async () => {
  const lines = without(precopyRun(), 'migration_bitmap_sync_start', 'migration_bitmap_sync_end');
  expect(verdictOf(await judge(log(lines), answered(2)), ID).verdict).toBe('undecidable');
});

accusesNobody(ID);
