import { describe, expect, test } from 'vitest';
import { patchedCaptures, realCaptures, SKIPPED, TRACES_MISSING } from './captures.ts';
import {
  BACKGROUND_SNAPSHOT,
  estimate,
  exact,
  old,
  only,
  postcopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  state,
  sync,
  timed,
  transferred,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, verdictsOn } from './support.ts';

const ID = 'exact-query-spin';
const BITMAPS = 16908288;
const THRESHOLD_EVERY = 100_000;

type Timed = readonly [micros: number, line: string];

interface Spin {
  /** Between two exact queries, in microseconds. */
  readonly every: number;
  readonly rounds: number;
  /** What stays pending. */
  readonly postcopy?: number;
  /** Bytes of RAM that are found in each round, and sent. */
  readonly precopy?: number;
  readonly line?: { readonly estimate: (bytes: number) => string; readonly exact: (bytes: number) => string };
}

const NEW = {
  estimate: (bytes: number) => estimate({ postcopy: bytes }),
  exact: (bytes: number) => exact({ postcopy: bytes }),
};

/** Setup, one window of RAM at 100 MB/s, then exact queries in every round. Line 9 is the first of migrate_transferred. */
function spin({ every, rounds, postcopy = BITMAPS, precopy = 0, line = NEW }: Spin): readonly Timed[] {
  const lines: Timed[] = SETUP.map((text, at) => [at, text]);
  lines.push([100_000, transferred(10_000_000, 50)]);
  let window = 200_000;
  for (let round = 0; round < rounds; round += 1) {
    const at = 110_000 + round * every;
    if (at >= window) {
      lines.push([window, transferred(2_000_000, 50)]);
      window += THRESHOLD_EVERY;
    }
    lines.push([at, line.estimate(postcopy)]);
    lines.push(...sync(1).map((text): Timed => [at + 1, text]));
    lines.push([at + 2, line.exact(postcopy + precopy)]);
  }
  return lines;
}

const cancelled = (lines: readonly Timed[]): readonly Timed[] => {
  const last = lines.at(-1)?.[0] ?? 0;
  return [...lines, [last + 1, state('cancelling')], [last + 2, state('cancelled')]];
};
const SPIN = cancelled(spin({ every: 500, rounds: 2400 }));

describe('violated', () => {
  test('11.1, a dirty bitmap larger than the threshold', async () => {
    const report = await judge(timed(SPIN));
    const shown = timed(SPIN).map((line) => line.slice(28));
    const exacts = shown.flatMap((line, at) => (line.includes('exact=1') ? [at + 1] : []));
    expect(accusation(report, ID)).toEqual(
      accused(
        '2400 exact queries in 1199.500 ms, 2001 a second, while 16908288 bytes stayed pending, 16908288 of them counted as postcopy',
        `src.log:${exacts.at(-1)} qemu_savevm_query_pending exact=1, final=0, total=16908288`,
        `src.log:${exacts[0]} qemu_savevm_query_pending exact=1, final=0, total=16908288`,
        `src.log:${shown.lastIndexOf(transferred(2_000_000, 50)) + 1} ${transferred(2_000_000, 50)}`,
      ),
    );
    const { severity, findings } = verdictOf(report, ID);
    expect(severity).toBe('warning');
    expect(findings[0]?.expected).toBe(
      'something is sent between two exact queries; postcopy ends it, or a downtime-limit of 846 ms at the bandwidth measured last (170 ms at the best one, set as avail-switchover-bandwidth)',
    );
  });

  test('some RAM is dirtied and sent meanwhile', async () => {
    expect(verdictOf(await judge(timed(spin({ every: 500, rounds: 2400, precopy: 40960 }))), ID).verdict).toBe(
      'violated',
    );
  });

  test('without time stamps the windows tell the time', async () => {
    const report = await judge(SPIN.map(([, line]) => line));
    expect(verdictOf(report, ID).reason).toBe(
      '2400 exact queries in 1200.000 ms, 2000 a second, while 16908288 bytes stayed pending, 16908288 of them counted as postcopy',
    );
  });

  test('8.0 with postcopy-ram', async () => {
    const line = { estimate: (bytes: number) => old.estimate(0, bytes), exact: (bytes: number) => old.exact(0, bytes) };
    expect(verdictOf(await judge(timed(spin({ every: 500, rounds: 2400, line }))), ID).verdict).toBe('violated');
  });

  test('7.2: the sync makes its query exact', async () => {
    const oldest = (bytes: number) =>
      `migrate_pending pending size ${bytes} max 5000000 (pre = 0 compat=0 post=${bytes})`;
    const lines = spin({ every: 500, rounds: 2400, line: { estimate: () => 'savevm_state_iterate ', exact: oldest } });
    expect(verdictOf(await judge(timed(lines)), ID).verdict).toBe('violated');
    expect(doubt(await judge(timed(lines.filter(([, line]) => !line.includes('bitmap_sync')))), ID)).toEqual(
      doubtful(
        'only its sync shows that a query of QEMU 7.2 is exact',
        'migration_bitmap_sync_start',
        'migration_bitmap_sync_end',
      ),
    );
  });

  test('one finding per stretch', async () => {
    const one = spin({ every: 500, rounds: 2400 });
    const fell: readonly Timed[] = [[1_400_000, estimate({ postcopy: 8_000_000 })]];
    const two = spin({ every: 500, rounds: 2400 }).slice(9);
    const lines = [...one, ...fell, ...two.map(([at, line]): Timed => [at + 1_400_000, line])];
    expect(verdictOf(await judge(timed(lines)), ID).findingCount).toBe(2);
  });
});

describe('pass', () => {
  test.each<[string, readonly Timed[]]>([
    ['one exact query in 20 ms: 11.1 with postcopy-ram', spin({ every: 20_000, rounds: 300 })],
    ['over within 300 ms', spin({ every: 500, rounds: 590 })],
    ['few queries', spin({ every: 6000, rounds: 199 })],
    [
      'no more pending than the threshold: a switchover-ack is waited for',
      spin({ every: 500, rounds: 2400, postcopy: 1_000_000 }),
    ],
    ['nothing pending', spin({ every: 500, rounds: 2400, postcopy: 0 })],
    [
      'each round sends what the exact query found',
      spin({ every: 500, rounds: 2400, postcopy: 2_000_000, precopy: 5_000_000 }),
    ],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(timed(lines)), ID).verdict).toBe('pass');
  });

  test('acks are outstanding', async () => {
    const lines = timed(SPIN).map((line) =>
      line.replace('total switchover ack pending=0', 'total switchover ack pending=1'),
    );
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

test('nothing shows the time: undecidable', async () => {
  const lines = SPIN.map(([, line]) => line);
  expect(doubt(await judge(without(lines, 'migrate_transferred')), ID)).toEqual(
    doubtful('the log shows 2400 exact queries running without progress, but not in what time', 'migrate_transferred'),
  );
});

test('a torn line in the middle', async () => {
  const lines = timed(SPIN).map((line, at) => (at === 4000 ? line.slice(40) : line));
  expect(verdictOf(await judge(lines), ID).verdict).not.toBe('pass');
});

describe('not applicable', () => {
  // Requests of the destination make the loop turn without waiting: estimates only.
  test('estimates after postcopy has started', async () => {
    const run = postcopyRun();
    const at = run.indexOf(state('postcopy-device')) + 1;
    const busy = Array.from({ length: 5000 }, () => estimate({ postcopy: 234483712 }));
    const report = await judge([...run.slice(0, at), ...busy, ...run.slice(at)]);
    expect(verdictOf(report, ID).verdict).toBe('pass');
  });

  // 10.0.13 spins on estimates: nothing syncs there.
  test('estimates alone', async () => {
    const lines = [...SETUP, ...Array.from({ length: 5000 }, () => old.estimate(0, BITMAPS))];
    expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
  });

  test.each([
    ['snapshot', SNAPSHOT],
    ['background snapshot', BACKGROUND_SNAPSHOT],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('not-applicable');
  });
});

test('no query line', async () => {
  expect(verdictOf(await judge(only(precopyRun(), 'migrate_set_state', 'runstate_set')), ID).verdict).toBe(
    'undecidable',
  );
});

test.skipIf(TRACES_MISSING)(`no captured run spins${SKIPPED}`, async () => {
  for (const { name, inputs } of [...realCaptures(), ...patchedCaptures()]) {
    for (const verdict of await verdictsOn(inputs, ID)) expect(verdict, name).not.toBe('violated');
  }
});
