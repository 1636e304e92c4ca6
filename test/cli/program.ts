/** Runs the built program as its users do: in a process of its own, in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';

export const ROOT = join(import.meta.dirname, '..', '..');
export const ENTRY = join(ROOT, 'dist', 'qtrace.js');

/** The material of the project's lab, which lies beside a checkout on some machines. */
const SHARED = join(ROOT, '..', 'shared');

export function sharedPath(...names: readonly string[]): string | undefined {
  const path = join(SHARED, ...names);
  return existsSync(path) ? path : undefined;
}

/** A log among the fixtures. */
export function trace(folder: string, file = 'src.log'): string {
  return join(ROOT, 'fixtures', 'traces', folder, file);
}

/** Judged without a violation. */
export const CLEAN = trace('11.1-precopy-idle');
/** Has one violation of severity error, final-missing. */
export const VIOLATED = trace('thread-no-final');

export const NOBODY = 65_534;

export interface Run {
  /** null when it died by a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** A file to which standard output goes. */
  readonly stdout?: string;
  /** After which it is killed, in milliseconds. */
  readonly timeout?: number;
}

export function environment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, ...env };
}

const MAX_OUTPUT = 64 * 2 ** 20;

export function runCommand(command: readonly string[], options: RunOptions = {}): Run {
  const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  const output = options.stdout === undefined ? undefined : openSync(options.stdout, 'w');
  try {
    const { status, signal, stdout, stderr, error } = spawnSync(command[0] ?? '', command.slice(1), {
      cwd: options.cwd,
      input: options.stdin ?? '',
      stdio: ['pipe', output ?? 'pipe', 'pipe'],
      env: environment(options.env),
      encoding: 'utf8',
      maxBuffer: MAX_OUTPUT,
      timeout: options.timeout ?? 50_000,
      ...user,
    });
    if (error !== undefined && signal === null) throw error;
    return { code: status, signal, stdout: stdout ?? '', stderr };
  } finally {
    if (output !== undefined) closeSync(output);
  }
}

export function runProgram(args: readonly string[], options: RunOptions = {}): Run {
  return runCommand([process.execPath, ENTRY, ...args], options);
}

export interface Workplace {
  path(...names: readonly string[]): string;
  /** Runs in the folder. */
  run(args: readonly string[], options?: RunOptions): Run;
  read(name: string): string;
  /** Everything in the folder, at any depth. */
  names(): readonly string[];
}

/** A folder that is made and removed with each test. */
export function useWorkplace(): Workplace {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'qtrace-cli-'));
    chmodSync(folder, 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return {
    path: (...names) => join(folder, ...names),
    run: (args, options = {}) => runProgram(args, { cwd: folder, ...options }),
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    names: () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort(),
  };
}

/** Whether tests can run the program as a user without rights: only root may change to one. */
export const CAN_BE_NOBODY =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, [ENTRY, '--version'], { uid: NOBODY, gid: NOBODY }).status === 0;

/** What the user is to do stands at the end. */
const ADVICE =
  /(?:[;,:] |^)(?:or |try |to )?(?:check|choose|compress|copy|free|give|make|mend|name|record|run|there (?:is|are)|use|write|--qmp wants|`qtrace [^`]*`(?: (?:lists them|tells more|prints).*)?)[^\n]*$/;

/** Refused as bad input is: exit code 2, one sentence on standard error that ends in what to do, nothing else. */
export function expectRefused(run: Run, message: RegExp): void {
  expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 2, stdout: '' });
  expect(run.stderr).toMatch(/^qtrace: [^\n]+\n$/);
  expect(run.stderr).not.toMatch(/^ +at |node:internal|\bE[A-Z]{4,}\b|undefined|\[object|\0/m);
  const sentence = run.stderr.slice('qtrace: '.length, -1);
  expect(sentence).toMatch(message);
  expect(sentence).toMatch(ADVICE);
  expect(sentence).not.toMatch(/\. [A-Z]|\.$|\?;/);
}
