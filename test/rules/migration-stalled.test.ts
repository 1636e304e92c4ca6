import { describe, expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { CANCELLED, delayed, estimate, later, MIB256, precopyRun, SETUP, state } from './runs.ts';
import { accusation, accused, judge, verdictOf } from './support.ts';

const ID = 'migration-stalled';
const window = (transferred: number, ms: number): string =>
  `migrate_transferred transferred ${transferred} time_spent ${ms} bandwidth 840 switchover_bw 105003 max_size 5250155`;
const windows = (...lines: readonly string[]): readonly string[] =>
  precopyRun({ rounds: [estimate({ precopy: MIB256 }), ...lines] });

describe('nothing is sent', () => {
  test('for ten seconds', async () => {
    const idle = Array.from({ length: 120 }, () => window(0, 100));
    expect(accusation(await judge(windows(window(4096, 100), ...idle)), ID)).toEqual(
      accused('nothing was sent for 10.0 s', `src.log:110 ${window(0, 100)}`, `src.log:11 ${window(0, 100)}`),
    );
  });

  test('for 9.9 seconds, and then again: a pass', async () => {
    const idle = Array.from({ length: 99 }, () => window(0, 100));
    const report = await judge(windows(...idle, window(1, 100), ...idle, window(1, 100)));
    expect(verdictOf(report, ID).verdict).toBe('pass');
  });

  test('the loop does not come round', async () => {
    expect(accusation(await judge(windows(window(65536, 12345))), ID)).toEqual(
      accused('one round of the migration loop took 12.3 s', `src.log:10 ${window(65536, 12345)}`),
    );
  });
});

describe('a cancelled migration', () => {
  /** Line 11 is cancelling, 15 cancelled. */
  test('ends too late', async () => {
    expect(accusation(await judge(delayed(CANCELLED, 12, 31)), ID)).toEqual(
      accused(
        'the migration was still cancelling 31 s after migrate_cancel',
        'src.log:11 migrate_set_state new state cancelling',
        'src.log:15 migrate_set_state new state cancelled',
      ),
    );
  });

  test('never ends', async () => {
    const lines = [
      ...[...SETUP, state('cancelling')].map((line) => later(1, line)),
      later(61, 'ram_save_iterate_big_wait big wait: 60000 milliseconds, 64 iterations'),
    ];
    expect(accusation(await judge(lines), ID)).toEqual(
      accused(
        'the migration was still cancelling 60 s after migrate_cancel',
        'src.log:9 migrate_set_state new state cancelling',
      ),
    );
  });

  test('ends in time', async () => {
    expect(verdictOf(await judge(delayed(CANCELLED, 12, 29)), ID).verdict).toBe('not-applicable');
  });

  test('without time stamps nothing is said', async () => {
    expect(verdictOf(await judge(CANCELLED), ID).verdict).toBe('not-applicable');
  });
});

accusesNobody(ID);
