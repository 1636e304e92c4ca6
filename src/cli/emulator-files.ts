/** Where `emulate` writes: all its files are complete, or none is there. */
import { writeSync } from 'node:fs';
import { systemCode, UserError } from '../base/errors.ts';
import type { LogOutputs } from '../emulator/shell/log-writer.ts';
import { OutputFile } from './output.ts';

export interface EmulatorPaths {
  /** undefined: standard output. */
  readonly log: string | undefined;
  readonly splitThreads: boolean;
  readonly samples: string | undefined;
  readonly stderr: string | undefined;
  readonly inputs: readonly string[];
}

/** Takes text piece by piece. */
interface Target {
  append(text: string): void;
  finish(): void;
  abort(): void;
}

/** Lines are handed on in pieces of about this many characters. */
const PIECE_CHARACTERS = 65_536;

class Lines {
  readonly #target: Target;
  #piece = '';

  constructor(target: Target) {
    this.#target = target;
  }

  add(line: string): void {
    this.#piece += line;
    if (this.#piece.length >= PIECE_CHARACTERS) this.#flush();
  }

  finish(): void {
    this.#flush();
    this.#target.finish();
  }

  abort(): void {
    this.#target.abort();
  }

  #flush(): void {
    this.#target.append(this.#piece);
    this.#piece = '';
  }
}

export class EmulatorFiles implements LogOutputs {
  readonly stderr: LogOutputs['stderr'];
  readonly samples: LogOutputs['samples'];
  readonly #paths: EmulatorPaths;
  readonly #open: Lines[] = [];
  /** What must not be written over. */
  readonly #taken: string[];
  readonly #threads = new Map<number, Lines>();
  readonly #log: Lines | undefined;

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

  log(line: string, thread: number): void {
    (this.#log ?? this.#logOf(thread)).add(line);
  }

  finish(): void {
    for (const lines of this.#open) lines.finish();
  }

  abort(): void {
    for (const lines of this.#open) lines.abort();
  }

  #logOf(thread: number): Lines {
    const known = this.#threads.get(thread) ?? this.#opened(`${this.#paths.log}.${thread}`);
    this.#threads.set(thread, known);
    return known;
  }

  #optional(path: string | undefined): ((line: string) => void) | undefined {
    if (path === undefined) return undefined;
    const lines = this.#opened(path);
    return (line) => lines.add(line);
  }

  #opened(path: string | undefined): Lines {
    try {
      const lines = new Lines(path === undefined ? STANDARD_OUTPUT : new OutputFile(path, this.#taken));
      this.#open.push(lines);
      if (path !== undefined) this.#taken.push(path);
      return lines;
    } catch (thrown) {
      this.abort();
      throw thrown;
    }
  }
}

/** Written at once, piece by piece: the simulation never waits, and its output is not kept in memory. */
const STANDARD_OUTPUT: Target = {
  append: (text) => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSome(bytes.subarray(at));
  },
  finish: () => undefined,
  abort: () => undefined,
};

function writeSome(bytes: Buffer): number {
  try {
    return writeSync(1, bytes);
  } catch (thrown) {
    // A pipe that is full and does not block: its reader is slower than we are.
    if (systemCode(thrown) !== 'EAGAIN') throw thrown;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return 0;
  }
}
