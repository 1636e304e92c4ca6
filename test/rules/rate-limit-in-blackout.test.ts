import { expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { cprRun, oldPostcopyRun, precopyRun, state, without } from './runs.ts';
import { accusation, accused, judge, verdictOf } from './support.ts';

const ID = 'rate-limit-in-blackout';
const WAIT = 'migration_rate_limit_pre 84 ms';
const START = 'vmstate_downtime_checkpoint src-downtime-start';
const END = 'vmstate_downtime_checkpoint src-downtime-end';

/** `WAIT` before line `at`, counted from 1. */
const waiting = (lines: readonly string[], ...at: readonly number[]): readonly string[] =>
  lines.flatMap((line, index) => (at.includes(index + 1) ? [WAIT, line] : [line]));

test('two waits between the stop and the end of the downtime', async () => {
  expect(accusation(await judge(waiting(oldPostcopyRun(), 23, 26)), ID)).toEqual(
    accused(
      'the migration thread waited 2 times for its rate limit in the blackout',
      `src.log:23 ${WAIT}`,
      `src.log:15 ${START}`,
    ),
  );
});

test('waits before the stop and behind the end: a pass', async () => {
  expect(verdictOf(await judge(waiting(oldPostcopyRun(), 11, 13, 31)), ID).verdict).toBe('pass');
});

test('under CPR the VM is stopped before the first iteration', async () => {
  expect(verdictOf(await judge(waiting(cprRun(), 16, 17)), ID).verdict).toBe('pass');
});

test.each([
  ['the end of the downtime', 'vmstate_downtime_checkpoint'],
  ['the decision', 'postcopy_start'],
])('without %s nothing is said', async (_name, event) => {
  const lines = without(waiting(oldPostcopyRun(), 23), event);
  expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
});

test('a log without the event shows nothing', async () => {
  expect(verdictOf(await judge(precopyRun()), ID).verdict).toBe('not-applicable');
});

test('8.2 to 9.2 end the downtime again when postcopy completes: waits in between are right', async () => {
  const lines = oldPostcopyRun();
  const again = lines.flatMap((line) => (line === state('completed') ? [END, line] : [line]));
  const late = again.indexOf(state('postcopy-active')) + 2;
  for (const events of [[], ['migration_thread_low_pending']]) {
    const { verdict } = verdictOf(await judge(without(waiting(again, 11, late, late + 1), ...events)), ID);
    expect(verdict).toBe('pass');
  }
});

accusesNobody(ID);
