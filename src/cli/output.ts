/** Writing what the user asked for: to standard output, or to a file that is complete or absent. */
import { closeSync, existsSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, systemCode, UserError } from '../base/errors.ts';
import { onInterrupt } from '../base/interrupt.ts';
import { showDash } from './command.ts';

/** Resolves when the text is handed on; a closed pipe (`| head`) rejects with code EPIPE. */
export function writeOut(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
  });
}

/** A line for the user that is no part of the output. */
export function note(line: string): void {
  process.stderr.write(`qtrace: ${line}\n`);
}

/**
 * A file that is opened before the work begins, so that a place that can't be
 * written costs nothing. A device or a pipe is written into; a file is replaced
 * when its text is complete, behind symbolic links.
 */
export class OutputFile {
  readonly #path: string;
  readonly #place: string;
  /** undefined for what is no file. */
  readonly #temporary: string | undefined;
  readonly #forget: () => void;
  #descriptor: number | undefined;

  /** `inputs` are never written over. @throws UserError */
  constructor(path: string, inputs: readonly string[]) {
    if (path === '') throw new UserError('-o has an empty value; check the variables of your shell');
    this.#path = path;
    this.#place = existsSync(path) ? realpathSync(path) : resolve(path);
    if (inputs.some((input) => this.#isAt(input))) {
      throw new UserError(`${path} is read or written by this call already; choose another name for the report`);
    }
    const isFile = statSync(this.#place, { throwIfNoEntry: false })?.isFile() ?? true;
    this.#temporary = isFile ? join(dirname(this.#place), `.${basename(this.#place)}.${process.pid}`) : undefined;
    this.#forget = onInterrupt(() => this.abort());
    this.#attempt(() => {
      if (this.#temporary !== undefined) writeFileSync(this.#temporary, '');
      else if (statSync(this.#place).isDirectory()) throw new UserError(`${path} is a directory; name a file`);
    });
  }

  /** Writes it and puts it in its place: a reader never sees half of it. @throws UserError */
  write(text: string): void {
    this.append(text);
    this.finish();
  }

  /** A part of the text; nothing stands in its place before `finish`. @throws UserError */
  append(text: string | Uint8Array): void {
    this.#attempt(() => {
      this.#descriptor ??= this.#opened();
      writeFileSync(this.#descriptor, text);
    });
  }

  /** @throws UserError */
  finish(): void {
    this.#attempt(() => {
      this.#close();
      if (this.#temporary !== undefined) renameSync(this.#temporary, this.#place);
    });
    this.#forget();
  }

  /** Leaves nothing behind. */
  abort(): void {
    this.#forget();
    this.#close();
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true });
  }

  /** The temporary file is empty. To truncate it once more would make ext4 write all of it to the disk before it is closed. */
  #opened(): number {
    return this.#temporary === undefined ? openSync(this.#place, 'w') : openSync(this.#temporary, 'a');
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #isAt(input: string): boolean {
    return (existsSync(input) ? realpathSync(input) : resolve(input)) === this.#place;
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.abort();
      if (thrown instanceof UserError) throw thrown;
      throw new UserError(`${this.#path} can't be written: ${reasonOf(thrown)}`);
    }
  }
}

export function reasonOf(thrown: unknown): string {
  switch (systemCode(thrown)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'its folder does not exist; make it first';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'permission denied; choose another place';
    case 'ENOSPC':
      return 'the disk is full; free some space or choose another place';
    case 'EISDIR':
      return 'it is a directory; name a file';
    default:
      return messageOf(thrown);
  }
}

/** What a command has to print, and what it exits with. */
interface Outcome {
  readonly text: string;
  readonly code: number;
}

/**
 * Opens the place of `-o` before the work begins, prints what comes of it, and
 * leaves nothing behind when it fails. `path` undefined is standard output.
 */
export async function printOutcome(
  path: string | undefined,
  inputs: readonly string[],
  make: () => Promise<Outcome>,
): Promise<number> {
  const output = path === undefined || showDash(path) === '-' ? undefined : new OutputFile(path, inputs);
  try {
    const { text, code } = await make();
    // Set before printing: a reader that closes the pipe early does not change the verdict.
    process.exitCode = code;
    if (output === undefined) await writeOut(text);
    else output.write(text);
    return code;
  } catch (thrown) {
    output?.abort();
    throw thrown;
  }
}
