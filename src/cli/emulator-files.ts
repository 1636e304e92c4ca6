/** Where `emulate` writes: all its files are complete, or none is there. */
import { fstatSync, writeSync } from 'node:fs';
import { UserError } from '../base/errors.ts';
import { ByteLog } from '../emulator/shell/byte-log.ts';
import type { LogOutputs } from '../emulator/shell/log-writer.ts';
import { OutputFile, writeOut } from './output.ts';

export interface EmulatorPaths {
  /** undefined: standard output. */
  readonly log: string | undefined;
  readonly splitThreads: boolean;
  readonly samples: string | undefined;
  readonly stderr: string | undefined;
  readonly inputs: readonly string[];
}

/** Takes bytes block by block. */
interface Target {
  append(bytes: Uint8Array): void;
  finish(): void;
  abort(): void;
}

interface OpenLog {
  readonly log: ByteLog;
  readonly target: Target;
}

export class EmulatorFiles implements LogOutputs {
  readonly stderr: LogOutputs['stderr'];
  readonly samples: LogOutputs['samples'];
  readonly #paths: EmulatorPaths;
  readonly #open: OpenLog[] = [];
  /** What must not be written over. */
  readonly #taken: string[];
  readonly #threads = new Map<number, ByteLog>();
  readonly #log: ByteLog | undefined;
  readonly #standardOutput = new StandardOutput();

  /** @throws UserError when one can't be written; then none is left behind. */
  constructor(paths: EmulatorPaths) {
    this.#paths = paths;
    this.#taken = [...paths.inputs];
    if (paths.splitThreads && paths.log === undefined) {
      throw new UserError('--split-threads writes one file per thread; name them with -o FILE');
    }
    this.stderr = this.#optional(paths.stderr);
    this.samples = this.#optional(paths.samples);
    if (!paths.splitThreads) this.#log = this.#opened(paths.log);
  }

  log(thread: number): ByteLog {
    return this.#log ?? this.#threads.get(thread) ?? this.#newThread(thread);
  }

  /** Signals have their turn, and a reader who is slower than we are the time that it needs. */
  async drained(): Promise<void> {
    await this.#standardOutput.drained();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async finish(): Promise<void> {
    for (const { log } of this.#open) log.flush();
    await this.#standardOutput.drained();
    for (const { target } of this.#open) target.finish();
  }

  abort(): void {
    for (const { target } of this.#open) target.abort();
  }

  #newThread(thread: number): ByteLog {
    const log = this.#opened(`${this.#paths.log}.${thread}`);
    this.#threads.set(thread, log);
    return log;
  }

  #optional(path: string | undefined): ByteLog | undefined {
    return path === undefined ? undefined : this.#opened(path);
  }

  #opened(path: string | undefined): ByteLog {
    try {
      const target = path === undefined ? this.#standardOutput : new OutputFile(path, this.#taken);
      const log = new ByteLog((bytes) => target.append(bytes));
      this.#open.push({ log, target });
      if (path !== undefined) this.#taken.push(path);
      return log;
    } catch (thrown) {
      this.abort();
      throw thrown;
    }
  }
}

const STANDARD_OUTPUT = 1;

/** A file takes its bytes at once; for a pipe or a terminal they wait until `drained`. */
class StandardOutput implements Target {
  #isFile: boolean | undefined;
  #waiting: Uint8Array[] = [];

  append(bytes: Uint8Array): void {
    this.#isFile ??= fstatSync(STANDARD_OUTPUT).isFile();
    if (!this.#isFile) this.#waiting.push(bytes.slice());
    else for (let at = 0; at < bytes.length; ) at += writeSync(STANDARD_OUTPUT, bytes.subarray(at));
  }

  /** @throws what writing throws: code EPIPE when nobody reads any more. */
  async drained(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const bytes of waiting) await writeOut(bytes);
  }

  finish(): void {
    // Drained before, and not ours to close.
  }

  abort(): void {
    this.#waiting = [];
  }
}
