import { describe, expect, test } from 'vitest';
import {
  estimate,
  exact,
  MIB256,
  old,
  oldPrecopyRun,
  postcopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'first-sync-counts-all-ram';
const SYNC_EVENTS = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
const setup = (pages: number) =>
  SETUP.map((line) =>
    line.startsWith('migration_bitmap_sync_end') ? `migration_bitmap_sync_end dirty_pages ${pages}` : line,
  );

describe('violated', () => {
  test('all of RAM', async () => {
    const report = await judge(precopyRun({ setup: setup(65666) }));
    expect(accusation(report, ID)).toEqual(
      accused(
        `the sync of setup counted 65666 pages as dirtied, all of RAM (${MIB256} bytes)`,
        'src.log:6 migration_bitmap_sync_end dirty_pages 65666',
        `src.log:9 qemu_savevm_query_pending exact=0, final=0, total=${MIB256}`,
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('warning');
    expect(violatedRules(report)).toEqual([]);
  });

  test.each([
    ['pages of 64 KiB', precopyRun({ setup: setup(4104) })],
    ['all but a tenth', precopyRun({ setup: setup(60000) })],
    ['postcopy-ram', postcopyRun({ setup: setup(65666) })],
    ['8.0 to 11.0', [...setup(65666), ...oldPrecopyRun().slice(8)]],
    ['7.2', [...setup(65666), `migrate_pending pending size ${MIB256} max 0 (pre = ${MIB256} compat=0 post=0)`]],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['no page', precopyRun()],
    ['some pages', precopyRun({ setup: setup(32768) })],
    ['a few more than all but a tenth', precopyRun({ setup: setup(59000) })],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

describe('undecidable', () => {
  test('no syncs', async () => {
    expect(doubt(await judge(without(precopyRun(), ...SYNC_EVENTS)), ID)).toEqual(
      doubtful('the log shows no sync at all', ...SYNC_EVENTS),
    );
  });

  test('the log begins later', async () => {
    expect(doubt(await judge(precopyRun().slice(8)), ID)).toEqual(
      doubtful('the log begins after setup', 'migrate_set_state'),
    );
  });

  // A round dirtied all of a small rest: the sync and the exact query agree to the byte.
  const small = [estimate({ precopy: 4096 }), ...sync(100), exact({ precopy: 409600 })];
  const notSetup = [...SETUP.slice(0, 4), ...SETUP.slice(6)];
  test.each([
    [
      'the sync of setup and the first estimate are lost',
      precopyRun({ setup: notSetup, rounds: small.slice(1) }),
      'the log does not show the sync of setup',
    ],
    [
      'the sync of setup is lost',
      precopyRun({ setup: notSetup, rounds: small }),
      'the log does not show the sync of setup',
    ],
    [
      'half of the sync is lost',
      without(precopyRun({ setup: setup(65666), rounds: small }), 'migration_bitmap_sync_end'),
      'the log does not show the sync of setup',
    ],
    [
      'the state active is lost',
      precopyRun({ setup: setup(65666).filter((line) => !line.endsWith('active')) }),
      'the log does not show where setup ends',
    ],
    [
      'the first estimate is lost',
      precopyRun({ setup: setup(100), rounds: small.slice(1) }),
      'the log does not show the first estimate',
    ],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect([verdict.verdict, verdict.reason]).toEqual(['undecidable', reason]);
  });

  test('a hole', async () => {
    const lines = precopyRun({ setup: setup(65666).toSpliced(3, 0, 'migrate_set_state new sta') });
    expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
  });
});

test.each([
  ['a snapshot', SNAPSHOT, 'a snapshot makes no pending query'],
  ['no query', [...SETUP], 'no pending query was made'],
])('not applicable: %s', async (_name, lines, reason) => {
  const verdict = verdictOf(await judge(lines), ID);
  expect([verdict.verdict, verdict.reason]).toEqual(['not-applicable', reason]);
});

test('a second migration in the log is judged by its own setup', async () => {
  const report = await judge([...precopyRun(), ...precopyRun({ setup: setup(65666) }), old.estimate(0)]);
  expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'violated']);
});
