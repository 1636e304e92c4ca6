/** A reader that has seen enough (`| head`) is no error, and does not change what the exit code says. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLEAN, ENTRY, environment, useWorkplace, VIOLATED } from './program.ts';

const place = useWorkplace();

/** A shell with PIPESTATUS: the exit code of the program itself. */
const HAS_BASH = existsSync('/bin/bash') || existsSync('/usr/bin/bash');

interface Piped {
  readonly code: number;
  readonly read: string;
  readonly stderr: string;
}

function pipeInto(reader: string, args: readonly string[]): Piped {
  const quoted = [process.execPath, ENTRY, ...args].map((arg) => `'${arg}'`).join(' ');
  const script = `${quoted} 2>stderr | ${reader}; echo "code \${PIPESTATUS[0]}"`;
  const { stdout } = spawnSync('bash', ['-c', script], {
    cwd: place.path(),
    env: environment(),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const [, read = '', code = ''] = /^([\s\S]*)code (\d+)\n$/.exec(stdout) ?? [];
  return { code: Number(code), read, stderr: readFileSync(place.path('stderr'), 'utf8') };
}

/** A log whose replay is longer than a pipe holds. */
function writeLongLog(violated: boolean): void {
  const lines = readFileSync(violated ? VIOLATED : CLEAN, 'utf8')
    .trimEnd()
    .split('\n');
  const active = lines.findIndex((line) => line.includes('migrate_set_state new state active'));
  const file = openSync(place.path('long.log'), 'w');
  writeSync(file, `${lines.slice(0, active + 1).join('\n')}\n`);
  const stamp = lines[active]?.split(' ')[0] ?? '';
  for (let round = 1; round <= 30_000; round += 1) {
    const total = 4096 * (40_000 - round);
    writeSync(
      file,
      `${stamp} migration_bitmap_sync_start \n${stamp} migration_bitmap_sync_end dirty_pages ${round}\n` +
        `${stamp} qemu_savevm_query_pending exact=1, final=0, precopy=${total}, stopcopy=0, postcopy=0, total=${total}\n`,
    );
  }
  writeSync(file, `${lines.slice(active + 1).join('\n')}\n`);
  closeSync(file);
}

describe.skipIf(!HAS_BASH)('| head -1', () => {
  test.each([
    [['analyze', '--no-db', '--no-html', CLEAN], 0],
    [['analyze', '--no-db', '--no-html', VIOLATED], 1],
    [['analyze', '--no-db', '--no-html', '--format', 'json', VIOLATED], 1],
    [['replay', CLEAN], 0],
    [['rules'], 0],
    [['events'], 0],
    [['--help'], 0],
  ])('%j: one line, no word on standard error', (args, code) => {
    const piped = pipeInto('head -1', args);
    expect(piped).toMatchObject({ code, stderr: '' });
    expect(piped.read).toMatch(/^[^\n]+\n$/);
  });

  test('a report that is longer than the pipe', () => {
    writeLongLog(false);
    const piped = pipeInto('head -1', ['replay', 'long.log']);
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    expect(piped.read).toMatch(/^[^\n]+\n$/);
    expect(place.run(['replay', 'long.log']).stdout.length).toBeGreaterThan(200_000);
  });

  test('rows of sql that are longer than the pipe', () => {
    writeLongLog(false);
    place.run(['analyze', 'long.log', '--db', 'own.db']);
    const piped = pipeInto('head -1', ['sql', 'own.db', 'SELECT * FROM queries', '--format', 'csv']);
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    expect(piped.read).toMatch(/^id,migration,/);
  });
});

describe.skipIf(!HAS_BASH)('a reader that is gone before anything is printed', () => {
  // The pipe is closed for sure: the program starts after its reader has ended.
  const intoNothing = (args: readonly string[]): Piped => {
    execFileSync('mkfifo', [place.path('pipe')]);
    const quoted = [process.execPath, ENTRY, ...args].map((arg) => `'${arg}'`).join(' ');
    const script = `true < pipe & exec 3> pipe; wait; ${quoted} >&3 2>stderr; echo "code $?"`;
    const { stdout } = spawnSync('bash', ['-c', script], { cwd: place.path(), env: environment(), encoding: 'utf8' });
    const [, code = ''] = /code (\d+)\n$/.exec(stdout) ?? [];
    return { code: Number(code), read: '', stderr: readFileSync(place.path('stderr'), 'utf8') };
  };

  test.each([
    ['analyze', '--no-db', '--no-html', CLEAN],
    ['analyze', '--no-db', '--no-html', '--format', 'json', CLEAN],
    ['replay', CLEAN],
    ['rules'],
    ['events'],
    ['--help'],
    ['--version'],
  ])('%s %s %s: exit code 0, no word on standard error', (...args) => {
    expect(intoNothing(args)).toMatchObject({ code: 0, stderr: '' });
  });

  test('the exit code is the verdict', () => {
    expect(intoNothing(['analyze', '--no-db', '--no-html', VIOLATED])).toMatchObject({ code: 1, stderr: '' });
  });

  test('the database is written', () => {
    expect(intoNothing(['analyze', '--db', 'own.db', VIOLATED])).toMatchObject({ code: 1 });
    expect(place.names()).toContain('own.db');
  });
});

describe.skipIf(process.platform !== 'linux')('standard error that takes nothing', () => {
  test.each([
    [CLEAN, 0],
    [VIOLATED, 1],
  ])('the verdict of %s stays', (log, code) => {
    const error = openSync('/dev/full', 'w');
    try {
      const { status } = spawnSync(process.execPath, [ENTRY, 'analyze', log], {
        cwd: place.path(),
        env: environment(),
        stdio: ['ignore', 'pipe', error],
      });
      expect(status).toBe(code);
    } finally {
      closeSync(error);
    }
  });

  test('bad input stays exit code 2', () => {
    const error = openSync('/dev/full', 'w');
    try {
      const run = spawnSync(process.execPath, [ENTRY, 'analyze', 'none.log'], { stdio: ['ignore', 'pipe', error] });
      expect(run.status).toBe(2);
    } finally {
      closeSync(error);
    }
  });
});

test('nothing of the progress stands on standard error that is no terminal', () => {
  writeLongLog(false);
  expect(place.run(['analyze', '--no-db', '--no-html', 'long.log']).stderr).toBe('');
});
