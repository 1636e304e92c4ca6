import { describe, expect, test } from 'vitest';
import {
  estimate,
  exact,
  final,
  oldPostcopyRun,
  oldPrecopyRun,
  postcopyRun,
  precopyRun,
  SNAPSHOT,
  sync,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'postcopy-bytes-without-capability';
type Setting = readonly [capability: string, state: boolean];
const set = (...settings: readonly Setting[]): string =>
  `qmp_enter_migrate_set_capabilities ${JSON.stringify({ capabilities: settings.map(([capability, state]) => ({ state, capability })) })}`;
const OFF = set(['postcopy-ram', false], ['dirty-bitmaps', false]);
/** RAM counts for postcopy, which never starts. */
const run = precopyRun({
  rounds: [estimate({ postcopy: 268967936 }), ...sync(9), exact({ postcopy: 36864 })],
  final: [...sync(9), final({ postcopy: 36864 })],
});

describe('violated', () => {
  test('both capabilities are off', async () => {
    const report = await judge([OFF, ...run]);
    expect(accusation(report, ID)).toEqual(
      accused(
        '268967936 bytes count for postcopy, and postcopy-ram and dirty-bitmaps are off',
        'src.log:10 qemu_savevm_query_pending exact=0, final=0, total=268967936',
        `src.log:1 ${OFF.slice(0, 110)}`,
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('warning');
    expect(violatedRules(report)).toEqual([]);
  });

  test('set one by one, and again: the last counts', async () => {
    const commands = [set(['postcopy-ram', true]), set(['dirty-bitmaps', false]), set(['postcopy-ram', false])];
    expect(accusation(await judge([...commands, ...run]), ID).findings[0]?.evidence).toEqual([
      'src.log:12 qemu_savevm_query_pending exact=0, final=0, total=268967936',
      `src.log:3 ${commands[2]}`,
      `src.log:2 ${commands[1]}`,
    ]);
  });

  test.each([
    ['8.0 to 11.0', [OFF, ...oldPrecopyRun().map((line) => line.replace(/pre = (\d+) post=0/, 'pre = 0 post=$1'))]],
    ['7.2', [OFF, ...run.slice(0, 8), 'migrate_pending pending size 4096 max 0 (pre = 0 compat=4096 post=0)']],
    ['the command succeeded', [OFF, 'qmp_exit_migrate_set_capabilities {} 1', ...run]],
    ['the second migration of a log', [...precopyRun(), OFF, ...run]],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID, report.migrations.length - 1).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['nothing counts for postcopy', [OFF, ...precopyRun()]],
    ['postcopy-ram is on', [OFF, set(['postcopy-ram', true]), ...run]],
    ['dirty bitmaps are', [OFF, set(['dirty-bitmaps', true]), ...run]],
    ['postcopy ran, so it was switched on some other way', [OFF, ...postcopyRun()]],
    ['of 8.0 to 11.0', [OFF, ...oldPostcopyRun()]],
    ['postcopy was announced to the destination', [OFF, ...run.toSpliced(3, 0, 'qemu_savevm_send_postcopy_advise ')]],
    ['there are dirty bitmaps', [OFF, ...run.toSpliced(8, 0, 'dirty_bitmap_state_pending pending 268967936')]],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

describe('undecidable', () => {
  const doubts = doubtful(
    'the log does not show whether postcopy-ram and dirty-bitmaps are on',
    'qmp_enter_migrate_set_capabilities',
  );
  test.each([
    ['no command', run],
    ['only one of the two', [set(['postcopy-ram', false]), ...run]],
    ['other capabilities', [set(['xbzrle', false]), ...run]],
    [
      'the command failed',
      [OFF, "qmp_exit_migrate_set_capabilities There's a migration process in progress 0", ...run],
    ],
    ['it is no JSON', [OFF, 'qmp_enter_migrate_set_capabilities {"capabilities": [', ...run]],
    ['it is other JSON', [OFF, 'qmp_enter_migrate_set_capabilities {"capabilities": [{"capability": 7}]}', ...run]],
    [
      'the migrate command brings its own settings',
      [OFF, ...run.with(0, 'qmp_enter_migrate {"uri": "x", "config": {}}')],
    ],
    ['set while the migration runs: refused', run.toSpliced(12, 0, OFF)],
    ['set after it began', run.toSpliced(2, 0, OFF)],
  ])('%s', async (_name, lines) => {
    expect(doubt(await judge(lines), ID)).toEqual(doubts);
  });

  test('set while the migration before ran: refused', async () => {
    const report = await judge([...precopyRun().toSpliced(12, 0, OFF), ...run]);
    expect(verdictOf(report, ID, 1).verdict).toBe('undecidable');
  });

  test('a hole', async () => {
    expect(
      verdictOf(await judge([OFF, ...run.toSpliced(12, 0, 'qemu_savevm_query_pending exact=1, f')]), ID).verdict,
    ).toBe('undecidable');
  });
});

test('not applicable: no query', async () => {
  const { verdict, reason } = verdictOf(await judge([OFF, ...SNAPSHOT]), ID);
  expect([verdict, reason]).toEqual(['not-applicable', 'no pending query was made']);
});
