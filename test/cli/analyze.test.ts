import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { failsOn } from '../../src/cli/common-options.ts';
import type { Report } from '../../src/report/report.ts';
import { CLEAN, ENTRY, expectRefused, type Run, runCommand, trace, useWorkplace, VIOLATED } from './program.ts';

const place = useWorkplace();

const CLEAN_HEAD = /^qtrace: no violation found in 1 migration of QEMU 11\.1; /;
const VIOLATED_HEAD = /^qtrace: 1 violation \(error\) in 1 migration of [^\n]*: final-missing\n/;

/** A sequence of the terminal: colours and the like. */
const ESCAPE = '\u001b';
const SEQUENCE = new RegExp(`${ESCAPE}\\[\\d*m`, 'g');

/** What it says when it finishes well: nothing but the place of the database. */
function expectSilent(run: Run): void {
  expect(run.stderr).toBe('');
}

function reportOf(args: readonly string[], options: { stdin?: string | Buffer; cwd?: string } = {}): Report {
  const run = place.run(['analyze', '--no-db', '--no-html', '--format', 'json', ...args], options);
  expect(run.stderr).toBe('');
  const report: Report = JSON.parse(run.stdout);
  return report;
}

function judged(report: Report): readonly string[] {
  return [...new Set(report.verdicts.map(({ rule }) => rule))].sort();
}

function violated(report: Report): readonly string[] {
  return report.verdicts.filter(({ verdict }) => verdict === 'violated').map(({ rule }) => rule);
}

describe('the text report', () => {
  test('stands on standard output, exit code 0 without a violation', () => {
    const run = place.run(['analyze', '--no-db', '--no-html', CLEAN]);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(CLEAN_HEAD);
    expect(run.stdout).toContain('vmstate_downtime_checkpoint src-downtime-end\n');
    expect(run.stdout.endsWith('\n')).toBe(true);
    expectSilent(run);
  });

  test('names the violation and shows its lines, exit code 1', () => {
    const run = place.run(['analyze', '--no-db', '--no-html', VIOLATED]);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(VIOLATED_HEAD);
    const line = readFileSync(VIOLATED, 'utf8').split('\n')[204];
    expect(run.stdout).toContain(`\n      src.log:205: ${line}\n`);
    expectSilent(run);
  });

  test('--quiet prints the head alone and says nothing of the database', () => {
    const full = place.run(['analyze', VIOLATED]);
    const quiet = place.run(['analyze', '--quiet', VIOLATED]);
    expect(quiet.code).toBe(1);
    expect(quiet.stdout).toBe(full.stdout.slice(0, full.stdout.indexOf('\n\n') + 1));
    expect(quiet.stdout.split('\n').length).toBeLessThan(5);
    expectSilent(quiet);
  });

  test('--verbose adds what holds, and takes nothing away', () => {
    const plain = place.run(['analyze', '--no-db', '--no-html', CLEAN]);
    const verbose = place.run(['analyze', '--no-db', '--no-html', '--verbose', CLEAN]);
    expect(verbose.stdout.length).toBeGreaterThan(plain.stdout.length);
    expect(verbose.stdout).toMatch(CLEAN_HEAD);
    expect(plain.stdout).toContain('(32 omitted)');
  });

  test('--quiet leaves JSON whole', () => {
    const whole = place.run(['analyze', '--no-db', '--no-html', '--format', 'json', CLEAN]);
    expect(place.run(['analyze', '--no-db', '--no-html', '--quiet', '--format', 'json', CLEAN]).stdout).toBe(
      whole.stdout,
    );
  });
});

describe('colour', () => {
  test.each([
    [[], {}],
    [['--no-color'], {}],
    [['--no-color'], { FORCE_COLOR: '1' }],
    [[], { NO_COLOR: '1' }],
  ])('%j %j: none into a pipe', (options, env) => {
    expect(place.run(['analyze', '--no-db', '--no-html', ...options, VIOLATED], { env }).stdout).not.toContain(ESCAPE);
  });

  test('--color paints, and says the same', () => {
    const painted = place.run(['analyze', '--no-db', '--no-html', '--color', VIOLATED]).stdout;
    expect(painted).toContain(`${ESCAPE}[31m`);
    expect(painted.replaceAll(SEQUENCE, '')).toBe(place.run(['analyze', '--no-db', '--no-html', VIOLATED]).stdout);
  });

  describe.skipIf(!existsSync('/usr/bin/script'))('on a terminal (script(1))', () => {
    /** What script(1) shows of it; a terminal ends its lines with CR LF. */
    const shown = (options: readonly string[], env: Readonly<Record<string, string>> = {}): string => {
      const command = [process.execPath, ENTRY, 'analyze', '--no-db', '--no-html', ...options, VIOLATED];
      const text = runCommand(['/usr/bin/script', '-qec', command.map((part) => `'${part}'`).join(' '), '/dev/null'], {
        cwd: place.path(),
        env: { TERM: 'xterm', ...env },
      }).stdout.replaceAll('\r', '');
      expect(text).toContain('final-missing');
      return text;
    };

    test('it paints', () => {
      expect(shown([])).toContain(`${ESCAPE}[31m`);
    });

    test('--no-color and NO_COLOR turn that off', () => {
      const plain = place.run(['analyze', '--no-db', '--no-html', VIOLATED]).stdout;
      expect(shown(['--no-color'])).toBe(plain);
      expect(shown([], { NO_COLOR: '1' })).toBe(plain);
    });

    test('JSON is never painted', () => {
      expect(shown(['--format', 'json'])).toBe(
        place.run(['analyze', '--no-db', '--no-html', '--format', 'json', VIOLATED]).stdout,
      );
    });
  });
});

describe('-o', () => {
  test.each(['text', 'json'])('%s: the same bytes as on standard output, which stays empty', (format) => {
    const printed = place.run(['analyze', '--no-db', '--no-html', '--format', format, VIOLATED]);
    const run = place.run(['analyze', '--no-db', '--no-html', '--format', format, '-o', 'out.txt', VIOLATED]);
    expect(run).toEqual({ code: 1, signal: null, stdout: '', stderr: '' });
    expect(place.read('out.txt')).toBe(printed.stdout);
    expect(place.names()).toEqual(['out.txt']);
  });

  test('it replaces an earlier report', () => {
    writeFileSync(place.path('out.txt'), 'x'.repeat(100_000));
    place.run(['analyze', '--no-db', '--no-html', '--output', 'out.txt', CLEAN]);
    expect(place.read('out.txt')).toMatch(CLEAN_HEAD);
    expect(place.read('out.txt')).not.toContain('xxx');
  });

  test('- is standard output', () => {
    expect(place.run(['analyze', '--no-db', '--no-html', '-o', '-', CLEAN]).stdout).toMatch(CLEAN_HEAD);
    expect(place.names()).toEqual([]);
  });

  test('a symbolic link is written through', () => {
    writeFileSync(place.path('real.txt'), 'old');
    symlinkSync('real.txt', place.path('out.txt'));
    place.run(['analyze', '--no-db', '--no-html', '-o', 'out.txt', CLEAN]);
    expect(lstatSync(place.path('out.txt')).isSymbolicLink()).toBe(true);
    expect(place.read('real.txt')).toMatch(CLEAN_HEAD);
  });

  test.skipIf(process.platform === 'win32')(
    'what is no regular file (a FIFO, a device) is written into, never replaced',
    () => {
      execFileSync('mkfifo', [place.path('fifo')]);
      const { stdout } = runCommand(
        [
          'sh',
          '-c',
          'cat fifo & "$@"; wait',
          'sh',
          process.execPath,
          ENTRY,
          'analyze',
          '--no-db',
          '--no-html',
          '-o',
          'fifo',
          CLEAN,
        ],
        { cwd: place.path(), timeout: 10_000 },
      );
      expect(lstatSync(place.path('fifo')).isFIFO()).toBe(true);
      expect(stdout).toMatch(CLEAN_HEAD);
    },
  );

  test('a trace is never written over', () => {
    copyFileSync(CLEAN, place.path('a.log'));
    expectRefused(place.run(['analyze', '--no-db', '--no-html', 'a.log', '-o', 'a.log']), /a\.log/);
    expect(readFileSync(place.path('a.log'))).toEqual(readFileSync(CLEAN));
  });
});

describe('--rule and --ignore', () => {
  const rules = ['final-missing', 'total-not-sum'];

  test.each([
    ['comma', ['--rule', rules.join(','), VIOLATED]],
    ['twice', ['--rule', 'final-missing', '--rule', 'total-not-sum', VIOLATED]],
    ['several behind one', [VIOLATED, '--rule', 'final-missing', 'total-not-sum']],
    ['=', ['--rule=final-missing', '--rule=total-not-sum', VIOLATED]],
    ['the trace behind several', ['--rule', 'final-missing', 'total-not-sum', VIOLATED]],
  ])('%s', (_, args) => {
    expect(judged(reportOf(args))).toEqual(rules);
  });

  test('what is ignored is not judged, all else is', () => {
    const all = judged(reportOf([VIOLATED]));
    const rest = judged(reportOf(['--ignore', 'final-missing', VIOLATED]));
    expect(rest).toEqual(all.filter((rule) => rule !== 'final-missing'));
    expect(place.run(['analyze', '--no-db', '--no-html', '--ignore', 'final-missing', VIOLATED]).code).toBe(0);
    expect(place.run(['analyze', '--no-db', '--no-html', '--rule', 'total-not-sum', VIOLATED]).code).toBe(0);
  });

  test('the trace behind --ignore', () => {
    expect(judged(reportOf(['--ignore', 'final-missing', 'total-not-sum', VIOLATED]))).toEqual(
      judged(reportOf([VIOLATED])).filter((rule) => !rules.includes(rule)),
    );
  });

  test('the rule set tells by which rules was judged', () => {
    const digests = [[], ['--rule', 'final-missing'], ['--rule', 'total-not-sum']].map(
      (options) => reportOf([CLEAN, ...options]).ruleset,
    );
    expect(new Set(digests).size).toBe(3);
  });
});

describe('--fail-on and the exit code', () => {
  test.each([
    ['error', VIOLATED, 1],
    ['warning', VIOLATED, 1],
    ['never', VIOLATED, 0],
    ['error', CLEAN, 0],
    ['warning', CLEAN, 0],
    ['never', CLEAN, 0],
  ])('%s', (failOn, log, code) => {
    expect(place.run(['analyze', '--no-db', '--no-html', '--fail-on', failOn, log]).code).toBe(code);
  });

  test.each([
    ['none', 'error', false],
    ['none', 'warning', false],
    ['info', 'warning', false],
    ['warning', 'error', false],
    ['warning', 'warning', true],
    ['error', 'warning', true],
    ['error', 'error', true],
    ['error', 'never', false],
  ] as const)('worst %s, --fail-on %s: %s', (worst, failOn, fails) => {
    expect(failsOn(worst, failOn)).toBe(fails);
  });
});

describe('inputs', () => {
  const text = readFileSync(CLEAN, 'utf8');

  test('standard input, plain and packed, is named -', () => {
    const [input] = reportOf(['-'], { stdin: text }).inputs;
    expect(input).toMatchObject({ name: '-', lines: 174, events: 174, format: 'qemu-log-iso' });
    const [packed] = reportOf(['-'], { stdin: gzipSync(text) }).inputs;
    expect(packed).toMatchObject({ name: '-', lines: 174, events: 174, format: 'qemu-log-iso+gzip' });
  });

  test('behind -- everything is a trace', () => {
    copyFileSync(CLEAN, place.path('-x.log'));
    expect(reportOf(['--', '-x.log']).inputs.map(({ name }) => name)).toEqual(['-x.log']);
  });

  test('several traces are several migrations in the order given', () => {
    const report = reportOf([VIOLATED, trace('11.1-precopy'), CLEAN]);
    expect(report.inputs.map(({ name }) => name)).toEqual([
      'thread-no-final/src.log',
      '11.1-precopy/src.log',
      '11.1-precopy-idle/src.log',
    ]);
    expect(report.migrations.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(report.migrations.map(({ states }) => states[0]?.file)).toEqual(report.inputs.map(({ name }) => name));
    expect(violated(report)).toEqual(['final-missing']);
  });

  test('one file named twice is one input', () => {
    expect(reportOf([CLEAN, CLEAN]).inputs).toHaveLength(1);
  });

  test('traces of one base name are told apart by their shortest differing path', () => {
    for (const folder of ['a/one', 'b/one']) {
      mkdirSync(place.path(folder), { recursive: true });
      copyFileSync(CLEAN, place.path(folder, 'src.log'));
    }
    const report = reportOf(['a/one/src.log', 'b/one/src.log']);
    expect(report.inputs.map(({ name }) => name)).toEqual(['a/one/src.log', 'b/one/src.log']);
  });

  test('the logs of both sides: the migration is of the source', () => {
    writeFileSync(place.path('dst.log'), DESTINATION);
    const report = reportOf(['dst.log', trace('11.1-precopy')]);
    expect(report.inputs.map(({ name, side }) => [name, side])).toEqual([
      ['dst.log', 'destination'],
      ['src.log', 'source'],
    ]);
    expect(report.migrations).toHaveLength(1);
    expect(report.migrations[0]?.states.every(({ file }) => file === 'src.log')).toBe(true);
    expect(place.run(['analyze', '--no-db', '--no-html', 'dst.log', trace('11.1-precopy')]).stdout).toMatch(
      /dst\.log .*destination/,
    );
  });

  test('the log of the destination alone: no migration, exit code 0, and it says what to give', () => {
    writeFileSync(place.path('dst.log'), DESTINATION);
    const report = reportOf(['dst.log']);
    expect(report).toMatchObject({ migrations: [], verdicts: [], summary: { worst: 'none', pass: 0 } });
    expect(report.inputs[0]?.side).toBe('destination');
    const run = place.run(['analyze', '--no-db', '--no-html', 'dst.log']);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^qtrace: no migration found in 1 input; nothing was judged\n +.*log of the source/);
  });

  test('what QEMU printed on stderr is evidence about the source', () => {
    const [log, stderr] = [trace('thread-no-bql-assert'), trace('thread-no-bql-assert', 'stderr.txt')];
    const report = reportOf([log, stderr]);
    expect(report.migrations.map(({ outcome }) => outcome)).toEqual(['aborted']);
    expect(violated(report)).toEqual(['final-without-bql']);
    const evidence = report.verdicts.flatMap(({ findings }) => findings.flatMap((finding) => finding.evidence));
    expect(evidence.map(({ file, line }) => `${file}:${line}`)).toContain('stderr.txt:4');
    expect(reportOf([log]).migrations.map(({ outcome }) => outcome)).toEqual(['running']);
    expect(violated(reportOf([log]))).toEqual([]);
  });

  test('an assertion failure alone makes a migration of kind unknown', () => {
    const report = reportOf([trace('thread-no-bql-assert', 'stderr.txt')]);
    expect(report.migrations).toMatchObject([{ kind: 'unknown', outcome: 'aborted' }]);
    expect(violated(report)).toEqual(['final-without-bql']);
  });

  test.each(['LOG.%d', 'LOG.%d.gz'])('%s stands for the logs of the threads', (pattern) => {
    const packed = pattern.endsWith('.gz');
    splitByThread((name, lines) => {
      const path = place.path(packed ? `${name}.gz` : name);
      writeFileSync(path, packed ? gzipSync(lines) : lines);
    });
    const report = reportOf([pattern]);
    expect(report.inputs.map(({ name }) => name)).toEqual(
      ['LOG.7', 'LOG.1234'].map((name) => (packed ? `${name}.gz` : name)),
    );
    expect(report.migrations).toHaveLength(1);
    expect(report.migrations[0]).toMatchObject({ outcome: 'completed', syncs: 3 });
  });

  test('logs of threads given one by one are one process too', () => {
    splitByThread((name, lines) => writeFileSync(place.path(name), lines));
    expect(reportOf(['LOG.1234', 'LOG.7']).migrations).toMatchObject([{ outcome: 'completed', syncs: 3 }]);
  });

  function splitByThread(write: (name: string, lines: string) => void): void {
    const lines = text.trimEnd().split('\n');
    const isOther = (line: string) => /runstate_set|vm_state_notify|qmp_enter/.test(line);
    write('LOG.7', `${lines.filter(isOther).join('\n')}\n`);
    write('LOG.1234', `${lines.filter((line) => !isOther(line)).join('\n')}\n`);
  }
});

describe('--qmp', () => {
  const log = trace('11.1-precopy');
  const decide = (args: readonly string[]) =>
    reportOf([...args]).verdicts.find(({ rule }) => rule === 'dirty-bytes-not-updated');

  /** One answer of query-migrate 100 us after the last query of the log: with the total of its first or of its last query. */
  function writeSample(from: 'first' | 'last'): string {
    const queries = readFileSync(log, 'utf8').matchAll(/^(\S+)Z qemu_savevm_query_pending .* total=(\d+),/gm);
    const all = [...queries].map(([, stamp = '', total = '']) => ({ stamp, total }));
    const [first, last] = [all[0], all.at(-1)];
    if (first === undefined || last === undefined) throw new Error('the fixture has no query');
    expect(first.total).not.toBe(last.total);
    const micros = last.stamp.slice(-6);
    const time = Date.parse(`${last.stamp.slice(0, -7)}Z`) / 1000 + Number(micros) / 1e6 + 1e-4;
    const line = `{"t0": ${time}, "t1": ${time}, "r": {"status": "device", "remaining": ${{ first, last }[from].total}}}`;
    writeFileSync(place.path('samples.jsonl'), `${line}\n`);
    return line;
  }

  test('a sample with the total of an earlier query is the proof, named by its file and line', () => {
    expect(decide([log])?.verdict).toBe('undecidable');
    const line = writeSample('first');
    const verdict = decide([log, '--qmp', 'samples.jsonl']);
    expect(verdict?.verdict).toBe('violated');
    const evidence = verdict?.findings.flatMap((finding) => finding.evidence) ?? [];
    expect(evidence.find(({ file }) => file === 'samples.jsonl')).toEqual({
      file: 'samples.jsonl',
      line: 1,
      text: line,
    });
    expect(place.run(['analyze', '--no-db', '--no-html', log, '--qmp', 'samples.jsonl']).code).toBe(1);
  });

  test('a sample with the total of the last query', () => {
    writeSample('last');
    expect(decide([log, '--qmp', 'samples.jsonl'])?.verdict).not.toBe('violated');
  });

  test('the samples are no input', () => {
    writeSample('last');
    expect(reportOf([log, '--qmp', 'samples.jsonl']).inputs.map(({ name }) => name)).toEqual(['src.log']);
  });
});

describe('--qemu', () => {
  test('auto reads the version off the log', () => {
    const versions = ['7.2-precopy', '10.0-postcopy', '11.1-precopy', 'thread-no-final'];
    expect(versions.map((folder) => reportOf([trace(folder)]).qemu)).toEqual(['7.2', '10.0', '11.1', 'thread']);
  });

  test('a version that is named decides whose duties are judged', () => {
    const report = reportOf(['--qemu', '10.0', VIOLATED]);
    expect(report.qemu).toBe('10.0');
    expect(violated(report)).not.toContain('final-missing');
  });
});

describe('the same input gives the same bytes', () => {
  test.each(['text', 'json'])('%s: twice, from another folder, and under another folder', (format) => {
    mkdirSync(place.path('deep/er'), { recursive: true });
    for (const name of ['src.log', 'deep/src.log']) copyFileSync(VIOLATED, place.path(name));
    const of = (log: string, cwd: string): string => {
      const run = place.run(['analyze', '--no-db', '--no-html', '--format', format, log], { cwd: place.path(cwd) });
      expect(run.code).toBe(1);
      return run.stdout;
    };
    const first = of('src.log', '');
    expect(first.length).toBeGreaterThan(1000);
    expect(of('src.log', '')).toBe(first);
    expect(of('../../src.log', 'deep/er')).toBe(first);
    expect(of(place.path('deep/src.log'), '')).toBe(first);
    expect(of('../src.log', 'deep/er')).toBe(first);
  });

  test('no path of the machine stands in it', () => {
    copyFileSync(VIOLATED, place.path('src.log'));
    const run = place.run(['analyze', '--no-db', '--no-html', '--format', 'json', place.path('src.log')]);
    expect(run.stdout).not.toContain(place.path());
  });

  test('a database and a page change nothing in the report', () => {
    const without = place.run(['analyze', '--no-db', '--no-html', VIOLATED]).stdout;
    expect(place.run(['analyze', VIOLATED]).stdout).toBe(without);
    expect(readdirSync(place.path('reports'))).toEqual(['thread-no-final-src.db', 'thread-no-final-src.html']);
  });
});

const DESTINATION = `\
2026-11-23T01:02:10.000001Z runstate_set current_run_state 6 (prelaunch) new_state 0 (inmigrate)
2026-11-23T01:02:11.000001Z migrate_set_state new state setup
2026-11-23T01:02:11.000201Z migrate_set_state new state active
2026-11-23T01:02:12.000201Z qemu_loadvm_state_section_partend 2
2026-11-23T01:02:12.940001Z vmstate_downtime_checkpoint dst-precopy-loadvm-completed
2026-11-23T01:02:12.941001Z migrate_set_state new state completed
`;
