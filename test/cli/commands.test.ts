/** The commands beside analyze, and what the program says of itself. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CATALOG } from '../../src/catalog/catalog.ts';
import { RULES } from '../../src/rules/registry.ts';
import { CLEAN, ENTRY, ROOT, runCommand, sharedPath, trace, useWorkplace, VIOLATED } from './program.ts';

const place = useWorkplace();

function printed(...args: readonly string[]): string {
  const run = place.run(args);
  expect(run, args.join(' ')).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(run.stdout.endsWith('\n')).toBe(true);
  return run.stdout;
}

const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;

/** Of the contract; those that are not built yet are absent from --help. */
const PROMISED = ['analyze', 'replay', 'diff', 'review', 'emulate', 'record', 'rules', 'events', 'sql', 'export'];

function listed(): readonly string[] {
  return [...printed('--help').matchAll(/^ {2}qtrace ([a-z]+)\b/gm)].map(([, name = '']) => name);
}

describe('--help', () => {
  test('lists commands of the contract only, each of which exists', () => {
    const names = listed();
    expect(names).toEqual(expect.arrayContaining(['analyze', 'replay', 'rules', 'events', 'sql']));
    expect(PROMISED).toEqual(expect.arrayContaining([...names]));
    for (const name of names) expect(printed(name, '--help')).toMatch(new RegExp(`^qtrace ${name}\\b`));
  });

  test('a command that is not listed does not exist', () => {
    const names = listed();
    for (const name of PROMISED.filter((promised) => !names.includes(promised))) {
      const run = place.run([name, CLEAN]);
      expect(run, name).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toContain(name);
    }
  });

  test('names every option of the contract', () => {
    const help = printed('analyze', '--help');
    const promised = ['format', 'output', 'qmp', 'qemu', 'rule', 'ignore', 'fail-on', 'color', 'quiet', 'verbose'];
    for (const option of [...promised, 'db', 'out-dir', 'hash'])
      expect(help).toMatch(new RegExp(`--(?:no-)?${option}\\b`));
    expect(help).toContain('-o');
    expect(help).toContain('--no-db');
  });

  test('no line is longer than 100 columns, and none says what only a developer reads', () => {
    for (const name of listed()) {
      const help = printed(name, '--help');
      for (const line of help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
      expect(help).not.toMatch(/undefined|\[object/);
    }
  });
});

describe('--version', () => {
  test('is that of package.json', () => {
    expect(printed('--version')).toBe(`${VERSION}\n`);
  });

  test('the entry of package.json runs, with node and by itself', () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(join(ROOT, bin.qtrace)).toBe(ENTRY);
    expect(runCommand([ENTRY, '--version']).stdout).toBe(`${VERSION}\n`);
    expect(statSync(ENTRY).mode & 0o111).toBe(0o111);
  });
});

describe('rules', () => {
  test('lists every rule that analyze judges by, with its severity', () => {
    const lines = printed('rules').trimEnd().split('\n');
    const report: { verdicts: { rule: string; severity: string }[] } = JSON.parse(
      place.run(['analyze', '--no-db', '--no-html', '--format', 'json', CLEAN]).stdout,
    );
    expect(lines.map((line) => line.split(/ +/).slice(0, 2))).toEqual(
      report.verdicts.map(({ rule, severity }) => [rule, severity]),
    );
  });

  test.each(RULES.map(({ id }) => id))('%s: what, why, needs, QEMU function, limits', (id) => {
    const text = printed('rules', id);
    expect(text).toMatch(new RegExp(`^${id} \\((?:error|warning|info)\\)\\n`));
    for (const label of ['demands', 'why', 'needs', 'QEMU', 'limits'])
      expect(text).toMatch(new RegExp(`^ +${label}: +\\S`, 'm'));
    expect(text).not.toMatch(/undefined/);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });
});

describe('events', () => {
  const names = (text: string): readonly string[] =>
    text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const mutexes = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'];
  const recommended = sharedPath('events-recommended.txt');

  test.skipIf(recommended === undefined)('the recommended set', () => {
    const wanted = names(readFileSync(recommended ?? '', 'utf8'));
    expect(wanted.length).toBeGreaterThan(20);
    expect([...names(printed('events'))].sort()).toEqual([...wanted].sort());
  });

  test('without --bql the mutex events are there, switched off', () => {
    const lines = printed('events').split('\n');
    for (const name of mutexes) {
      expect(lines).toContain(`#${name}`);
      expect(lines).not.toContain(name);
    }
  });

  test('--bql switches on the mutex events and nothing else', () => {
    expect(names(printed('events', '--bql'))).toEqual([...names(printed('events')), ...mutexes]);
  });

  test.each([
    ['--both-sides', 'loadvm_process_command_ping'],
    ['--devices', 'vmstate_downtime_save'],
  ])('%s switches on its own events and nothing else', (option, event) => {
    const plain = names(printed('events'));
    const more = names(printed('events', option)).filter((name) => !plain.includes(name));
    expect(more).toContain(event);
    expect(names(printed('events', option)).filter((name) => !more.includes(name))).toEqual(plain);
    expect(printed('events').split('\n')).toContain(`#${event}`);
    for (const name of more) expect(CATALOG.has(name), name).toBe(true);
  });

  test.each([
    ['7.2', ['migrate_pending']],
    ['10.0', ['migrate_pending_exact', 'migrate_pending_estimate']],
    ['11.1', ['qemu_savevm_query_pending']],
    ['thread', ['qemu_savevm_query_pending']],
  ])('--qemu %s has the queries of that version only', (version, queries) => {
    const own = names(printed('events', '--qemu', version)).filter((name) =>
      /pending(?:_exact|_estimate)?$/.test(name),
    );
    expect(own.filter((name) => !/low_pending|state_pending/.test(name)).sort()).toEqual([...queries].sort());
  });

  test('QEMU reads it: a name or a comment on each line, no name twice', () => {
    const text = printed('events', '--bql', '--both-sides', '--devices');
    for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^#|^[a-z][a-z0-9_]*$/);
    expect(new Set(names(text)).size).toBe(names(text).length);
  });
});

describe('replay', () => {
  test('tells every query, sync and state of the log, and judges nothing', () => {
    const told = printed('replay', VIOLATED);
    expect(told).toMatch(/^Migration 0/);
    const log = readFileSync(VIOLATED, 'utf8').split('\n');
    const states = log.flatMap((line) => /migrate_set_state new state (\S+)/.exec(line)?.[1] ?? []);
    let from = 0;
    for (const state of states) {
      const at = told.indexOf(state, from);
      expect(at, state).toBeGreaterThanOrEqual(from);
      from = at;
    }
    expect(told).not.toMatch(/violation|final-missing/);
  });

  test('the same input gives the same bytes, from standard input too', () => {
    const told = printed('replay', CLEAN);
    expect(printed('replay', CLEAN)).toBe(told);
    const piped = place.run(['replay', '-'], { stdin: readFileSync(CLEAN) }).stdout;
    expect(piped.split('\n').length).toBe(told.split('\n').length);
    expect(piped.replaceAll(/(?<![\w-])-(?=:)/g, 'src.log')).toBe(told.replaceAll('from src.log', 'from src.log'));
  });

  test('it writes no file', () => {
    printed('replay', VIOLATED, CLEAN);
    expect(place.names()).toEqual([]);
  });

  test('no control character of the log reaches the terminal', () => {
    const hostile = readFileSync(CLEAN, 'utf8').replace('new state device', 'new state \u001b[2Jdevice');
    writeFileSync(place.path('hostile.log'), hostile);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal obeys
    expect(printed('replay', 'hostile.log')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    const terminal = printed('analyze', '--no-db', '--no-html', 'hostile.log');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal obeys
    expect(terminal).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  });

  test('what if: the answer stands behind the sequence', () => {
    const told = printed('replay', CLEAN);
    const asked = printed('replay', CLEAN, '--downtime-limit', '300ms', '--bandwidth', '10Gbit');
    expect(asked.startsWith(told.trimEnd())).toBe(true);
    expect(asked.slice(told.trimEnd().length)).toMatch(
      /^\n+What if: downtime-limit 300 ms, bandwidth 1.2 GiB\/s\n {2}migration 0 .*\n {4}recorded: .*\n {4}what if: /,
    );
  });

  test.each([
    [['--downtime-limit', 'soon'], '--downtime-limit soon: not a number of milliseconds'],
    [['--downtime-limit=-5'], '--downtime-limit -5: not a number of milliseconds'],
    [['--downtime-limit', '0'], '--downtime-limit 0: not a number of milliseconds'],
    [['--bandwidth', 'fast'], '--bandwidth fast: not a rate'],
  ])('what if with %s: one sentence and exit code 2', (options, message) => {
    const { code, stdout, stderr } = place.run(['replay', CLEAN, ...options]);
    expect([code, stdout, stderr.trimEnd().split('\n').length]).toEqual([2, '', 1]);
    expect(stderr).toContain(message);
  });

  test('samples and a version can be given', () => {
    const log = trace('thread-skip-dirty-bytes');
    printed('replay', log, '--qmp', trace('thread-skip-dirty-bytes', 'qmp.jsonl'));
    printed('replay', log, '--qemu', 'thread');
  });
});
