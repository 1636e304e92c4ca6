/** The sections of the text, each with the smallest report that shows it. */
import { describe, expect, test } from 'vitest';
import { textRenderer } from '../../src/report/renderers/text.ts';
import type { MigrationReport, Report, RoundReport } from '../../src/report/report.ts';
import {
  buildFinding,
  buildInput,
  buildLine,
  buildMigration,
  buildProblem,
  buildReport,
  buildRound,
  buildVerdict,
} from './build.ts';

function textOf(report: Report, verbose = false): string {
  return textRenderer.render(report, { color: false, verbose });
}

/** From the line with `title` to the next empty line. */
function section(report: Report, title: string, verbose = false): string {
  const blocks = textOf(report, verbose).split('\n\n');
  return blocks.find((block) => block.startsWith(title)) ?? `no section ${title}`;
}

function withMigration(parts: Partial<MigrationReport>): Report {
  return buildReport({ migrations: [buildMigration(parts)] });
}

describe('inputs', () => {
  test('names are aligned, a long one has its own line, problems stand below', () => {
    const inputs = [
      buildInput({ problems: [buildProblem({ count: 1 })] }),
      buildInput({ name: `${'dir/'.repeat(10)}dst.log`, side: 'destination', lines: 1, events: 1, messages: 2 }),
      buildInput({ name: 'stderr.txt', format: 'stderr', side: 'unknown', bytes: '9007199254740993' }),
    ];
    expect(section(buildReport({ inputs }), 'Inputs')).toBe(
      [
        'Inputs',
        '  src.log     qemu-log-iso, source, 93 lines, 93 events, 12421 bytes, sha256 eafbbbd360d5',
        '    ! torn-line: 1, at line 40: lines broken off or overwritten in the middle',
        '      give every QEMU process its own -D file',
        '  dir/dir/dir/dir/dir/dir/dir/dir/dir/dir/dst.log',
        '      qemu-log-iso, destination, 1 line, 1 event, 2 messages, 12421 bytes, sha256 eafbbbd360d5',
        '  stderr.txt  stderr, side not shown, 93 lines, 93 events, 9007199254740993 bytes, sha256',
        '      eafbbbd360d5',
      ].join('\n'),
    );
  });

  test('more than 30 are counted', () => {
    const inputs = Array.from({ length: 32 }, (_, at) => buildInput({ name: `log.${at}` }));
    expect(section(buildReport({ inputs }), 'Inputs')).toContain('\n  2 more inputs omitted; --format json lists all');
  });
});

describe('violations', () => {
  const long = 'x'.repeat(120);

  test('raw lines stand whole, findings beyond the listed ones are counted', () => {
    const evidence = [buildLine({ text: long }), buildLine({ line: 80, text: 'savevm_state_setup ' })];
    const findings = [buildFinding({ evidence, expected: '' }), buildFinding({ evidence: [] })];
    const verdicts = [buildVerdict({ rule: 'total-not-sum', verdict: 'violated', findings, findingCount: 25 })];
    expect(section(buildReport({ verdicts }), 'Violations')).toBe(
      [
        'Violations',
        '  [1] total-not-sum: error in migration 0, 25 findings',
        '      1. the total of the query is not the sum of its parts',
        '         actual:   total 8192',
        `         src.log:79: ${long}`,
        '         src.log:80: savevm_state_setup ',
        '      2. the total of the query is not the sum of its parts',
        '         expected: total 4096',
        '         actual:   total 8192',
        '      23 more findings omitted',
      ].join('\n'),
    );
  });

  test('five findings per rule, all listed ones with --verbose', () => {
    const findings = Array.from({ length: 20 }, () => buildFinding());
    const report = buildReport({ verdicts: [buildVerdict({ verdict: 'violated', findings, findingCount: 25 })] });
    expect(textOf(report)).toContain('\n      20 more findings omitted (--verbose lists 15 of them)\n');
    expect(textOf(report, true)).toContain('\n      20. the total');
    expect(textOf(report, true)).toContain('\n      5 more findings omitted\n');
  });

  test('a violation without findings gives its reason', () => {
    const verdicts = [buildVerdict({ verdict: 'violated', reason: 'not held' })];
    expect(section(buildReport({ verdicts }), 'Violations')).toBe(
      ['Violations', '  [1] final-missing: error in migration 0', '      not held'].join('\n'),
    );
  });

  test('30 violations stand in full, the others are named', () => {
    const migrations = Array.from({ length: 33 }, (_, index) => buildMigration({ index }));
    const verdicts = migrations.map(({ index }) => buildVerdict({ verdict: 'violated', migration: index }));
    const text = textOf(buildReport({ migrations, verdicts }));
    expect(text).toContain('\n  [30] final-missing: error in migration 29\n');
    expect(text).not.toContain('[31]');
    expect(text).toContain(
      '\n  3 more violations omitted (final-missing (migrations 30, 31, 32)); --format json lists all\n',
    );
  });
});

describe('not decided', () => {
  const mutex = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'];
  const of = (rule: string, reason: string, enable: readonly string[], migration = 0) =>
    buildVerdict({ rule, verdict: 'undecidable', reason, enable, migration });

  test('rules that lack the same events stand together', () => {
    const verdicts = [
      of('final-without-bql', 'nothing shows who holds the BQL', mutex),
      of('total-not-sum', 'the log has holes here', []),
      of('handler-takes-bql', 'no lock is shown', [...mutex].reverse()),
    ];
    expect(section(buildReport({ verdicts }), 'Not decided')).toBe(
      [
        'Not decided (3)',
        '  final-without-bql: nothing shows who holds the BQL',
        '  handler-takes-bql: no lock is shown',
        '    to decide final-without-bql, handler-takes-bql: enable qemu_mutex_lock, qemu_mutex_locked,',
        '      qemu_mutex_unlock (-d tid -D LOG.%d); `qtrace events --bql` lists them',
        '  total-not-sum: the log has holes here',
      ].join('\n'),
    );
  });

  test('a fault of qtrace comes first and is called one', () => {
    const verdicts = [of('a', 'why', ['runstate_set']), of('b', 'internal fault: x is undefined', ['runstate_set'])];
    expect(section(buildReport({ verdicts }), 'Not decided')).toBe(
      [
        'Not decided (2)',
        '  b: internal fault: x is undefined',
        '    this is a fault of qtrace itself; please report it with the log',
        '  a: why',
        '    to decide: enable runstate_set',
      ].join('\n'),
    );
  });

  test('events, probes and samples are different things to do', () => {
    const enable = ['runstate_set', 'migration_bitmap_sync_stage', 'mig_dirty_bytes_total_update', '--qmp'];
    expect(section(buildReport({ verdicts: [of('a', 'why', enable)] }), 'Not decided')).toBe(
      [
        'Not decided (1)',
        '  a: why',
        '    to decide: enable runstate_set; add the probe events migration_bitmap_sync_stage,',
        '      mig_dirty_bytes_total_update to QEMU; give samples of query-migrate with --qmp FILE',
      ].join('\n'),
    );
  });

  test('what QEMU printed on stderr is no event', () => {
    expect(section(buildReport({ verdicts: [of('a', 'why', ['stderr'])] }), 'Not decided')).toBe(
      ['Not decided (1)', '  a: why', '    to decide: give what QEMU printed on stderr beside the log'].join('\n'),
    );
  });

  test('several migrations: named where not all share the reason', () => {
    const migrations = [0, 1, 2].map((index) => buildMigration({ index }));
    const verdicts = [of('a', 'why', []), of('a', 'why', [], 1), of('a', 'why', [], 2), of('b', 'so', [], 2)];
    expect(section(buildReport({ migrations, verdicts }), 'Not decided')).toBe(
      ['Not decided (4)', '  a: why', '  b (migration 2): so'].join('\n'),
    );
  });
});

describe('migration', () => {
  test('null is a dash, never 0; a running one says nothing about its downtime', () => {
    expect(section(withMigration({ kind: 'unknown' }), 'Migration')).toBe(
      [
        'Migration 0: kind not shown, running (the log ends before the migration does); judged as QEMU 11.1',
        '  queries: 9 estimate, 3 exact, 1 final; 5 syncs; 3 iterations',
        '  downtime -; final total -',
      ].join('\n'),
    );
  });

  test.each([
    [{ kind: 'colo' }, 'no downtime: under COLO every checkpoint stops the VM'],
    [{ kind: 'snapshot' }, 'no downtime: a snapshot has no switchover'],
    [{}, 'no downtime: the log has no time stamps (record with -msg timestamp=on)'],
    [
      { states: [{ state: 'active', file: 'src.log', line: 1, ns: 0 }] },
      'no downtime: the log does not show where it starts and ends (enable vmstate_downtime_checkpoint)',
    ],
    [
      { states: [{ state: 'active', file: 'src.log', line: 1, ns: 0 }], downtimeNs: 4_412_000 },
      'no downtime analysis: enable vmstate_downtime_checkpoint and vmstate_downtime_save',
    ],
  ] as const)('completed without a downtime says why: %j', (parts, why) => {
    const text = textOf(withMigration({ outcome: 'completed', ...parts }));
    expect(text.replaceAll(/\n +/g, ' ')).toContain(why);
  });

  test('states without time stamps, in two files', () => {
    const states = [
      { state: 'setup', file: 'log.1', line: 3, ns: null },
      { state: 'active', file: 'log.2', line: 9, ns: null },
      { state: 'cancelled', file: 'log.2', line: 12, ns: null },
    ];
    expect(section(withMigration({ states }), 'Migration')).toContain(
      '\n  states (line):\n    setup log.1:3 -> active log.2:9 -> cancelled :12',
    );
  });

  test('very many states are bounded', () => {
    const states = Array.from({ length: 100 }, (_, at) => ({ state: `s${at}`, file: 'a', line: at, ns: at }));
    expect(section(withMigration({ states }), 'Migration')).toContain('-> (60 omitted) ->');
  });

  test('twenty migrations in full, violated ones among them, then a line each, then a count', () => {
    const migrations = Array.from({ length: 90 }, (_, index) => buildMigration({ index, downtimeNs: 4_412_000 }));
    const verdicts = [buildVerdict({ verdict: 'violated', migration: 80 })];
    const text = textOf(buildReport({ migrations, verdicts }));
    expect(text.match(/^Migration \d+:/gm)).toHaveLength(20);
    expect(text).toContain('\nMigration 80: precopy');
    expect(text).toContain('\n  19: precopy, running; 5 syncs; downtime 4.412 ms\n');
    expect(text).toContain('\n  20 more migrations omitted; --format json lists all\n');
  });
});

describe('rounds', () => {
  const rounds = (rows: readonly RoundReport[], omitted = 0) => ({ rounds: { rows, omitted, omittedAfter: 0 } });

  test('7.2 has one kind of query and no final one', () => {
    const queries = { estimate: 0, exact: 0, final: 0, unspecified: 2 };
    const migrations = [buildMigration({ queries, ...rounds([buildRound(), buildRound({ line: 12, ns: null })]) })];
    expect(section(buildReport({ qemu: '7.2', migrations }), '  Rounds')).toBe(
      [
        '  Rounds (bytes; s since the first event; lines of src.log)',
        '      time s    pending  dirty pages  threshold  line',
        '    0.009729  268967936            -          -    10',
        '           -  268967936            -          -    12',
      ].join('\n'),
    );
  });

  test('rows of several files name them', () => {
    const rows = [buildRound({ file: 'log.1' }), buildRound({ file: 'log.2', count: 3, finalBytes: 4096 })];
    expect(section(withMigration(rounds(rows)), '  Rounds')).toBe(
      [
        '  Rounds (bytes; s since the first event)',
        '    polls    time s   estimate  exact  final  dirty pages  threshold  line',
        '        1  0.009729  268967936      -      -            -          -  log.1:10',
        '        3  0.009729  268967936      -   4096            -          -  log.2:10',
      ].join('\n'),
    );
  });

  test('numbers of 20 digits are rounded to fit, and that is said', () => {
    const huge = '18446744073709551615';
    const row = buildRound({ estimateBytes: huge, exactBytes: huge, finalBytes: huge, thresholdBytes: huge });
    expect(section(withMigration(rounds([{ ...row, dirtyPages: huge }])), '  Rounds')).toBe(
      [
        '  Rounds (bytes rounded to fit, exact with --format json; s since the first event; lines of src.log)',
        '      time s  estimate     exact     final  dirty pages  threshold  line',
        '    0.009729  16.0 EiB  16.0 EiB  16.0 EiB      1.8e+19   16.0 EiB    10',
      ].join('\n'),
    );
  });

  test('hundreds of rows are bounded', () => {
    const rows = Array.from({ length: 300 }, (_, at) => buildRound({ line: at }));
    const text = section(withMigration(rounds(rows, 7)), '  Rounds');
    expect(text.split('\n')).toHaveLength(103);
    expect(text).toContain('\n    (207 rows omitted)');
  });
});

describe('downtime', () => {
  const device = (idstr: string, durationNs: number) => ({ idstr, instance: 0, durationNs });

  test('nanoseconds show as decimals in the whole column; ten devices at most', () => {
    const devices = Array.from({ length: 12 }, (_, at) => device(`cpu${at}`, 1500 - at));
    const downtime = {
      ...{ durationNs: 2_001_000, start: buildLine({ line: 1 }), end: buildLine({ line: 2 }), checkpoints: [] },
      iterable: { totalNs: 0, devices: [], omitted: 0 },
      nonIterable: { totalNs: 17_934, devices, omitted: 3 },
    };
    const text = section(withMigration({ downtime }), '  Non-iterable device analysis');
    expect(text.split('\n').slice(0, 3)).toEqual([
      '  Non-iterable device analysis',
      '    Device SAVE of cpu0:0 took  1.500 (us)',
      '    Device SAVE of cpu1:0 took  1.499 (us)',
    ]);
    expect(text.split('\n').slice(-2)).toEqual(['    (5 omitted)', '      total of 15 devices took 17.934 (us)']);
  });
});

describe('settled', () => {
  test('nothing held, nothing idle: no lines', () => {
    expect(textOf(buildReport({ inputs: [] }))).toBe(
      [
        'qtrace: nothing was judged in 1 migration of QEMU 11.1: no duty applies',
        '',
        'Migration 0: precopy, running (the log ends before the migration does); judged as QEMU 11.1',
        '  queries: 9 estimate, 3 exact, 1 final; 5 syncs; 3 iterations',
        '  downtime -; final total -',
        '',
        'qtrace 0.1.0, rule set 0123456789ab',
        '',
      ].join('\n'),
    );
  });
});
