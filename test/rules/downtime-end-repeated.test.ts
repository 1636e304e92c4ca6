import { expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { COMPLETED, oldPostcopyRun, postcopyRun, precopyRun, without } from './runs.ts';
import { accusation, accused, judge, verdictOf } from './support.ts';

const ID = 'downtime-end-repeated';
const END = 'vmstate_downtime_checkpoint src-downtime-end';

/** 8.2 to 9.2: line 30 ends the downtime, and again line 36 before `completed`. */
const twice = oldPostcopyRun().toSpliced(-COMPLETED.length, 0, END);

test('postcopy ends its downtime again when it completes', async () => {
  expect(accusation(await judge(twice), ID)).toEqual(
    accused('src-downtime-end was traced again after the downtime had ended', `src.log:36 ${END}`, `src.log:30 ${END}`),
  );
});

test('once: a pass', async () => {
  expect(verdictOf(await judge(oldPostcopyRun()), ID).verdict).toBe('pass');
});

test('two attempts in one log, the second one without its beginning', async () => {
  const second = without(postcopyRun().slice(15), 'migrate_set_state');
  const report = await judge([...precopyRun(), ...without(precopyRun().slice(15), 'migrate_set_state'), ...second]);
  expect(verdictOf(report, ID).verdict).toBe('pass');
});

test('without checkpoints there is nothing to judge', async () => {
  const report = await judge(without(twice, 'vmstate_downtime_checkpoint'));
  expect(verdictOf(report, ID).verdict).toBe('not-applicable');
});

accusesNobody(ID);
