import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CLEAN, expectRefused, trace, useWorkplace, VIOLATED } from './program.ts';

const place = useWorkplace();
const PRECOPY = trace('11.1-precopy');
const OLD = trace('10.0-postcopy');

describe('exit codes', () => {
  test('0 without a newly violated rule, 1 with one', () => {
    expect(place.run(['diff', CLEAN, CLEAN]).code).toBe(0);
    expect(place.run(['diff', CLEAN, VIOLATED]).code).toBe(1);
    expect(place.run(['diff', VIOLATED, VIOLATED]).code).toBe(0);
    expect(place.run(['diff', VIOLATED, CLEAN]).code).toBe(0);
  });

  test('--fail-on', () => {
    const run = (failOn: string) => place.run(['diff', CLEAN, VIOLATED, '--fail-on', failOn]).code;
    expect(['error', 'warning', 'newly-violated', 'newly-undecidable', 'never'].map(run)).toEqual([1, 1, 1, 1, 0]);
    expect(place.run(['diff', VIOLATED, VIOLATED, '--fail-on', 'newly-violated']).code).toBe(0);
  });

  test('--max-regression makes it a gate for metrics', () => {
    const gate = (...limits: readonly string[]) =>
      place.run(['diff', CLEAN, PRECOPY, ...limits.flatMap((limit) => ['--max-regression', limit])]);
    expect(gate('downtime=100000%').code).toBe(0);
    const failed = gate('downtime=1%', 'final-queries=0%');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/^FAIL {2}downtime \+[\d.]+ %, 1 % allowed \(one run a side: not tested\)$/m);
    expect(failed.stdout.match(/^FAIL/gm)?.length).toBe(1);
    expect(gate('throttle=5%').stdout).toMatch(/^FAIL {2}throttle is not shown in base/m);
  });
});

test('a run against itself: no difference, in every format', () => {
  expect(place.run(['diff', PRECOPY, PRECOPY]).stdout).toMatch(/^qtrace diff: no difference\n {2}base {2}src\.log: /);
  expect(place.run(['diff', PRECOPY, PRECOPY, '--quiet']).stdout).toBe('qtrace diff: no difference\n');
  expect(place.run(['diff', PRECOPY, PRECOPY, '--format', 'markdown']).stdout).toMatch(
    /^## qtrace diff: no difference\n/,
  );
  expect(place.run(['diff', PRECOPY, PRECOPY, '--format', 'html']).stdout).toContain('<h1>no difference</h1>');
  const { rules, changes } = JSON.parse(place.run(['diff', PRECOPY, PRECOPY, '--format', 'json']).stdout);
  expect(changes).toEqual([]);
  expect(rules.filter(({ change }: { change: string }) => change !== 'unchanged')).toEqual([]);
});

test('--quiet: the first line, and why the gate is shut', () => {
  const { stdout, code } = place.run(['diff', CLEAN, VIOLATED, '--quiet']);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^qtrace diff: newly violated: final-missing[^\n]*\n(?: {2}[^\n]*\n)*FAIL {2}final-missing is newly violated\n$/,
  );
});

test('a log of one thread is not written over', () => {
  for (const thread of [11, 12]) writeFileSync(place.path(`src.log.${thread}`), readFileSync(PRECOPY));
  expectRefused(
    place.run(['diff', 'src.log.%d', PRECOPY, '-o', 'src.log.11']),
    /^src\.log\.11 is read or written by this call already; choose /,
  );
  expect(place.read('src.log.11')).toBe(readFileSync(PRECOPY, 'utf8'));
});

test('samples: standard input once, and no empty name', () => {
  const once = /^only one input can be standard input; name a file for --head-qmp$/;
  expectRefused(place.run(['diff', '-', PRECOPY, '--head-qmp', '-']), once);
  expectRefused(place.run(['diff', PRECOPY, CLEAN, '--base-qmp', '-', '--head-qmp', '-']), once);
  expectRefused(place.run(['diff', PRECOPY, CLEAN, '--base-qmp', '']), /^--base-qmp has an empty value; check /);
  expectRefused(
    place.run(['diff', PRECOPY, CLEAN, '--rule', 'final-missing', '--ignore', 'final-missing']),
    /^--rule and --ignore leave no rule/,
  );
});

test('--max-regression may stand before the runs', () => {
  expect(place.run(['diff', '--max-regression', 'downtime=100000%', CLEAN, PRECOPY]).code).toBe(0);
});

test('a fault is named first, with its raw lines and its step', () => {
  const { stdout } = place.run(['diff', PRECOPY, VIOLATED]);
  expect(stdout).toMatch(/^qtrace diff: newly violated: final-missing; /);
  expect(stdout).toContain('  newly violated: final-missing (error); base: pass, head: violated\n');
  expect(stdout).toMatch(/^ +src\.log:205: .*runstate_set/m);
  expect(stdout).toMatch(/^ {2}final query: .* <\n +! final-missing$/m);
});

test('a report and a database serve in place of the trace', () => {
  place.run(['analyze', VIOLATED, '--db', 'run.db', '--format', 'json', '-o', 'run.json', '--fail-on', 'never']);
  const bodies = [VIOLATED, 'run.db', 'run.json'].map((head) => {
    const { stdout, code } = place.run(['diff', PRECOPY, head]);
    expect(code).toBe(1);
    return stdout.split('\n').filter((line) => !/^ {2}(?:base|head) {2}/.test(line));
  });
  expect(bodies[1]).toEqual(bodies[0]);
  expect(bodies[2]).toEqual(bodies[0]);
  expect(place.run(['diff', 'run.db', 'run.json', '--quiet']).stdout).toBe('qtrace diff: no difference\n');
  expect(place.run(['diff', 'run.db', 'run.json']).stdout).toMatch(/head {2}run\.json: .*; read from a stored report/);
});

test('--rule and --ignore choose among the rules of a stored run, too', () => {
  place.run(['analyze', VIOLATED, '--db', 'run.db', '--fail-on', 'never']);
  for (const head of [VIOLATED, 'run.db']) {
    expect(place.run(['diff', CLEAN, head, '--ignore', 'final-missing']).code).toBe(0);
    const { rules } = JSON.parse(
      place.run(['diff', CLEAN, head, '--rule', 'final-missing', '--format', 'json']).stdout,
    );
    expect(rules.map(({ rule }: { rule: string }) => rule)).toEqual(['final-missing']);
  }
});

describe('groups', () => {
  test('many runs a side', () => {
    for (const seed of [1, 2, 3]) place.run(['emulate', 'precopy', '--seed', String(seed), '-o', `${seed}.log`]);
    const { stdout, code } = place.run(['diff', '--base', '1.log', '2.log', '--head', '3.log', '1.log']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/base {2}2 runs \(1\.log, 2\.log\): precopy, completed; QEMU 11\.1/);
    expect(stdout).toContain('n=2+2');
    expect(stdout).toContain('2 of 2 base runs go through the steps shown');
  });
});

test('a run that is named twice counts once', () => {
  const run = place.run(['diff', '--base', CLEAN, CLEAN, '--head', CLEAN, CLEAN, CLEAN, '--format', 'json']);
  expect(JSON.parse(run.stdout).metrics[0]).toMatchObject({ base: { n: 1 }, head: { n: 1 }, p: null });
  expect(run.stderr).toMatch(/named more than once as base, and counted once: .*\n.*as head, and counted once/);
});

test('a run of several files, joined by commas, and its samples', () => {
  const [log, stderr] = [trace('thread-no-bql-assert'), trace('thread-no-bql-assert', 'stderr.txt')];
  const { stdout, code } = place.run(['diff', PRECOPY, `${log},${stderr}`]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/newly violated: final-without-bql/);
  const samples = trace('thread-skip-dirty-bytes', 'qmp.jsonl');
  const skipped = place.run(['diff', PRECOPY, trace('thread-skip-dirty-bytes'), '--head-qmp', samples]);
  expect(skipped.stdout).toMatch(/newly violated: dirty-bytes-not-updated/);
});

test('a file whose name has a comma, a packed one, and standard input', () => {
  copyFileSync(PRECOPY, place.path('a,b.log'));
  writeFileSync(place.path('c.log.gz'), gzipSync(readFileSync(PRECOPY)));
  expect(place.run(['diff', 'a,b.log', 'c.log.gz', '--quiet']).stdout).toBe('qtrace diff: no difference\n');
  const stdin = readFileSync(PRECOPY);
  expect(place.run(['diff', 'a,b.log', '-', '--quiet'], { stdin }).stdout).toBe('qtrace diff: no difference\n');
});

test('one migration of many is chosen', () => {
  place.run(['emulate', 'two-runs', '-o', 'two.log']);
  const both = JSON.parse(place.run(['diff', 'two.log', 'two.log', '--format', 'json']).stdout);
  expect(both.pairs.length).toBe(2);
  const one = JSON.parse(
    place.run(['diff', 'two.log', 'two.log', '--base-migration', '0', '--head-migration', '1', '--format', 'json'])
      .stdout,
  );
  expect(
    one.pairs.map(({ base, head }: { base: { index: number }; head: { index: number } }) => [base.index, head.index]),
  ).toEqual([[0, 1]]);
});

test('-o writes the file and nothing else', () => {
  const run = place.run(['diff', CLEAN, OLD, '--format', 'html', '-o', 'x.html']);
  expect([run.stdout, run.stderr]).toEqual(['', '']);
  expect(place.names()).toEqual(['x.html']);
  expect(place.read('x.html')).toMatch(/^<!DOCTYPE html>/);
});

test('it is told of in --help', () => {
  expect(place.run(['--help']).stdout).toMatch(/qtrace diff \[run\.\.\] +Compare two runs, or two groups of runs/);
});

describe('refused', () => {
  const refused = (args: readonly string[], message: RegExp): void =>
    expectRefused(place.run(['diff', ...args]), message);

  test('other numbers of runs than two', () => {
    refused([], /of two runs, BASE and HEAD, not of 0/);
    refused([CLEAN], /not of 1/);
    refused([CLEAN, CLEAN, CLEAN], /not of 3/);
    refused(['--base', CLEAN], /name both groups/);
    refused([CLEAN, '--base', CLEAN, '--head', CLEAN], /name both groups/);
    refused(['', CLEAN], /the name of a run is empty/);
    refused(['-', '-'], /only one run can be standard input/);
  });

  test('what is no run', () => {
    refused([CLEAN, 'absent.log'], /absent\.log/);
    writeFileSync(place.path('other.json'), '{"schema": "qtrace-report/1", "qtrace": "0.0.1"}');
    refused([CLEAN, 'other.json'], /other\.json is no report that can be compared: ruleset is no text/);
    writeFileSync(place.path('cut.json'), '{"schema": "qtrace-report/1", "qtr');
    refused([CLEAN, 'cut.json'], /cut\.json is a damaged report/);
    writeFileSync(place.path('cut.db'), 'SQLite format 3\0 and nothing of it');
    refused([CLEAN, 'cut.db'], /cut\.db/);
  });

  test('options that make no sense', () => {
    refused([CLEAN, CLEAN, '--max-regression', 'downtime'], /not a metric and a percentage/);
    refused([CLEAN, CLEAN, '--max-regression', 'speed=3%'], /no such metric/);
    refused([CLEAN, CLEAN, '--base-migration', '7'], /has no migration 7/);
    refused([CLEAN, CLEAN, '--base-migration', 'x'], /not an index/);
    refused([CLEAN, CLEAN, '--fail-on', 'all'], /fail-on/);
    refused(['--base', CLEAN, CLEAN, '--head', CLEAN, '--base-qmp', CLEAN], /belongs to one run/);
    refused([CLEAN, CLEAN, '--qmp', CLEAN], /give them with --base-qmp or --head-qmp/);
    refused([CLEAN, CLEAN, '-o', CLEAN], /choose another name/);
  });

  test('samples for a stored run', () => {
    place.run(['analyze', CLEAN, '--db', 'run.db']);
    refused([CLEAN, 'run.db', '--head-qmp', CLEAN], /is a stored database/);
    refused([CLEAN, 'run.db', '--qemu', '10.0'], /judged as its own version/);
  });

  test('stored runs of another schema', () => {
    place.run(['analyze', CLEAN, '--db', 'run.db', '--format', 'json', '-o', 'run.json']);
    const report = readFileSync(place.path('run.json'), 'utf8');
    writeFileSync(place.path('other.json'), report.replace('qtrace-report/1', 'qtrace-report/2'));
    refused([CLEAN, 'other.json'], /schema qtrace-report\/2/);
    writeFileSync(place.path('none.json'), '{"inputs": []}');
    refused([CLEAN, 'none.json'], /without a schema/);
    const bytes = readFileSync(place.path('run.db'));
    bytes.writeUInt32BE(2, 60);
    writeFileSync(place.path('other.db'), bytes);
    refused([CLEAN, 'other.db'], /tables of version 2/);
  });

  test('a database that is not of qtrace', () => {
    place.run(['analyze', CLEAN, '--db', 'run.db']);
    const bytes = readFileSync(place.path('run.db'));
    bytes.writeUInt32BE(1, 68);
    writeFileSync(place.path('foreign.db'), bytes);
    refused([CLEAN, 'foreign.db'], /no database of qtrace/);
  });
});
