import { expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { precopyRun, RUNNING_TO_FINISH, STOP, without } from './runs.ts';
import { accusation, accused, judge, verdictOf } from './support.ts';

const ID = 'migrated-in-postmigrate';
const AGAIN = 'runstate_set current_run_state 5 (postmigrate) new_state 7 (finish-migrate)';
const from = (line: string): readonly string[] =>
  precopyRun({ stop: STOP.map((stop) => (stop === RUNNING_TO_FINISH ? line : stop)) });

test('a VM that was migrated away is migrated again', async () => {
  const report = await judge([...precopyRun(), ...from(AGAIN)]);
  expect(accusation(report, ID, 1)).toEqual(
    accused('the switchover began in the runstate postmigrate', `src.log:56 ${AGAIN}`),
  );
});

test.each([
  ['a running VM', RUNNING_TO_FINISH],
  ['a paused VM', 'runstate_set current_run_state 4 (paused) new_state 7 (finish-migrate)'],
])('%s: a pass', async (_name, line) => {
  expect(verdictOf(await judge(from(line)), ID).verdict).toBe('pass');
});

test('without runstates there is nothing to judge', async () => {
  expect(verdictOf(await judge(without(from(AGAIN), 'runstate_set')), ID).verdict).toBe('not-applicable');
});

accusesNobody(ID);
