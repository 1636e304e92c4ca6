import { expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { delayed, estimate, postcopyRun, state } from './runs.ts';
import { accusation, accused, judge, verdictOf } from './support.ts';

const ID = 'postcopy-device-stuck';
/** 33 postcopy-device, 34 an estimate, 35 the end. */
const run = (...end: readonly string[]): readonly string[] =>
  postcopyRun({ end: [state('postcopy-device'), estimate({ postcopy: 234483712 }), ...end] });
const EXPECTED = 'the source waited 40 s in postcopy-device and the destination never said that it loaded the package';

test('the destination never answers and the migration fails', async () => {
  const report = await judge(delayed(run(state('failing'), state('failed')), 35, 40));
  expect(accusation(report, ID)).toEqual(
    accused(
      EXPECTED,
      'src.log:33 migrate_set_state new state postcopy-device',
      'src.log:35 migrate_set_state new state failing',
    ),
  );
});

test('the log ends while it waits', async () => {
  const report = await judge(delayed(run(estimate({ postcopy: 234483712 })), 35, 40));
  expect(accusation(report, ID)).toEqual(accused(EXPECTED, 'src.log:33 migrate_set_state new state postcopy-device'));
});

test.each([
  ['it loads for long, and then goes on', delayed(run(state('postcopy-active')), 35, 40), 'pass'],
  [
    'it has loaded, and the state line is lost',
    delayed(run('source_return_path_thread_postcopy_package_loaded ', state('completed')), 36, 40),
    'pass',
  ],
  ['it fails at once', delayed(run(state('failing')), 35, 29), 'not-applicable'],
  ['there are no time stamps', run(state('failing')), 'undecidable'],
])('%s', async (_name, lines, verdict) => {
  expect(verdictOf(await judge(lines), ID).verdict).toBe(verdict);
});

accusesNobody(ID);
