/** `qtrace emulate` as its users run it. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAULTS } from '../../src/emulator/faults/registry.ts';
import { SCENARIO_NAMES } from '../../src/emulator/shell/scenarios.ts';
import type { Report } from '../../src/report/report.ts';
import { ENTRY, environment, expectRefused, ROOT, runCommand, useWorkplace } from './program.ts';

const place = useWorkplace();

function emulated(...args: readonly string[]): string {
  const run = place.run(['emulate', ...args]);
  expect(run, args.join(' ')).toMatchObject({ code: 0, signal: null, stderr: '' });
  return run.stdout;
}

/** Trailing blanks are QEMU's. */
function linesOf(text: string): readonly string[] {
  return text.slice(0, -1).split('\n');
}

function analyzed(...args: readonly string[]) {
  const run = place.run(['analyze', '--no-db', '--no-html', '--format', 'json', ...args]);
  const report: Report = JSON.parse(run.stdout);
  const violated = report.verdicts.filter(({ verdict, severity }) => verdict === 'violated' && severity === 'error');
  return { code: run.code, report, violated: [...new Set(violated.map(({ rule }) => rule))] };
}

const ISO = /^2026-01-01T00:\d\d:\d\d(?:\.\d{6})?Z [a-z_0-9]+ /;

describe('the log', () => {
  test('stands on standard output: 11.1 with its own prefix', () => {
    const lines = linesOf(emulated('precopy'));
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) expect(line).toMatch(ISO);
    expect(lines.some((line) => line.includes(' qemu_savevm_query_pending exact=1, final=1, '))).toBe(true);
  });

  test.each([
    ['7.2', /^\d+@17672\d{5}\.\d{6}:[a-z]/, 'migrate_pending pending size '],
    ['10.0', /^\d+@17672\d{5}\.\d{6}:[a-z]/, 'migrate_pending_estimate estimate pending size '],
    ['thread', ISO, 'qemu_savevm_query_pending exact='],
  ])('%s', (version, prefix, query) => {
    const lines = linesOf(emulated('precopy', '--qemu', version));
    for (const line of lines) expect(line).toMatch(prefix);
    expect(lines.some((line) => line.includes(query))).toBe(true);
  });

  test('--prefix none, iso, tid', () => {
    expect(emulated('precopy', '--prefix', 'none')).toMatch(/^[a-z_]+ /);
    expect(emulated('precopy', '--prefix', 'iso', '--qemu', '7.2')).toMatch(ISO);
    expect(emulated('precopy', '--prefix', 'tid')).toMatch(/^\d+@\d+\.\d{6}:[a-z]/);
  });

  test('-o FILE has what standard output has, and nothing is said', () => {
    const text = emulated('precopy');
    expect(emulated('precopy', '-o', 'a.log')).toBe('');
    expect(place.read('a.log')).toBe(text);
    expect(emulated('precopy', '-o', '-')).toBe(text);
    expect(place.names()).toEqual(['a.log']);
  });

  test('the same seed gives the same bytes, another seed others', () => {
    const text = emulated('precopy', '--events', 'all');
    expect(emulated('precopy', '--events', 'all', '--seed', '1')).toBe(text);
    expect(emulated('precopy', '--events', 'all', '--seed', '2')).not.toBe(text);
  });

  test('--split-threads: one file per thread, together the whole log', () => {
    const whole = [...linesOf(emulated('precopy', '--events', 'bql'))].sort();
    emulated('precopy', '--events', 'bql', '--split-threads', '-o', 'qemu.log');
    const files = place.names();
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect(file).toMatch(/^qemu\.log\.\d+$/);
    const lines = files.flatMap((file) => linesOf(place.read(file)));
    expect(lines.sort()).toEqual(whole);
    expect(analyzed(...files)).toMatchObject({ code: 0, violated: [] });
  });

  test('--events is added up, with commas too; without it, what `qtrace events` prints', () => {
    expect(emulated('precopy')).toBe(emulated('precopy', '--events', 'recommended'));
    expect(emulated('precopy', '--events', 'probe,bql')).toBe(
      emulated('precopy', '--events', 'probe', '--events', 'bql'),
    );
    const known = new Set(place.run(['events']).stdout.split('\n'));
    for (const line of linesOf(emulated('precopy', '--prefix', 'none'))) expect(known).toContain(line.split(' ')[0]);
  });

  test('analyze finds nothing wrong with it', () => {
    emulated('precopy', '-o', 'src.log', '--qmp-out', 'qmp.jsonl', '--events', 'probe', '--events', 'bql');
    const { code, report, violated } = analyzed('src.log', '--qmp', 'qmp.jsonl');
    expect({ code, violated, qemu: report.qemu }).toEqual({ code: 0, violated: [], qemu: '11.1' });
    expect(report.migrations).toMatchObject([{ kind: 'precopy', outcome: 'completed', queries: { final: 1 } }]);
  });
});

describe('samples and messages', () => {
  test('--qmp-out: one sample per line, at times of the log', () => {
    emulated('precopy', '-o', 'src.log', '--qmp-out', 'qmp.jsonl');
    const samples = linesOf(place.read('qmp.jsonl'));
    expect(samples.length).toBeGreaterThan(10);
    for (const text of samples) {
      const sample: { t0: number; t1: number; r: object } = JSON.parse(text);
      expect(sample.t0).toBeLessThanOrEqual(sample.t1);
      expect(new Date(sample.t0 * 1000).toISOString()).toMatch(/^2026-01-01T00:/);
    }
    expect(place.read('src.log')).toBe(emulated('precopy'));
  });

  test('an assertion stands in the log, or in --stderr-out', () => {
    const failure = /^ERROR:\S+: assertion failed: /m;
    expect(emulated('precopy', '--fault', 'no-bql-assert')).toMatch(failure);
    const log = emulated('precopy', '--fault', 'no-bql-assert', '--stderr-out', 'stderr.txt');
    expect(log).not.toMatch(failure);
    expect(place.read('stderr.txt')).toMatch(failure);
  });
});

describe('faults and settings', () => {
  test('a fault shows, and the exit code of emulate stays 0', () => {
    emulated('precopy', '--fault', 'no-final', '-o', 'src.log');
    expect(analyzed('src.log')).toMatchObject({ code: 1, violated: ['final-missing'] });
  });

  test('a name behind an option is still the scenario', () => {
    expect(emulated('--fault', 'no-final', '--events', 'core', '--set', 'memory=64M', 'precopy')).toMatch(ISO);
  });

  test('a fault that the run never comes to: one line on standard error', () => {
    const run = place.run(['emulate', 'cancel', '--fault', 'no-final']);
    expect(run.code).toBe(0);
    expect(run.stderr).toBe('qtrace: the run never came to the place of the fault no-final\n');
    expect(run.stdout).toBe(emulated('cancel'));
  });

  test('--set changes the run; the last value counts', () => {
    const states = (text: string) => [...text.matchAll(/migrate_set_state new state (\S+)/g)].map(([, state]) => state);
    expect(states(emulated('precopy', '--set', 'cancel-at=700')).at(-1)).toBe('cancelled');
    const postcopy = emulated('precopy', '--set', 'postcopy-ram=true', '--set', 'start-postcopy=300');
    expect(states(postcopy)).toContain('postcopy-active');
    expect(emulated('precopy', '--set', 'memory=64M', '--set', 'memory=256M')).toBe(emulated('precopy'));
  });

  test('a capability alone never starts postcopy', () => {
    const text = emulated('precopy', '--set', 'postcopy-ram=true');
    expect(text).not.toContain('postcopy-active');
    expect(text).toContain('migrate_set_state new state completed');
  });

  test("the user's own scenario", () => {
    const scenario = { title: 'Mine', description: 'Small', set: { memory: '64M', 'downtime-limit': 50 } };
    writeFileSync(place.path('mine.json'), JSON.stringify(scenario));
    expect(emulated('mine.json')).toContain('migrate_set_state new state completed');
    writeFileSync(place.path('bad.json'), JSON.stringify({ ...scenario, set: { memory: 'much' } }));
    expectRefused(place.run(['emulate', 'bad.json']), /^bad\.json: set\.memory is much; write SIZE, such as 256M$/);
  });
});

describe('a log of a wanted size', () => {
  const POLLING = ['dirty-bitmaps', '--set', 'downtime-limit=0', '--set', 'dirty-rate=0'];

  test.each([
    ['core', '11.1'],
    ['bql', '10.0'],
    ['all', '7.2'],
  ])('--set log-size: %s of %s', (events, version) => {
    emulated(...POLLING, '--set', 'log-size=3M', '--events', events, '--qemu', version, '-o', 'src.log');
    const bytes = place.read('src.log').length;
    expect(bytes).toBeGreaterThanOrEqual(3 * 2 ** 20);
    expect(bytes).toBeLessThan(3.5 * 2 ** 20);
    const { code, report } = analyzed('src.log');
    expect(code).toBe(0);
    expect(report.migrations).toMatchObject([{ kind: 'precopy', outcome: 'cancelled' }]);
  });

  test('postcopy cannot be cancelled: its log just ends', () => {
    const log = emulated('postcopy', '--events', 'all', '--set', 'log-size=80K', '--set', 'start-postcopy=100');
    expect(log.length).toBeLessThan(200_000);
    expect(log).not.toMatch(/new state cancelling/);
  });

  test('a run that ends before is told', () => {
    const run = place.run(['emulate', 'precopy', '--set', 'log-size=1G']);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/^qtrace: the run ended before its log had log-size=1073741824: it has \d+ bytes\n$/);
    expect(run.stdout).toBe(emulated('precopy'));
  });
});

describe('--list', () => {
  test('names every scenario, every fault and how to set what', () => {
    const text = emulated('--list');
    for (const name of [...SCENARIO_NAMES, ...FAULTS.map(({ id }) => id)]) expect(text).toContain(`\n  ${name} `);
    expect(text).toContain('\n  postcopy-ram=true|false ');
  });

  test('--format markdown is the committed reference', () => {
    expect(emulated('--list', '--format', 'markdown')).toBe(readFileSync(join(ROOT, 'reports', 'emulator.md'), 'utf8'));
  });
});

describe('refused', () => {
  test.each([
    ['no scenario', [], /^name a scenario; `qtrace emulate --list` lists them$/],
    ['an unknown one', ['nope'], /^no scenario and no file nope; `qtrace emulate --list` lists the scenarios$/],
    ['two', ['precopy', 'cancel'], /cancel/],
    ['a folder', ['.'], /^\. is a directory; name a scenario or a JSON file$/],
    ['one that the version lacks', ['vfio', '--qemu', '7.2'], /^QEMU 7\.2 has no scenario vfio; choose --qemu 10\.0, /],
    ['an unknown fault', ['precopy', '--fault', 'nope'], /^unknown fault nope; `qtrace emulate --list` lists them$/],
    [
      'a fault that the version lacks',
      ['precopy', '--fault', 'no-final', '--qemu', '10.0'],
      /^QEMU 10\.0 has no place for the fault no-final; choose --qemu 11\.1, thread$/,
    ],
    ['an unknown set', ['precopy', '--events', 'few'], /^unknown set of events few; use recommended, core, /],
    ['an unknown setting', ['precopy', '--set', 'foo=1'], /^--set foo is no setting; use one of .*downtime-limit/],
    ['a bad value', ['precopy', '--set', 'memory=x'], /^--set memory=x: not a value of memory; write memory=SIZE/],
    ['a bad seed', ['precopy', '--seed', '-1'], /seed/],
    ['a bad version', ['precopy', '--qemu', '9'], /qemu.*9.*7\.2/],
    ['a bad prefix', ['precopy', '--prefix', 'x'], /prefix.*iso/],
    ['threads without a file', ['precopy', '--split-threads'], /^--split-threads .* name them with -o FILE$/],
    ['a directory as the file', ['precopy', '-o', '.'], /^\. is a directory; name a file$/],
    ['a folder that is not there', ['precopy', '-o', 'no/such.log'], /^no\/such\.log can't be written: its folder /],
    ['an empty name', ['precopy', '-o', ''], /^-o has an empty value; check /],
    [
      'one file twice',
      ['precopy', '-o', 'a', '--qmp-out', './a'],
      /^\.?\/?a is read or written by this call already; /,
    ],
    ['samples to standard output', ['precopy', '--qmp-out', '-'], /^--qmp-out can't be standard output; name a file$/],
    ['the form of a list for a log', ['precopy', '--format', 'markdown'], /^--format is of --list; /],
    ['an option twice', ['precopy', '--seed', '1', '--seed', '2'], /^--seed is given more than once; give it once$/],
  ])('%s', (_what, args, message) => {
    expectRefused(place.run(['emulate', ...args]), message);
    expect(place.names()).toEqual([]);
  });

  test('the scenario file is not written over', () => {
    writeFileSync(place.path('mine.json'), JSON.stringify({ title: 'Mine', description: 'Small' }));
    expectRefused(place.run(['emulate', 'mine.json', '-o', 'mine.json']), /^mine\.json is read or written /);
    expect(place.read('mine.json')).toContain('Mine');
  });
});

test('a reader that has seen enough is no error, and stops the emulator', () => {
  const script = `'${process.execPath}' '${ENTRY}' emulate precopy --events all | head -1; echo "code \${PIPESTATUS[0]}"`;
  const run = spawnSync('bash', ['-c', script], { cwd: place.path(), env: environment(), encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.stdout).toMatch(/\ncode 0\n$/);
});

/** Polls for a day. */
const ENDLESS = [
  'dirty-bitmaps',
  '--events',
  'all',
  ...['downtime-limit=0', 'give-up-after=false', 'end-at=86400000'].flatMap((set) => ['--set', set]),
];

test('so does one that has seen enough of a log without end', () => {
  const script = `'${process.execPath}' '${ENTRY}' emulate ${ENDLESS.join(' ')} | head -c 5000000 | wc -c; echo "code \${PIPESTATUS[0]}"`;
  const run = spawnSync('bash', ['-c', script], { cwd: place.path(), env: environment(), encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.stdout).toMatch(/^5000000\ncode 0\n$/);
});

test('interrupted in the middle of a simulation it stops at once, and leaves nothing behind', () => {
  const options = `emulate ${ENDLESS.join(' ')} -o src.log --qmp-out qmp.jsonl`;
  const script = `timeout -s INT 2 '${process.execPath}' '${ENTRY}' ${options}`;
  const begin = Date.now();
  const run = spawnSync('bash', ['-c', script], { cwd: place.path(), env: environment(), encoding: 'utf8' });
  expect(Date.now() - begin).toBeLessThan(10_000);
  expect(run.stderr).toBe('');
  expect(place.names()).toEqual([]);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is told', () => {
  const run = place.run(['emulate', 'precopy'], { stdout: '/dev/full' });
  expect(run.code).toBe(2);
  expect(run.stderr).toBe('qtrace: the disk is full; free some space and run it again\n');
});

test('the built program needs nothing beside it', () => {
  mkdirSync(place.path('elsewhere'));
  for (const file of readdirSync(join(ROOT, 'dist'))) {
    if (!file.startsWith('.')) cpSync(join(ROOT, 'dist', file), place.path('elsewhere', file));
  }
  const run = runCommand([process.execPath, place.path('elsewhere', 'qtrace.js'), 'emulate', 'colo'], { cwd: '/' });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('migrate_set_state new state colo');
});
