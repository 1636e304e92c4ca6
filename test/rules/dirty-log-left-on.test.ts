import { expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { CANCELLED, precopyRun, SETUP, without } from './runs.ts';
import { accusation, accused, judge, verdictOf } from './support.ts';

const ID = 'dirty-log-left-on';
const RUNS = 'runstate_set current_run_state 6 (prelaunch) new_state 9 (running)';
const ON = 'global_dirty_changed bitmask 0x1';
const OFF = 'global_dirty_changed bitmask 0x0';
const second = (...setup: readonly string[]): readonly string[] =>
  precopyRun({ setup: [...SETUP.slice(0, 4), ...setup, ...SETUP.slice(4)] });

test('the second attempt finds the dirty log on', async () => {
  const report = await judge([RUNS, ...without(CANCELLED, OFF), ...second()]);
  expect(accusation(report, ID, 1)).toEqual(
    accused(
      'the attempt began with the dirty log still on',
      `src.log:6 ${ON}`,
      'src.log:23 migration_thread_setup_complete',
    ),
  );
});

test('each attempt switches it on and off: a pass', async () => {
  const report = await judge([RUNS, ...CANCELLED, ...second(ON)]);
  expect([0, 1].map((index) => verdictOf(report, ID, index).verdict)).toEqual(['pass', 'pass']);
});

test.each([
  ['only the line that switches it off is lost', [RUNS, ...without(CANCELLED, OFF), ...second(ON)]],
  ['only the line that switches it on again is lost', [RUNS, ...CANCELLED, ...second()]],
  ['the VM is not seen running: stopping the log was put off', [...without(CANCELLED, OFF), ...second()]],
  [
    'the dirty rate keeps another bit',
    [RUNS, ...CANCELLED.map((line) => (line === OFF ? 'global_dirty_changed bitmask 0x2' : line)), ...second()],
  ],
])('%s: nobody is accused', async (_name, lines) => {
  expect(verdictOf(await judge(lines), ID, 1).verdict).not.toBe('violated');
});

accusesNobody(ID);
