import { expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { CANCELLED, coloRun, precopyRun, RUNNING_AGAIN, state, without } from './runs.ts';
import { accusation, accused, judge, verdictOf } from './support.ts';

const ID = 'notifier-repeated';
const call = (type: number): string => `migration_call_notifiers type=${type}`;
const done = (...calls: readonly string[]): readonly string[] => [...precopyRun(), ...calls];
/** The switchover fails behind the final query, line 25. */
const failed = (...end: readonly string[]): readonly string[] => precopyRun({ saving: [state('failing')], end });

test('done is told twice', async () => {
  expect(accusation(await judge(done(call(2), call(2))), ID)).toEqual(
    accused('the notifiers were told done (type=2) twice', `src.log:41 ${call(2)}`, `src.log:40 ${call(2)}`),
  );
});

test('failed is told twice', async () => {
  const report = await judge(failed(call(3), ...RUNNING_AGAIN, call(3), state('failed')));
  expect(accusation(report, ID)).toEqual(
    accused('the notifiers were told failed (type=3) twice', `src.log:30 ${call(3)}`, `src.log:27 ${call(3)}`),
  );
});

test('the failure is told after the VM was started again', async () => {
  const report = await judge(failed(...RUNNING_AGAIN, call(3), state('failed')));
  expect(accusation(report, ID)).toEqual(
    accused(
      'the notifiers were told of the failure after the VM was started again',
      `src.log:29 ${call(3)}`,
      'src.log:27 runstate_set current_run_state 7 (finish-migrate) new_state 9 (running)',
    ),
  );
});

test.each([
  ['setup, switchover and done, each once', [call(0), ...done(call(1), call(2))]],
  ['failed before the VM runs', failed(call(3), ...RUNNING_AGAIN, state('failed'))],
  ['a failover of COLO tells failed, then done', [...coloRun(), call(3), call(2)]],
  ['two attempts, each once', [...CANCELLED, call(3), ...done(call(2))]],
  [
    'two attempts that look like one',
    without(
      [...done(call(2)), call(0), ...done(call(2))],
      'migrate_set_state',
      'savevm_state_header',
      'savevm_state_setup',
    ),
  ],
])('%s: a pass', async (_name, lines) => {
  const verdicts = (await judge(lines)).verdicts.filter(({ rule }) => rule === ID).map(({ verdict }) => verdict);
  expect(new Set(verdicts)).toEqual(new Set(['pass']));
});

test('without the event there is nothing to judge', async () => {
  expect(verdictOf(await judge(done()), ID).verdict).toBe('not-applicable');
});

accusesNobody(ID);
