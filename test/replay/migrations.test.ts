/** How a log is cut into migrations, and what each is called. */
import { describe, expect, test } from 'vitest';
import {
  BACKGROUND_SNAPSHOT,
  checkpoint,
  coloRun,
  cprRun,
  estimate,
  FINISH_TO_RUNNING,
  iso,
  MIB256,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  postcopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  state,
  sync,
  without,
} from '../rules/runs.ts';
import { judge, violatedRules } from '../rules/support.ts';

/** Kind, outcome and counts of each migration. */
async function migrationsOf(trace: Parameters<typeof judge>[0]) {
  const { migrations } = await judge(trace);
  return migrations.map(({ kind, outcome, queries, syncs, iterations }) => ({
    is: `${kind} ${outcome}`,
    queries: [queries.estimate, queries.exact, queries.final, queries.unspecified],
    syncs,
    iterations,
  }));
}

describe('kinds', () => {
  test.each([
    ['precopy', precopyRun(), { is: 'precopy completed', queries: [2, 1, 1, 0], syncs: 3, iterations: 1 }],
    ['postcopy', postcopyRun(), { is: 'postcopy completed', queries: [3, 1, 1, 0], syncs: 3, iterations: 1 }],
    [
      'COLO',
      coloRun(checkpoint(), checkpoint()),
      { is: 'colo completed', queries: [2, 1, 3, 0], syncs: 5, iterations: 1 },
    ],
    ['snapshot', SNAPSHOT, { is: 'snapshot completed', queries: [0, 0, 0, 0], syncs: 1, iterations: 0 }],
    [
      'background snapshot',
      BACKGROUND_SNAPSHOT,
      { is: 'background-snapshot completed', queries: [0, 0, 0, 0], syncs: 0, iterations: 0 },
    ],
    ['CPR', cprRun(), { is: 'precopy completed', queries: [1, 1, 1, 0], syncs: 3, iterations: 1 }],
    ['10.0', oldPrecopyRun(), { is: 'precopy completed', queries: [1, 1, 0, 0], syncs: 3, iterations: 1 }],
    ['10.0, postcopy', oldPostcopyRun(), { is: 'postcopy completed', queries: [2, 1, 0, 0], syncs: 3, iterations: 0 }],
    [
      '7.2, postcopy',
      oldestPostcopyRun(),
      { is: 'postcopy completed', queries: [0, 0, 0, 2], syncs: 3, iterations: 0 },
    ],
  ])('%s', async (_name, lines, expected) => {
    expect(await migrationsOf(lines)).toEqual([expected]);
  });

  test('a snapshot without the runstates is known by what it lacks', async () => {
    const lines = without(SNAPSHOT, 'runstate_set', 'vm_state_notify');
    expect((await migrationsOf(lines)).map(({ is }) => is)).toEqual(['snapshot completed']);
  });

  test('postcopy-ram on, but never started: precopy', async () => {
    const lines = precopyRun({ rounds: [estimate({ postcopy: MIB256 })] });
    expect((await migrationsOf(lines)).map(({ is }) => is)).toEqual(['precopy completed']);
  });
});

describe('outcomes', () => {
  const active = [...SETUP, estimate({ precopy: MIB256 })];

  test.each([
    ['cancelled', [...active, state('cancelling'), state('cancelled')], 'precopy cancelled'],
    ['still cancelling', [...active, state('cancelling')], 'precopy cancelled'],
    ['failed, 11.1', [...active, state('failing'), state('failed')], 'precopy failed'],
    ['failed, 10.0', [...active, state('failed')], 'precopy failed'],
    ['the log ends', active, 'precopy running'],
    [
      'postcopy-paused',
      [...postcopyRun().slice(0, 33), state('postcopy-active'), state('postcopy-paused')],
      'postcopy running',
    ],
    ['never connected', [...SETUP.slice(0, 2), state('failing'), state('failed')], 'unknown failed'],
    [
      'aborted',
      [...active, 'ERROR:../system/cpus.c:520:bql_lock_impl: assertion failed: (!bql_locked())'],
      'precopy aborted',
    ],
  ])('%s', async (_name, lines, expected) => {
    expect((await migrationsOf(lines)).map(({ is }) => is)).toEqual([expected]);
  });
});

describe('several migrations in one log', () => {
  const failed = precopyRun({
    saving: [state('failing')],
    end: [FINISH_TO_RUNNING, state('failed'), 'migration_cleanup '],
  });

  test('failed, then completed', async () => {
    expect((await migrationsOf([...failed, ...precopyRun()])).map(({ is }) => is)).toEqual([
      'precopy failed',
      'precopy completed',
    ]);
  });

  test('snapshot, then precopy', async () => {
    expect((await migrationsOf([...SNAPSHOT, ...precopyRun()])).map(({ is }) => is)).toEqual([
      'snapshot completed',
      'precopy completed',
    ]);
  });

  test('the counters of the second start anew', async () => {
    const [, second] = await migrationsOf([...failed, ...postcopyRun()]);
    expect(second).toEqual({ is: 'postcopy completed', queries: [3, 1, 1, 0], syncs: 3, iterations: 1 });
  });

  test('a log that starts in the middle of the first', async () => {
    const report = await judge([...failed.slice(11), ...precopyRun()]);
    expect(report.migrations.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
      'precopy failed',
      'precopy completed',
    ]);
    expect(report.inputs[0]?.problems.map(({ code }) => code)).toEqual(['starts-in-the-middle']);
  });

  test('`quit` prints migration_cancel after the end: nothing is cancelled', async () => {
    const lines = [...precopyRun(), 'migration_cancel ', 'vm_stop_flush_all ret 0'];
    expect((await migrationsOf(lines)).map(({ is }) => is)).toEqual(['precopy completed']);
  });
});

describe('cancelled by the main thread before the migration thread has begun', () => {
  const command = 'qmp_enter_migrate {"uri": "unix:/run/mig.sock"}';
  const thread = ['savevm_state_header ', 'savevm_state_setup ', ...sync(0)];
  const cancelled = [
    command,
    state('setup'),
    'qmp_enter_migrate_cancel {}',
    'migration_cancel ',
    state('cancelling'),
    state('cancelled'),
    ...thread,
    'savevm_state_cleanup ',
  ];
  const outcome = async (lines: readonly string[]) => {
    const report = await judge(lines);
    return {
      is: report.migrations.map(({ kind, outcome }) => `${kind} ${outcome}`),
      problems: report.inputs.flatMap(({ problems }) => problems.map(({ code }) => code)),
      violated: violatedRules(report),
    };
  };

  test('what that thread still prints is of the same attempt', async () => {
    const two = await outcome(iso([...cancelled, ...cancelled, ...precopyRun()]));
    expect(two).toEqual({
      is: ['unknown cancelled', 'unknown cancelled', 'precopy completed'],
      problems: [],
      violated: [],
    });
    expect(await outcome([...cancelled, ...cancelled, ...precopyRun()])).toEqual(two);
  });

  test('a second header, one behind the command or one behind the cleanup begins another', async () => {
    const twice = ['unknown cancelled', 'unknown running'];
    expect((await outcome([...cancelled, ...thread])).is).toEqual(twice);
    const early = cancelled.slice(0, 6);
    expect((await outcome([...early, command, ...thread])).is).toEqual(twice);
    expect((await outcome([...early, 'savevm_state_cleanup ', ...thread])).is).toEqual(twice);
  });
});

describe('active behind the end of a migration', () => {
  test('begins another one where the log shows no headers, or has a hole', async () => {
    const second = precopyRun().slice(6);
    const bare = without([...precopyRun(), ...second], 'savevm_state_header', 'savevm_state_setup');
    expect((await migrationsOf(bare)).map(({ is }) => is)).toEqual(['precopy completed', 'precopy completed']);
    const torn = [...precopyRun(), 'qemu_savevm_query_pending exact=1, fin', ...second];
    expect((await migrationsOf(torn)).map(({ is }) => is)).toEqual(['precopy completed', 'precopy completed']);
  });

  test('begins none where an attempt would have shown its header', async () => {
    const lines = [...precopyRun(), state('active')];
    expect((await migrationsOf(lines)).map(({ is }) => is)).toEqual(['precopy running']);
  });
});

describe('the loop goes on behind the end of a migration: the log was switched on again in the midst of another attempt', () => {
  const runs = async (lines: readonly string[]) => {
    const report = await judge(lines);
    return [report.migrations.map(({ kind, outcome }) => `${kind} ${outcome}`), violatedRules(report)];
  };
  const both = [['precopy completed', 'precopy completed'], []];

  test.each([9, 11, 12, 14])('from line %i on, behind the cleanup', async (line) => {
    const first = [...precopyRun(), 'savevm_state_cleanup '];
    expect(await runs([...first, ...precopyRun().slice(line)])).toEqual(both);
  });

  test('not for a line that stands too late in the log', async () => {
    const lines = iso([...precopyRun(), 'savevm_state_cleanup ']);
    const query = lines.findIndex((line) => /query_pending exact=0/.test(line));
    const late = [...lines.slice(0, query), ...lines.slice(query + 1), lines[query] ?? ''];
    expect((await judge(late)).migrations).toHaveLength(1);
  });

  test('behind half a second of silence, with no event of a cleanup', async () => {
    const lines = [...precopyRun(), ...precopyRun().slice(9)];
    const { length } = precopyRun();
    const stamped = (gapMs: number) =>
      lines.map((one, at) => {
        const micros = 10_000_000 + at * 1000 + (at < length ? 0 : gapMs * 1000);
        return `2026-11-23T01:10:${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}Z ${one}`;
      });
    expect(await runs(stamped(600))).toEqual(both);
  });
});

describe('the destination', () => {
  const incoming = [
    state('setup'),
    'migration_socket_incoming_accepted ',
    state('active'),
    'loadvm_state_setup ',
    'vmstate_downtime_checkpoint dst-precopy-loadvm-completed',
    'runstate_set current_run_state 1 (inmigrate) new_state 9 (running)',
    state('completed'),
    'loadvm_state_cleanup ',
  ];

  test('beside the source it makes no migration of its own', async () => {
    const report = await judge({ 'src.log': precopyRun(), 'dst.log': incoming });
    expect(report.migrations).toHaveLength(1);
    expect(report.inputs.map(({ side }) => side)).toEqual(['source', 'destination']);
  });

  test('alone it makes none', async () => {
    const report = await judge(incoming);
    expect([report.migrations, report.verdicts]).toEqual([[], []]);
  });

  describe('of which no event but states is in the log', () => {
    const early = [state('setup'), state('active')];
    const failed = [state('setup'), state('failed')];

    test.each([
      ['killed', early],
      ['failed at once', failed],
      ['failed', [...early, state('failed')]],
      ['completed', [...early, state('completed'), 'vm_state_notify running 1 reason 9 (running)']],
    ])('%s: beside the source it makes none, in either order', async (_name, dst) => {
      for (const trace of [
        { 'src.log': precopyRun(), 'dst.log': dst },
        { 'dst.log': dst, 'src.log': precopyRun() },
      ]) {
        const report = await judge(trace);
        expect(report.migrations.map(({ index, kind }) => `${index} ${kind}`)).toEqual(['0 precopy']);
        expect(report.inputs.find(({ name }) => name === 'dst.log')?.side).toBe('destination');
      }
    });

    test('alone it makes none once it was active, in which a source makes queries', async () => {
      expect((await judge(early)).migrations).toEqual([]);
      expect((await judge([...early, state('failed')])).migrations).toEqual([]);
    });

    test.each([
      ['a state that only a source has', [...early, state('cancelling')]],
      ['a second attempt', [...early, state('failed'), state('completed')]],
      ['the guest runs', ['runstate_set current_run_state 6 (prelaunch) new_state 9 (running)', ...early]],
      ['never active: it may be a source that did not connect', failed],
    ])('%s: a source', async (_name, lines) => {
      expect((await judge(lines)).migrations).toHaveLength(1);
    });

    test('a state of a source is one beside another source, too', async () => {
      const report = await judge({
        'a.log': precopyRun(),
        'b.log': [...early, state('cancelling'), state('cancelled')],
      });
      expect(report.migrations).toHaveLength(2);
    });
  });

  test('a process that was the destination first and is the source later', async () => {
    const report = await judge([...incoming, ...precopyRun()]);
    expect(report.migrations.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(['precopy completed']);
  });

  test('its migration goes on while the source is told to migrate: two processes', async () => {
    const report = await judge([
      state('setup'),
      ...precopyRun().slice(0, 6),
      state('active'),
      ...precopyRun().slice(6),
    ]);
    expect(report.inputs[0]?.problems.map(({ code }) => code)).toContain('two-processes');
    const over = await judge([state('setup'), state('active'), state('completed'), ...precopyRun()]);
    expect(over.inputs[0]?.problems.map(({ code }) => code)).toEqual([]);
  });

  test('two sources one after the other in one log, the first one never ended: mixed up', async () => {
    const report = await judge([...precopyRun().slice(0, 12), ...SETUP.slice(1), ...precopyRun().slice(8)]);
    expect(report.inputs[0]?.problems.map(({ code }) => code)).toContain('two-processes');
  });
});

describe('downtime, line N at N * 10 µs', () => {
  const downtimeOf = async (lines: readonly string[]) =>
    (await judge(iso(lines))).migrations.map(({ downtimeNs }) => downtimeNs);

  test.each([
    ['from src-downtime-start (16) to src-downtime-end (35)', precopyRun(), 190_000],
    ['postcopy: 16 to 32', postcopyRun(), 160_000],
    ['without checkpoints: finish-migrate to completed', without(precopyRun(), 'vmstate_downtime_checkpoint'), 150_000],
    [
      'postcopy without checkpoints: finish-migrate to packaged',
      without(postcopyRun(), 'vmstate_downtime_checkpoint'),
      130_000,
    ],
    ['7.2: finish-migrate (16) to packaged (23)', oldestPostcopyRun(), 70_000],
    ['CPR: the main thread stops the VM (4) during setup; the end is at 34', cprRun(), 300_000],
    ['COLO has none', coloRun(checkpoint()), null],
    ['a snapshot has none', SNAPSHOT, null],
    ['the log ends before it', precopyRun().slice(0, 30), null],
    [
      'cancelled in pre-switchover',
      precopyRun({ final: [], saving: [state('cancelling')], end: [state('cancelled')] }),
      null,
    ],
  ])('%s', async (_name, lines, expected) => {
    expect(await downtimeOf(lines)).toEqual([expected]);
  });

  test('without time stamps it is not known, not 0', async () => {
    expect((await judge(precopyRun())).migrations[0]?.downtimeNs).toBeNull();
  });

  test('8.2 to 9.2 print a second end in postcopy: the first one counts', async () => {
    const lines = [...postcopyRun(), 'vmstate_downtime_checkpoint src-downtime-end'];
    expect(await downtimeOf(lines)).toEqual([160_000]);
  });

  test('the second end alone is no end: then the package is', async () => {
    const lines = oldPostcopyRun();
    const end = lines.indexOf('vmstate_downtime_checkpoint src-downtime-end');
    const completed = lines.indexOf(state('completed'));
    const late = lines.toSpliced(completed, 0, lines[end] ?? '').toSpliced(end, 1);
    expect(await downtimeOf(late)).toEqual([130_000]);
  });

  test('a time stamp without a fraction', async () => {
    const lines = iso(precopyRun()).map((line, index) =>
      index < 34
        ? line.replace('01:00:00', '00:59:59')
        : index === 34
          ? '2026-11-23T01:00:00Z vmstate_downtime_checkpoint src-downtime-end'
          : line,
    );
    expect((await judge(lines)).migrations[0]?.downtimeNs).toBe(1_000_000_000 - 160_000);
  });
});

test('states stand with their lines and their times', async () => {
  const { migrations } = await judge(iso(precopyRun()));
  expect(migrations[0]?.states.map((change) => [change.state, change.line, change.ns])).toEqual([
    ['setup', 2, 0],
    ['active', 7, 50_000],
    ['device', 22, 200_000],
    ['completed', 36, 340_000],
  ]);
});

test('the final total is the last one', async () => {
  expect((await judge(precopyRun())).migrations[0]?.finalTotalBytes).toBe(4239360);
  expect((await judge(oldPrecopyRun())).migrations[0]?.finalTotalBytes).toBeNull();
});

test('syncs of setup do not count as iterations', async () => {
  const [run] = await migrationsOf([...SETUP.slice(0, 4), ...sync(0), ...sync(0), ...SETUP.slice(6), estimate({})]);
  expect(run).toEqual({ is: 'precopy running', queries: [1, 0, 0, 0], syncs: 2, iterations: 0 });
});
