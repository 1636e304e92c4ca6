import { describe, expect, test } from 'vitest';
import { old, oldPrecopyRun, precopyRun, SETUP, sync } from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';
import { oldEstimate, oldExact, oldestExact, pending, type Sizes } from './vfio.ts';

const ID = 'vfio-size-counted-twice';
const A = '0000:81:00.1';
const B = '0000:81:00.2';
/** Of a driver whose sizes are no whole pages. */
const ONE: Sizes = { stopcopy: 20_000_123, init: 1000, dirty: 2_000_007 };
const INSIDE = 2_001_007;
const SUM = 22_001_130;
const RAM = 1_048_576;

/** An estimate and an exact query, as `line` prints the device lines of the second. */
const round = (devices: readonly string[], total: number): readonly string[] => [
  old.estimate(4096),
  ...sync(7),
  ...devices,
  old.exact(total),
];

const run = (...rounds: readonly (readonly string[])[]): readonly string[] => [
  ...SETUP,
  old.estimate(268967936),
  ...rounds.flat(),
  ...oldPrecopyRun().slice(12),
];

const alone = (share: number, ram = RAM, line = oldExact) => round([line(A, ram + share, ONE)], ram + share);

describe('violated', () => {
  test('one device: what is left of the sum is in whole pages only without its precopy bytes', async () => {
    const report = await judge(run(alone(SUM), alone(SUM, RAM - 8192)));
    expect(accusation(report, ID)).toEqual(
      accused(
        `the exact query counts ${SUM} bytes for VFIO device ${A}: its stop-copy size 20000123 and, once more, the ${INSIDE} precopy bytes in it`,
        `src.log:13 ${oldExact(A, RAM + SUM, ONE).slice(0, 110)}`,
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('warning');
    expect(violatedRules(report)).toEqual([]);
  });

  test('up to 9.0, in hexadecimal', async () => {
    const report = await judge(run(alone(SUM, RAM, oldestExact), alone(SUM, RAM - 8192, oldestExact)));
    expect(verdictOf(report, ID).verdict).toBe('violated');
  });

  test('a second device, by the step from the first: also in whole pages', async () => {
    const pages: Sizes = { stopcopy: 8192, init: 4096 };
    const both = round([oldExact(A, RAM + 12288, pages), oldExact(B, RAM + 24576, pages)], RAM + 24576);
    const report = await judge(run(both, both));
    expect(accusation(report, ID).findings).toEqual([
      {
        message: `the exact query counts 12288 bytes for VFIO device ${B}: its stop-copy size 8192 and, once more, the 4096 precopy bytes in it`,
        evidence: [
          `src.log:14 ${oldExact(B, RAM + 24576, pages).slice(0, 110)}`,
          `src.log:13 ${oldExact(A, RAM + 12288, pages).slice(0, 110)}`,
        ],
      },
    ]);
  });

  test('the queries themselves are not shown', async () => {
    const lines = run(alone(SUM), alone(SUM)).filter((line) => !line.startsWith('migrate_pending'));
    expect(verdictOf(await judge(lines), ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['one device counts with its stop-copy size', run(alone(20_000_123), alone(20_000_123))],
    ['so little is pending that the two do not fit', run(alone(20_000_123, 4096), alone(20_000_123, 0))],
    [
      'two devices',
      run(round([oldExact(A, RAM + 20_000_123, ONE), oldExact(B, RAM + 40_000_246, ONE)], RAM + 40_000_246)),
    ],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });
});

describe('undecidable', () => {
  const doubts = doubtful('the sums do not tell what the VFIO devices count for', 'vfio_state_pending_exact');

  test('once only', async () => {
    expect(doubt(await judge(run(alone(SUM), round([], RAM))), ID)).toEqual(doubts);
  });

  test('not in every query', async () => {
    expect(doubt(await judge(run(alone(SUM), alone(SUM), alone(20_000_123))), ID)).toEqual(doubts);
  });

  test('whole pages of one device', async () => {
    const pages: Sizes = { stopcopy: 8192, init: 4096 };
    const lines = round([oldExact(A, RAM + 12288, pages)], RAM + 12288);
    expect(doubt(await judge(run(lines, lines)), ID)).toEqual(doubts);
  });

  // What is all sent in precopy, twice: without the line of the second, the third steps by both.
  test('the line of a device is lost', async () => {
    const all: Sizes = { stopcopy: 5000, init: 5000 };
    const devices = ['a', 'b', 'c'].map((name, index) => oldExact(name, RAM + 5000 * (index + 1), all));
    const whole = round(devices, RAM + 15_000);
    const report = await judge(run(whole, round(devices.toSpliced(1, 1), RAM + 15_000)));
    expect(verdictOf(report, ID).verdict).toBe('undecidable');
    expect(verdictOf(await judge(run(whole, whole)), ID).verdict).toBe('pass');
  });

  test('the exact lines of the devices are off', async () => {
    const lines = run([oldEstimate(A, RAM, { init: 7 })], round([], RAM));
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('the log has no line of a VFIO device in an exact query', 'vfio_state_pending_exact'),
    );
  });

  test('a hole', async () => {
    const report = await judge([...run(alone(SUM), alone(SUM)), 'migrate_pending_exact exact pend']);
    expect(verdictOf(report, ID).verdict).not.toBe('violated');
  });
});

describe('not applicable', () => {
  const newRun = precopyRun({
    rounds: [
      pending(A, ONE, 1),
      'qemu_savevm_query_pending exact=1, final=0, precopy=0, stopcopy=20000123, postcopy=0, total=20000123, collected switchover ack pending=0, total switchover ack pending=0',
    ],
  });
  test.each<[string, readonly string[], string]>([
    ['no VFIO device', oldPrecopyRun(), 'no VFIO event in the log'],
    ['11.1', newRun, 'this QEMU counts stop-copy bytes apart from precopy'],
    [
      'no precopy bytes',
      run(round([oldExact(A, 5, { stopcopy: 5 })], 5)),
      'no VFIO device had precopy bytes in an exact query',
    ],
    ['no exact query', [...SETUP, old.estimate(7), oldEstimate(A, 7, { init: 7 })], 'no exact query was made'],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect([verdict.verdict, verdict.reason]).toEqual(['not-applicable', reason]);
  });
});
