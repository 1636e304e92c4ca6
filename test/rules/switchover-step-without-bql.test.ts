import { describe, expect, test } from 'vitest';
import { LOCKED_END, LOCKED_FINAL, LOCKED_STOP, releases, takes, UNLOCK, waits } from './locks.ts';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  oldestPostcopyRun,
  precopyRun,
  RAM_SECTION,
  SAVING,
  SETUP,
  SNAPSHOT,
  state,
  tid,
  without,
} from './runs.ts';
import { pauseBefore } from './scenarios/precopy.ts';
import { Q9_2 } from './scenarios/qemu.ts';
import { log, type Script } from './scenarios/script.ts';
import { SETS } from './scenarios/sets.ts';
import { accusation, accused, doubt, doubtful, judge, verdictOf, violatedRules } from './support.ts';

const ID = 'switchover-step-without-bql';
const MUTEX_EVENTS = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'];
const RELEASED = [releases(UNLOCK), waits('util/main-loop.c:313'), takes('util/main-loop.c:313'), releases(UNLOCK)];
const RETAKEN = [waits('migration/migration.c:3006'), takes('migration/migration.c:3006')];

/** Lines 1-40: stop, sync and final; the lock given up before `migration_block_activation` and taken again. */
const gap = (...inside: readonly string[]) => [
  ...LOCKED_STOP,
  ...LOCKED_FINAL,
  ...RELEASED,
  ...inside,
  ...RETAKEN,
  ...LOCKED_END.slice(inside.length),
];

describe('violated', () => {
  test('two steps while nobody holds the lock', async () => {
    const report = await judge(gap(...LOCKED_END.slice(0, 2)));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the BQL was not held at migration_block_activation and 1 more lines of the precopy switchover: the BQL was released and not taken again; the migration thread asks for it right after',
        'src.log:45 migration_block_activation inactive',
        'src.log:44 qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c:587)',
        'src.log:47 qemu_mutex_lock waiting on mutex 0x56551ace07e0 (migration/migration.c:3006)',
        'src.log:46 migration_precopy_complete',
      ),
    );
    // The final query itself ran with the lock.
    expect(violatedRules(report)).toEqual([]);
  });

  test('with thread ids', async () => {
    const lines = (drop: boolean) =>
      tid([
        [100, takes('util/main-loop.c:313')],
        [100, releases(UNLOCK)],
        ...SETUP.slice(2).map((line) => [200, line] as const),
        ...LOCKED_STOP.slice(SETUP.length, 19).map((line) => [200, line] as const),
        ...['vmstate_downtime_checkpoint src-vm-stopped', state('device'), ...LOCKED_FINAL].map(
          (line) => [200, line] as const,
        ),
        ...(drop ? ([[200, releases(UNLOCK)]] as const) : []),
        ...SAVING.map((line) => [200, line] as const),
        ...(drop ? RETAKEN.map((line) => [200, line] as const) : []),
        ...RAM_SECTION.slice(0, -1).map((line) => [200, line] as const),
        [200, releases(UNLOCK)],
        [200, state('completed')],
      ]);
    expect(accusation(await judge(lines(true)), ID).count).toBe(1);
    expect(verdictOf(await judge(lines(false)), ID).verdict).toBe('pass');
  });
});

describe('a pass', () => {
  test('the lock is held at each of them', async () => {
    expect(verdictOf(await judge([...LOCKED_STOP, ...LOCKED_FINAL, ...LOCKED_END]), ID)).toMatchObject({
      verdict: 'pass',
      reason: 'the BQL was held at 6 lines of the precopy switchover',
    });
  });

  test('given up and taken again between two of them', async () => {
    expect(verdictOf(await judge(gap()), ID).verdict).toBe('pass');
  });

  test('pre-switchover: `device` is not judged, as older versions print it before they take the lock', async () => {
    const lines = [
      ...LOCKED_STOP.slice(0, -1),
      state('pre-switchover'),
      releases(UNLOCK),
      state('device'),
      ...RETAKEN,
      ...LOCKED_FINAL,
      ...LOCKED_END,
    ];
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('8.2 to 9.2 with the line of pre-switchover lost: never violated', async () => {
    const set = SETS['minimum with the mutexes'] ?? ((all: Script) => all);
    const script = set(pauseBefore(2)(Q9_2)).filter(({ text }) => text !== state('pre-switchover'));
    expect(verdictOf(await judge(log(script, 'iso')), ID).verdict).not.toBe('violated');
  });
});

describe('undecidable', () => {
  test('without mutex events', async () => {
    expect(doubt(await judge(precopyRun()), ID)).toEqual(
      doubtful('nothing shows who held the BQL at src-vm-stopped: no mutex event shows the BQL', ...MUTEX_EVENTS),
    );
  });

  test('none of the lines', async () => {
    const lines = without(
      precopyRun({ stop: ['runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)'] }),
      'vmstate_downtime_checkpoint',
      'migration_precopy_complete',
      'migration_block_activation',
    );
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful(
        'the log shows none of the lines that are printed under the BQL',
        'vmstate_downtime_checkpoint',
        'migration_precopy_complete',
        'migration_block_activation',
      ),
    );
  });

  test('any one or two adjacent lines of the lock lost: nobody is accused', async () => {
    const lines = [...LOCKED_STOP, ...LOCKED_FINAL, ...LOCKED_END];
    const locks = lines.flatMap((line, index) => (line.startsWith('qemu_mutex_') ? [index] : []));
    for (const [at, index] of locks.entries()) {
      for (const second of [-1, locks[at + 1] ?? -1]) {
        const rest = lines.filter((_line, other) => other !== index && other !== second);
        const { verdict } = verdictOf(await judge(rest), ID);
        expect(verdict, `without lines ${index + 1} and ${second + 1}`).not.toBe('violated');
      }
    }
  });

  test.each(MUTEX_EVENTS)('without %s', async (event) => {
    const right = without([...LOCKED_STOP, ...LOCKED_FINAL, ...LOCKED_END], event);
    expect(verdictOf(await judge(right), ID).verdict).not.toBe('violated');
    const wrong = without(gap(...LOCKED_END.slice(0, 2)), event);
    expect(verdictOf(await judge(wrong), ID).verdict).not.toBe('pass');
  });
});

describe('not applicable', () => {
  test.each([
    ['7.2', oldestPostcopyRun(), 'QEMU 7.2 prints none of these lines'],
    ['a snapshot', SNAPSHOT, 'a snapshot has no switchover'],
    ['a background snapshot', BACKGROUND_SNAPSHOT, 'a background-snapshot has no switchover'],
    ['COLO', coloRun(checkpoint()), 'a COLO migration hands its locks over in its own way'],
    [
      'never stopped',
      precopyRun({ decision: [state('cancelling')], stop: [], final: [], saving: [], end: [state('cancelled')] }),
      'the migration never came to its switchover',
    ],
  ])('%s', async (_name, lines, reason) => {
    const verdict = verdictOf(await judge(lines), ID);
    expect({ verdict: verdict.verdict, reason: verdict.reason }).toEqual({ verdict: 'not-applicable', reason });
  });
});

test('CPR: the main thread stops the VM, before the state `active`: that line is not judged', async () => {
  const run = cprRun();
  const stopped = run.findIndex((line) => line.includes('src-vm-stopped'));
  const lines = [
    ...run.slice(0, stopped - 1),
    waits('util/main-loop.c:313'),
    takes('util/main-loop.c:313'),
    ...run.slice(stopped - 1, stopped + 1),
    releases(UNLOCK),
    ...run.slice(stopped + 1),
  ];
  expect(verdictOf(await judge(lines), ID).verdict).not.toBe('violated');
});
