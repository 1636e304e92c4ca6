import { describe, expect, test } from 'vitest';
import { patchedCaptures, realCaptures, SKIPPED, TRACES_MISSING } from './captures.ts';
import {
  BACKGROUND_SNAPSHOT,
  estimate,
  exact,
  MIB256,
  old,
  only,
  postcopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  timed,
  transferred,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, verdictsOn } from './support.ts';

const ID = 'migration-not-converging';
/** 100 MB/s and 50 ms: a threshold of 5000000. */
const WINDOW = transferred(10_000_000, 50);

type Timed = readonly [micros: number, line: string];

/** Setup (8 lines), line 9 the first estimate, 10 migrate_transferred; then per round estimate, sync (2), exact (lines 14, 18, ...). */
function precopy(totals: readonly number[], everyMs = 500): readonly Timed[] {
  const lines: Timed[] = SETUP.map((text, at) => [at, text]);
  lines.push([10, estimate({ precopy: MIB256 })], [100_000, WINDOW]);
  for (const [round, total] of totals.entries()) {
    const at = (round + 1) * everyMs * 1000;
    lines.push([at, estimate({})], ...sync(9).map((text): Timed => [at + 1, text]));
    lines.push([at + 2, exact({ precopy: total })]);
  }
  return lines;
}

function then(lines: readonly Timed[], ...more: readonly string[]): readonly string[] {
  const last = lines.at(-1)?.[0] ?? 0;
  return timed([...lines, ...more.map((line, at): Timed => [last + 1 + at, line])]);
}

const CANCELLED = [state('cancelling'), state('cancelled')];
const cancelled = (totals: readonly number[]) => then(precopy(totals), ...CANCELLED);
/** The switchover, decided on so many bytes. */
const ended = (total: number) => [`migration_thread_low_pending ${total}`, ...STOP, state('completed')];

describe('violated', () => {
  const FLAT = [80_000_000, 54_000_000, 53_000_000, 55_000_000, 52_500_000];

  test('the guest dirties as fast as the link sends', async () => {
    const report = await judge(cancelled(FLAT));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the remaining bytes have stopped falling: 3 more exact queries in 1500.000 ms found no less than 52500000 pending',
        'src.log:30 qemu_savevm_query_pending exact=1, final=0, total=52500000',
        'src.log:18 qemu_savevm_query_pending exact=1, final=0, total=54000000',
        `src.log:10 ${WINDOW}`,
      ),
    );
    const { severity, findings } = verdictOf(report, ID);
    expect(severity).toBe('info');
    expect(findings[0]).toMatchObject({
      expected:
        'it ends at a downtime-limit of 525 ms with the bandwidth measured last, or at 50 ms with 1050000000 bytes per second',
      actual: '54000000 bytes pending at first, 52500000 at last',
    });
  });

  test('the log ends in it, and has no time stamps', async () => {
    const report = await judge(precopy(FLAT).map(([, line]) => line));
    expect(verdictOf(report, ID).reason).toBe(
      'the remaining bytes have stopped falling: 3 more exact queries found no less than 52500000 pending',
    );
  });

  test('it ended when the threshold was raised', async () => {
    const raised = [transferred(10_000_000, 600), estimate({}), ...sync(9), exact({ precopy: 53_000_000 })];
    const report = await judge(then(precopy(FLAT), ...raised, ...ended(53_000_000)));
    expect(verdictOf(report, ID).reason).toBe(
      'the remaining bytes have stopped falling: 3 more exact queries in 1500.000 ms found no less than 52500000 pending, until the threshold rose to 60000000',
    );
  });

  test('it ended when postcopy was started', async () => {
    const report = await judge(then(precopy(FLAT), ...postcopyRun().slice(13)));
    expect(verdictOf(report, ID).verdict).toBe('violated');
  });

  test('a dirty bitmap above the threshold: exact queries without end', async () => {
    const lines = precopy([]).slice(0, 9);
    const spin = Array.from({ length: 4000 }, (_, at): readonly Timed[] => [
      [200_000 + at * 1000, estimate({ postcopy: 16908288 })],
      ...sync(1).map((text): Timed => [200_001 + at * 1000, text]),
      [200_002 + at * 1000, exact({ precopy: (at % 7) * 4096, postcopy: 16908288 })],
    ]).flat();
    const report = await judge(timed([...lines, [100_000, WINDOW], ...spin]));
    expect(verdictOf(report, ID).reason).toBe(
      'the remaining bytes have stopped falling: 3999 more exact queries in 3999.000 ms found no less than 16908288 pending',
    );
  });

  // 10.0.13: the estimate never falls below the threshold, so nothing ever syncs.
  test('10.0, the same: estimates without end', async () => {
    const spin = Array.from({ length: 4000 }, (_, at): Timed => [200_000 + at * 1000, old.estimate(0, 16908288)]);
    const lines: readonly Timed[] = [...SETUP.map((text, at): Timed => [at, text]), [100_000, WINDOW], ...spin];
    expect(accusation(await judge(timed(lines)), ID)).toEqual(
      accused(
        'the remaining bytes have stopped falling: 3999 more estimates in 3999.000 ms found no less than 16908288 pending',
        'src.log:4009 migrate_pending_estimate estimate pending size 16908288 (pre = 0 post=16908288)',
        'src.log:10 migrate_pending_estimate estimate pending size 16908288 (pre = 0 post=16908288)',
        `src.log:9 ${WINDOW}`,
      ),
    );
  });

  test('7.2: the sync makes its query exact', async () => {
    const lines = precopy(FLAT).map(([at, line]): Timed => {
      const total = /total=(\d+)/.exec(line)?.[1];
      if (total === undefined) return [at, line];
      if (line.includes('exact=0')) return [at, 'savevm_state_iterate '];
      return [at, `migrate_pending pending size ${total} max 5000000 (pre = ${total} compat=0 post=0)`];
    });
    // What was sent shows in the estimates between: 7.2 prints one line per window.
    const sent = lines.flatMap(([at, line]): readonly Timed[] =>
      line.startsWith('savevm_state_iterate')
        ? [[at, 'migrate_pending pending size 6000000 max 5000000 (pre = 6000000 compat=0 post=0)']]
        : [[at, line]],
    );
    expect(verdictOf(await judge(timed(sent)), ID).verdict).toBe('violated');
  });
});

describe('pass', () => {
  test.each([
    ['still falling when cancelled', cancelled([80e6, 70e6, 60e6, 50e6, 40e6])],
    ['falling slowly', cancelled([80e6, 77e6, 74e6, 71e6, 68e6, 65e6, 62e6])],
    ['auto-converge takes hold after a while', cancelled([54e6, 54e6, 54e6, 54e6, 48e6, 40e6])],
    ['busy once more, and falling again', cancelled([54e6, 20e6, 8e6, 60e6, 50e6, 40e6, 30e6, 20e6])],
    ['it came down in the end', then(precopy([54e6, 54e6, 54e6, 54e6, 54e6, 4e6]), ...ended(4e6))],
    ['near the threshold all along', then(precopy([5.2e6, 5.1e6, 5.3e6, 5.2e6, 5.1e6, 4.99e6]), ...ended(4.99e6))],
    ['a switchover-ack is waited for', cancelled([54e6, 20e6, 4e6, 4e6, 4e6, 4e6, 4e6, 4e6])],
    ['nothing is pending', cancelled([54e6, 20e6, 0, 0, 0, 0, 0, 0])],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('the line of the exact query that decided is lost', async () => {
    const lines = then(precopy([54e6, 54e6, 54e6, 54e6, 54e6]), estimate({}), ...sync(9), ...ended(4e6));
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  // RAM is counted as postcopy: 11.1 asks exactly in every round, long before anything is sent twice.
  test('exact queries in every round of the first pass', async () => {
    const lines = Array.from({ length: 60 }, (_, at): readonly Timed[] => {
      const left = MIB256 - at * 1_000_000;
      return [
        [at * 50_000, estimate({ postcopy: left })],
        ...sync(0).map((text): Timed => [at * 50_000 + 1, text]),
        [at * 50_000 + 2, exact({ postcopy: left })],
      ];
    }).flat();
    const setup = SETUP.map((text): Timed => [0, text]);
    expect(verdictOf(await judge(timed([...setup, [0, WINDOW], ...lines])), ID).verdict).toBe('pass');
  });
});

test('without the threshold it may just have ended: undecidable', async () => {
  const lines = precopy([54e6, 54e6, 54e6, 54e6]).filter(([, line]) => line !== WINDOW);
  expect(doubt(await judge(timed(lines)), ID)).toEqual(
    doubtful('the log does not show the threshold', 'migrate_transferred'),
  );
});

test('a log of no query: undecidable', async () => {
  const report = await judge(only(precopyRun(), 'migrate_set_state', 'runstate_set'));
  expect(verdictOf(report, ID).verdict).toBe('undecidable');
});

describe('not applicable', () => {
  test.each([
    ['three rounds', cancelled([54e6, 54e6, 54e6])],
    ['postcopy at once', postcopyRun()],
    ['snapshot', SNAPSHOT],
    ['background snapshot', BACKGROUND_SNAPSHOT],
    // The link stands still for two seconds.
    ['estimates without exact queries', [...SETUP, ...Array.from({ length: 20 }, () => old.estimate(MIB256))]],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
  });
});

test('10.0 without its exact event: estimates that fall and rise are rounds, no standstill', async () => {
  const lines = Array.from(
    { length: 400 },
    (_, at): Timed => [at * 100_000, old.estimate(50_000_000 - (at % 5) * 10_000_000)],
  );
  const report = await judge(timed([...SETUP.map((text): Timed => [0, text]), [0, WINDOW], ...lines]));
  expect(verdictOf(report, ID).verdict).toBe('not-applicable');
});

test.skipIf(TRACES_MISSING)(`no captured run stands still to its end${SKIPPED}`, async () => {
  for (const { name, inputs } of [...realCaptures(), ...patchedCaptures()]) {
    for (const verdict of await verdictsOn(inputs, ID)) expect(verdict, name).not.toBe('violated');
  }
});
