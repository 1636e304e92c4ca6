/** Ctrl-C in the middle: the process dies by the signal and leaves nothing behind. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { CLEAN, ENTRY, environment, useWorkplace } from './program.ts';

const place = useWorkplace();

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd: place.path(),
    env: environment(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
  });
  return { child, ended };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(holds: () => boolean): Promise<void> {
  const start = Date.now();
  while (!holds()) {
    if (Date.now() - start > 20_000) throw new Error('it did not come to that in 20 seconds');
    await pause(5);
  }
}

const TEMPORARY = /\.tmp$|\.out\.txt\./;

function expectDead({ code, signal, stdout, stderr }: Ended, by: NodeJS.Signals): void {
  const number = by === 'SIGINT' ? 130 : 143;
  expect(signal === by || code === number, `ended with ${code} ${signal}`).toBe(true);
  expect(stdout).toBe('');
  expect(stderr).toBe('');
}

/** A log long enough to be read for seconds. */
function writeLongLog(name: string): void {
  const lines = readFileSync(CLEAN, 'utf8').trimEnd().split('\n');
  const active = lines.findIndex((line) => line.includes('migrate_set_state new state active'));
  const round = `${lines.slice(active + 1, active + 12).join('\n')}\n`.repeat(2000);
  const file = openSync(place.path(name), 'w');
  writeSync(file, `${lines.slice(0, active + 1).join('\n')}\n`);
  for (let written = 0; written < 120_000_000; written += round.length) writeSync(file, round);
  closeSync(file);
}

describe.skipIf(process.platform === 'win32')('a large log', () => {
  test.each([
    ['SIGINT', ['--db', 'own.db']],
    ['SIGINT', ['--no-db', '--no-html', '-o', 'out.txt']],
    ['SIGINT', []],
    ['SIGTERM', ['--db', 'own.db', '-o', 'out.txt']],
  ] as const)('%s in the middle of analyze %j', async (signal, options) => {
    writeLongLog('long.log');
    const before = place.names();
    const { child, ended } = start(['analyze', 'long.log', ...options]);
    if (options.length !== 0 && options[0] !== '--no-db')
      await until(() => place.names().some((name) => TEMPORARY.test(name)));
    else await pause(300);
    await pause(200);
    child.kill(signal);
    expectDead(await ended, signal);
    expect(place.names()).toEqual(before);
  });

  test('an earlier database and report stay', async () => {
    writeLongLog('long.log');
    place.run(['analyze', CLEAN, '--no-html', '--db', 'own.db', '-o', 'out.txt']);
    const before = ['own.db', 'out.txt'].map((name) => readFileSync(place.path(name)));
    const { child, ended } = start(['analyze', 'long.log', '--db', 'own.db', '-o', 'out.txt']);
    await until(() => place.names().some((name) => TEMPORARY.test(name)));
    await pause(200);
    child.kill('SIGINT');
    expectDead(await ended, 'SIGINT');
    expect(['own.db', 'out.txt'].map((name) => readFileSync(place.path(name)))).toEqual(before);
    expect(place.names()).toEqual(['long.log', 'out.txt', 'own.db']);
  });
});

describe.skipIf(process.platform === 'win32')('while it waits for more of its input', () => {
  test.each([
    [['--no-db', '--no-html']],
    [['--db', 'own.db']],
    [['--db', 'own.db', '-o', 'out.txt']],
  ])('a FIFO, analyze %j', async (options) => {
    execFileSync('mkfifo', [place.path('fifo')]);
    const { child, ended } = start(['analyze', 'fifo', ...options]);
    const writer = await open(place.path('fifo'), 'w');
    await writer.write(readFileSync(CLEAN));
    await pause(500);
    child.kill('SIGINT');
    const early = await Promise.race([ended, pause(3000)]);
    await writer.close();
    await ended;
    expect(early, 'it went on waiting').toBeDefined();
    if (early !== undefined) expectDead(early, 'SIGINT');
    expect(place.names()).toEqual(['fifo']);
  });

  test('standard input', async () => {
    const { child, ended } = start(['analyze', '-', '--db', 'own.db']);
    child.stdin?.write(readFileSync(CLEAN));
    await pause(600);
    child.kill('SIGINT');
    const early = await Promise.race([ended, pause(3000)]);
    child.stdin?.end();
    await ended;
    expect(early, 'it went on waiting').toBeDefined();
    if (early !== undefined) expectDead(early, 'SIGINT');
    expect(place.names()).toEqual([]);
  });

  test('what comes late is read', async () => {
    const { child, ended } = start(['analyze', '-', '--no-db', '--no-html', '--quiet']);
    const text = readFileSync(CLEAN, 'utf8');
    for (const part of [text.slice(0, 5000), text.slice(5000, 5001), text.slice(5001)]) {
      child.stdin?.write(part);
      await pause(100);
    }
    child.stdin?.end();
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(place.run(['analyze', '--no-db', '--no-html', '--quiet', CLEAN]).stdout);
  });

  test('a log that is still being written is read up to its present end', () => {
    const text = readFileSync(CLEAN, 'utf8');
    writeFileSync(place.path('growing.log'), text.slice(0, 9001));
    const run = place.run(['analyze', '--no-db', '--no-html', 'growing.log']);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/Migration 0: precopy, running|running/);
  });
});
