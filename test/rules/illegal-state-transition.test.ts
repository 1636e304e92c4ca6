import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { profileOf } from '../../src/catalog/profiles.ts';
import { NEXT_IN_SNAPSHOT } from '../../src/catalog/states.ts';
import { BANDS, type Band } from '../../src/catalog/vocabulary.ts';
import { linesOf, patchedCaptures, readLines, realCaptures, SKIPPED, TRACES_MISSING } from './captures.ts';
import {
  BACKGROUND_SNAPSHOT,
  COMPLETED,
  checkpoint,
  coloRun,
  cprRun,
  estimate,
  FINISH_TO_RUNNING,
  iso,
  later,
  MIB256,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  only,
  postcopyRun,
  precopyRun,
  SETUP,
  SNAPSHOT,
  STOP,
  state,
  sync,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, quickVerdicts, verdictOf, violatedRules } from './support.ts';

const ID = 'illegal-state-transition';
type Lines = readonly string[];

/** What the rule says of each migration. */
async function verdictsOf(lines: Lines, band?: Band): Promise<readonly string[]> {
  const verdicts = await quickVerdicts({ 'src.log': lines }, band === undefined ? {} : { band });
  return verdicts.filter(({ rule }) => rule === ID).map(({ verdict }) => verdict);
}

/** A log of nothing but states, in an attempt whose header is shown. */
function statesOnly(...names: Lines): Lines {
  const [setup, ...others] = names.map(state);
  return setup === undefined ? [] : [setup, 'savevm_state_header ', 'savevm_state_setup ', ...others];
}

const withActive = (...others: Lines): Lines => statesOnly('setup', 'active', ...others);
const switched = (...others: Lines): Lines => withActive('device', ...others);

describe('violated', () => {
  test('11.1: active comes back behind the switchover', async () => {
    const report = await judge(precopyRun({ end: [state('active'), ...COMPLETED] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the state active follows device',
        'src.log:36 migrate_set_state new state active',
        'src.log:22 migrate_set_state new state device',
      ),
    );
    expect(verdictOf(report, ID).findings[0]).toMatchObject({
      expected:
        'after device, in QEMU 11.1: completed, colo, postcopy-device, postcopy-active, cancelling, failing, failed',
      actual: 'active',
    });
    expect(violatedRules(report)).toEqual([ID]);
    expect(verdictOf(await judge(precopyRun()), ID).verdict).toBe('pass');
  });

  test('11.1: active behind the end, with no header of another attempt', async () => {
    const report = await judge([...precopyRun(), state('active')]);
    expect(accusation(report, ID)).toEqual(
      accused(
        'the state active follows completed',
        'src.log:40 migrate_set_state new state active',
        'src.log:36 migrate_set_state new state completed',
      ),
    );
    expect(report.migrations).toHaveLength(1);
  });

  test('11.1: completed before device', async () => {
    const stop = STOP.map((line) => (line === state('device') ? state('completed') : line));
    const report = await judge(precopyRun({ stop, end: [state('device'), ...COMPLETED.slice(1)] }));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the state device follows completed',
        'src.log:36 migrate_set_state new state device',
        'src.log:22 migrate_set_state new state completed',
      ),
    );
  });

  test('one finding: what follows an illegal order proves nothing', async () => {
    const report = await judge(
      precopyRun({ end: [state('active'), state('device'), state('active'), state('completed')] }),
    );
    expect(verdictOf(report, ID).findingCount).toBe(1);
  });

  test.each<readonly [string, Lines, Band]>([
    ['cancelled, then completed', withActive('cancelling', 'cancelled', 'completed'), '11.1'],
    ['cancelled, then active', withActive('cancelling', 'cancelled', 'active'), '10.0'],
    ['failed, then completed', withActive('failing', 'failed', 'completed'), '11.1'],
    ['failed, then completed, 7.2', withActive('failed', 'completed'), '7.2'],
    ['failed, then active', withActive('failed', 'active'), 'thread'],
    ['failing, then completed', withActive('failing', 'completed'), '11.1'],
    ['failing, then active', withActive('failing', 'active'), '11.1'],
    ['cancelling, then active', withActive('cancelling', 'active'), '11.1'],
    ['cancelling, then completed, where it is a compare-and-swap', withActive('cancelling', 'completed'), '7.2'],
    ['postcopy from setup', statesOnly('setup', 'postcopy-active'), '11.1'],
    ['back from postcopy to precopy', switched('postcopy-device', 'postcopy-active', 'active'), '11.1'],
    ['back from postcopy to the switchover', switched('postcopy-device', 'postcopy-active', 'device'), '11.1'],
    ['postcopy-device behind postcopy-active', switched('postcopy-active', 'postcopy-device'), '10.0'],
    ['paused out of precopy', withActive('postcopy-paused'), '11.1'],
    ['completed while paused', switched('postcopy-active', 'postcopy-paused', 'completed'), '11.1'],
    ['COLO in postcopy', switched('postcopy-active', 'colo'), '11.1'],
    ['COLO goes back to device', switched('colo', 'device'), '11.1'],
    ['pre-switchover behind device', switched('pre-switchover'), '11.1'],
    ['wait-unplug behind active', withActive('wait-unplug'), '11.1'],
  ])('%s', async (_name, lines, band) => {
    expect(await verdictsOf(lines, band)).toEqual(['violated']);
  });

  test('no version has it: the version need not be known', async () => {
    const report = await judge(switched('active'));
    expect(accusation(report, ID)).toEqual(
      accused(
        'the state active follows device',
        'src.log:6 migrate_set_state new state active',
        'src.log:5 migrate_set_state new state device',
      ),
    );
    expect(verdictOf(report, ID).findings[0]?.expected).toContain('in any version of QEMU: ');
  });
});

/** Migrations that are right, each in the versions that have it. */
const LEGAL: readonly (readonly [name: string, lines: Lines, ...bands: readonly Band[]])[] = [
  ['no device', withActive('completed'), '7.2', '10.0', 'thread'],
  ['device', switched('completed'), '10.0', '11.1', 'thread'],
  ['a pause', withActive('pre-switchover', 'device', 'completed'), ...BANDS],
  ['waiting for failover devices', statesOnly('setup', 'wait-unplug', 'active', 'device', 'completed'), '10.0', '11.1'],
  ['7.2: postcopy', withActive('postcopy-active', 'completed'), '7.2', '10.0', 'thread'],
  ['7.2: postcopy with a pause', withActive('pre-switchover', 'postcopy-active', 'completed'), '7.2', '10.0'],
  ['10.0: postcopy', switched('postcopy-active', 'completed'), '10.0', '11.1', 'thread'],
  ['10.2: postcopy', switched('postcopy-device', 'postcopy-active', 'completed'), '10.0', '11.1', 'thread'],
  [
    'postcopy recovers at the third attempt',
    switched(
      'postcopy-device',
      'postcopy-active',
      'postcopy-paused',
      'postcopy-recover-setup',
      'postcopy-paused',
      'postcopy-recover-setup',
      'postcopy-recover',
      'postcopy-paused',
      'postcopy-recover-setup',
      'postcopy-recover',
      'postcopy-active',
      'completed',
    ),
    '10.0',
    '11.1',
    'thread',
  ],
  [
    '7.2: postcopy recovers at the second attempt',
    withActive(
      'postcopy-active',
      'postcopy-paused',
      'postcopy-recover',
      'postcopy-paused',
      'postcopy-recover',
      'postcopy-active',
      'completed',
    ),
    '7.2',
    '10.0',
  ],
  ['10.0: COLO', switched('colo', 'completed'), '10.0', '11.1', 'thread'],
  ['7.2: COLO', withActive('colo', 'completed'), '7.2', '10.0', 'thread'],
  ['savevm', statesOnly('setup', 'completed'), ...BANDS],
  ['savevm fails', statesOnly('setup', 'failed'), ...BANDS],
  ['a background snapshot', withActive('completed'), ...BANDS],
  ['cancelled twice', withActive('cancelling', 'cancelling', 'cancelled'), ...BANDS],
  ['cancelled, and `failed` nonetheless', withActive('cancelling', 'failed'), '7.2', '10.0', 'thread'],
  ['cancelled while it fails', withActive('failing', 'cancelling', 'cancelled'), '11.1'],
  ['unreachable', [state('setup'), state('failing'), state('failed')], '11.1', '10.0'],
  ['unreachable, up to 10.x', [state('setup'), state('failed')], ...BANDS],
  ['two threads find the error', withActive('failing', 'failing', 'failed'), '11.1', '10.0'],
  ['two threads find the error, up to 10.x', withActive('failed', 'failed'), '7.2', '10.0'],
  ['exec() fails behind the end', switched('completed', 'failed'), '10.0', '11.1', 'thread'],
  ['a resume that can not even connect, up to 9.0', withActive('postcopy-active', 'postcopy-paused', 'failed'), '7.2'],
];

describe('a pass', () => {
  test.each<readonly [string, Lines]>([
    ['precopy', precopyRun()],
    ['the patch as posted', precopyRun({}, 'thread')],
    ['10.0', oldPrecopyRun()],
    ['postcopy', postcopyRun()],
    ['postcopy of 10.0', oldPostcopyRun()],
    ['postcopy of 7.2', oldestPostcopyRun()],
    ['COLO', coloRun(checkpoint(), checkpoint())],
    ['CPR', cprRun()],
    ['a snapshot', SNAPSHOT],
    ['a background snapshot', BACKGROUND_SNAPSHOT],
    ['the log starts behind setup', precopyRun().slice(2)],
    ['the log ends in the switchover', precopyRun().slice(0, 24)],
    ['failed', precopyRun({ saving: [state('failing')], end: [FINISH_TO_RUNNING, state('failed')] })],
  ])('%s', async (_name, lines) => {
    expect(await verdictsOf(lines)).toEqual(['pass']);
  });

  test.each(
    LEGAL.flatMap(([name, lines, ...bands]) => bands.map((band) => [name, band, lines] as const)),
  )('%s in %s', async (_name, band, lines) => {
    expect(await verdictsOf(lines, band)).toEqual(['pass']);
  });

  test.each(
    LEGAL.map(([name, lines]) => [name, lines] as const),
  )('%s, in a version that is not known', async (_name, lines) => {
    expect(await verdictsOf(lines)).toEqual(['pass']);
  });

  test('two migrations: the second begins anew', async () => {
    expect(await verdictsOf([...precopyRun(), ...postcopyRun()])).toEqual(['pass', 'pass']);
    const states = only([...precopyRun(), ...postcopyRun()], 'migrate_set_state', 'savevm_state_header');
    expect(await verdictsOf(states)).toEqual(['pass', 'pass']);
  });

  test('the end of the first is not in the log: the second may be another process', async () => {
    expect(await verdictsOf([...precopyRun().slice(0, 30), ...precopyRun()])).toEqual(['pass', 'undecidable']);
  });

  test('a process that was the destination first', async () => {
    const incoming = [
      'runstate_set current_run_state 6 (prelaunch) new_state 1 (inmigrate)',
      ...['setup', 'active', 'postcopy-active', 'completed'].map(state),
    ];
    expect(await verdictsOf([...incoming, ...precopyRun()])).toEqual(['pass']);
  });
});

describe('undecidable', () => {
  test('a state seems to be missing: one lost line looks the same', async () => {
    const run = precopyRun();
    expect(doubt(await judge(without(run, state('device').split(' ')[0] ?? '')), ID)).toEqual(
      doubtful('the log shows no state of the migration', 'migrate_set_state'),
    );
    expect(doubt(await judge(run.filter((line) => line !== state('device'))), ID)).toEqual(
      doubtful(
        'between active and completed the line of a state is missing, such as device (lines 7 and 35)',
        'migrate_set_state',
      ),
    );
  });

  test('only a race prints it', async () => {
    expect(doubt(await judge(switched('cancelling', 'completed'), { band: '11.1' }), ID)).toEqual(
      doubtful('only a race prints completed behind cancelling (lines 6 and 7)', 'migrate_set_state'),
    );
  });

  test('the log was silent, as one that is switched away for a while', async () => {
    const lines = [...withActive(), estimate({ precopy: MIB256 }), state('postcopy-recover')];
    const waiting = (seconds: number) => lines.map((line, index) => later(index < 5 ? 1 : 1 + seconds, line));
    expect(await verdictsOf(waiting(0.4))).toEqual(['violated']);
    expect(doubt(await judge(waiting(0.6)), ID)).toEqual(
      doubtful(
        'the log is silent before postcopy-recover (line 6): more than one state may be missing',
        'migrate_set_state',
      ),
    );
  });

  test('a state that no table has', async () => {
    expect(doubt(await judge(switched('postcopy-fancy'), { band: '11.1' }), ID)).toEqual(
      doubtful("no table of QEMU's states holds both device and postcopy-fancy", 'migrate_set_state'),
    );
    expect(await verdictsOf(switched('postcopy-fancy', 'active'))).toEqual(['undecidable']);
    expect(await verdictsOf(withActive('failing', 'active'), '7.2')).toEqual(['undecidable']);
  });

  test('a state twice, as by two processes', async () => {
    expect(doubt(await judge(switched('completed', 'completed'), { band: '11.1' }), ID)).toEqual(
      doubtful(
        'the state completed is printed twice, as by two processes in one log (lines 6 and 7)',
        'migrate_set_state',
      ),
    );
  });

  test('an attempt whose setup may be lost', async () => {
    const bare = (...names: Lines): Lines => [state('setup'), ...names.map(state)];
    expect(await verdictsOf(bare('failing', 'failed', 'failing', 'failed'), '11.1')).toEqual(['undecidable']);
    expect(await verdictsOf(bare('active', 'cancelling', 'cancelled', 'failed'), '11.1')).toEqual(['undecidable']);
    // Without the events of headers a whole savevm may hide there.
    expect(await verdictsOf(bare('active', 'failed', 'completed'), '10.0')).toEqual(['undecidable']);
  });

  test('the same with a hole', async () => {
    const torn = precopyRun({ end: ['qemu_savevm_query_pending exact=1, fin', state('active'), ...COMPLETED] });
    expect(verdictOf(await judge(torn), ID).verdict).toBe('undecidable');
    const begins = [...precopyRun(), 'qemu_savevm_query_pending exact=1, fin', ...precopyRun().slice(6)];
    expect(await verdictsOf(begins)).not.toContain('violated');
  });

  test('two sources in one log, each with its command', async () => {
    const [first, second] = [precopyRun(), precopyRun()];
    const mixed = [...first.slice(0, 12), ...second.slice(0, 12), ...first.slice(12), ...second.slice(12)];
    expect(await verdictsOf(mixed)).not.toContain('violated');
  });

  test("one thread's own log", async () => {
    const threads = switched('postcopy-device', 'postcopy-active', 'postcopy-paused', 'completed').slice(1);
    expect(await verdictsOf(threads, '11.1')).toEqual(['undecidable']);
    const main = ['setup', 'postcopy-recover-setup', 'postcopy-recover'].map(state);
    expect(await verdictsOf(main, '11.1')).toEqual(['undecidable']);
  });

  test("logs of two threads, of which the migration thread's begins late", async () => {
    const lines = iso(precopyRun());
    const isMain = (line: string): boolean =>
      / (?:qmp_|migrate_set_state new state setup|migration_cleanup)/.test(line);
    const report = await judge({
      'src.log.11': lines.filter(isMain),
      'src.log.12': lines.slice(23).filter((line) => !isMain(line)),
    });
    expect(doubt(report, ID).reason).toContain("one thread's log may begin late or end early");
  });

  test('a destination in the same log, told by its command alone', async () => {
    const lines = [state('setup'), ...SETUP.slice(0, 6), state('active'), ...precopyRun().slice(6), state('completed')];
    expect(await verdictsOf(lines)).toEqual(['undecidable']);
  });

  test('of 7.2 the destination prints no setup', async () => {
    const lines = [...oldPrecopyRun().slice(0, 2), state('active'), ...oldPrecopyRun().slice(2), state('completed')];
    expect(await verdictsOf(lines)).not.toContain('violated');
  });
});

describe('not applicable', () => {
  test('one state is no order', async () => {
    const { verdict, reason } = verdictOf(await judge(precopyRun().slice(0, 5)), ID);
    expect({ verdict, reason }).toEqual({
      verdict: 'not-applicable',
      reason: 'the log shows one state of the migration, and so no order',
    });
  });
});

describe('--qemu', () => {
  test('the states of the version that was given', async () => {
    const lines = withActive('postcopy-active', 'postcopy-paused');
    expect(await verdictsOf(lines, '7.2')).toEqual(['pass']);
    expect(await verdictsOf(lines, 'thread')).toEqual(['pass']);
    expect(await verdictsOf(statesOnly('setup', 'postcopy-active'), '7.2')).toEqual(['undecidable']);
    expect(await verdictsOf(statesOnly('setup', 'postcopy-active'), '11.1')).toEqual(['violated']);
  });

  test('also against the vocabulary of the log', async () => {
    const run = precopyRun({
      rounds: [estimate({ precopy: MIB256 }), ...sync(1)],
      decision: [state('postcopy-paused')],
    });
    expect(await verdictsOf(run)).toEqual(['violated']);
    expect(await verdictsOf(run, '10.0')).toEqual(['violated']);
    const older = run.filter((line) => line !== state('device'));
    expect(await verdictsOf(older.slice(0, 12), '11.1')).toEqual(['violated']);
    expect(await verdictsOf(older.slice(0, 12), '10.0')).toEqual(['undecidable']);
  });
});

/** What `setup` begins, by the table, up to its end or to `length` states. */
function walk(band: Band, choices: readonly number[]): Lines {
  const { next } = profileOf(band).states;
  const names = ['setup'];
  for (const choice of choices) {
    const last = names.at(-1) ?? '';
    const others = [...(next.get(last) ?? []), ...(names.length < 3 ? (NEXT_IN_SNAPSHOT.get(last) ?? []) : [])];
    const chosen = others[choice % others.length];
    if (chosen === undefined || chosen === 'setup') break;
    names.push(chosen);
  }
  return names;
}

const ENDS = ['completed', 'cancelled', 'failed'];

describe('every order of the tables', () => {
  /** Attempts of one process: the last one may go on when the log ends, the others come to their end. */
  const process = fc.record({
    band: fc.constantFrom(...BANDS),
    walks: fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 14 }), { minLength: 1, maxLength: 3 }),
    commands: fc.boolean(),
    headers: fc.boolean(),
    lost: fc.nat(),
  });

  function logOf({ band, walks, commands, headers }: typeof process extends fc.Arbitrary<infer T> ? T : never): Lines {
    const attempts = walks.map((choices) => walk(band, choices));
    const ended = attempts.filter((names) => ENDS.includes(names.at(-1) ?? ''));
    const last = attempts.at(-1) ?? [];
    const whole = ended.at(-1) === last ? ended : [...ended, last];
    return whole.flatMap((names) => {
      const [setup, ...others] = names.map(state);
      if (setup === undefined) return [];
      const early = ['failed', 'failing', 'cancelling'].includes(names[1] ?? '');
      const header = headers && !early ? ['savevm_state_header ', 'savevm_state_setup '] : [];
      return [...(commands ? ['qmp_enter_migrate {"uri": "x"}'] : []), setup, ...header, ...others];
    });
  }

  test('passes; with any line lost nobody is accused', async () => {
    await fc.assert(
      fc.asyncProperty(process, async (made) => {
        const lines = logOf(made);
        for (const band of [made.band, undefined]) {
          const verdicts = await verdictsOf(lines, band);
          expect(verdicts.filter((verdict) => verdict !== 'pass' && verdict !== 'not-applicable')).toEqual([]);
          const fewer = lines.toSpliced(made.lost % lines.length, 1);
          expect(await verdictsOf(fewer, band)).not.toContain('violated');
        }
      }),
      { seed: 20261123, numRuns: 300 },
    );
  });

  test('each state of a table is reached from setup, and leads to an end', () => {
    for (const band of BANDS) {
      const { next } = profileOf(band).states;
      const reached = new Set<string>(['setup']);
      for (const from of reached) for (const to of next.get(from) ?? []) reached.add(to);
      expect([...next.keys()].filter((name) => !reached.has(name))).toEqual([]);
      for (const [from, others] of next) {
        expect(others.length, from).toBeGreaterThan(0);
        expect(
          others.filter((to) => !next.has(to)),
          from,
        ).toEqual([]);
        expect(new Set(others).size, from).toBe(others.length);
      }
    }
  });
});

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  const DAMAGED = /shared|rotate/;
  const all = [...realCaptures(), ...patchedCaptures()];

  test.each(all.map((capture) => [capture.name, capture] as const))('%s', async (name, capture) => {
    const files = linesOf(capture);
    const verdicts = async (changed: typeof files): Promise<readonly string[]> => {
      const bytes = Object.fromEntries(
        Object.entries(changed).map(([file, lines]) => [file, Buffer.from(`${lines.join('\n')}\n`, 'latin1')]),
      );
      return (await quickVerdicts(bytes)).filter(({ rule }) => rule === ID).map(({ verdict }) => verdict);
    };
    const whole = await verdicts(files);
    if (DAMAGED.test(name)) expect(whole).not.toContain('violated');
    else expect(new Set(whole)).toEqual(new Set(['pass']));
    for (const [file, lines] of Object.entries(files)) {
      if (lines.length > 3000) continue;
      for (const [index, line] of lines.entries()) {
        if (!/migrate_set_state|savevm_state_(?:header|setup)|qmp_enter_migrate /.test(line)) continue;
        const found = await verdicts({ ...files, [file]: lines.toSpliced(index, 1) });
        expect(found, `without ${file}:${index + 1} ${line}`).not.toContain('violated');
      }
    }
  });

  const stampOf = (line: string): string => /^(?:\d{4}-\S+Z|\d+@\d+\.\d+:)/.exec(line)?.[0].replace(/^\d+@/, '') ?? '';

  /** As on a stderr that both sides share. */
  function byTime(source: Lines, destination: Lines): Lines {
    const lines = [...source, ...destination].map((line) => [stampOf(line), line] as const);
    return lines.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, line]) => line);
  }

  const bothSides = all.filter(({ name, folder }) => /@ts$|^patched/.test(name) && existsSync(join(folder, 'dst.log')));

  test.each(
    bothSides.map((capture) => [capture.name, capture] as const),
  )('%s: the destination prints into the same log', async (_name, { folder }) => {
    const source = join(folder, 'src.log');
    const lines = existsSync(source) ? byTime(readLines(source), readLines(join(folder, 'dst.log'))) : [];
    for (const events of [/./, /migrate_set_state/, /migrate_set_state|_pending|runstate/, /migrate_|qmp_enter/]) {
      expect(await verdictsOf(lines.filter((line) => events.test(line)))).not.toContain('violated');
    }
  });
});
