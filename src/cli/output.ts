/** Writing what the user asked for: to standard output, or to a file that is complete or absent. */
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf, systemCode, UserError } from '../base/errors.ts';

/** Resolves when the text is handed on; a closed pipe (`| head`) rejects with code EPIPE. */
export function writeOut(text: string): Promise<void> {
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

/** A file that is opened before the work begins, so that a place that can't be written costs nothing. */
export class OutputFile {
  readonly #path: string;
  readonly #temporary: string;

  /** Opens a file beside the place. @throws UserError */
  constructor(path: string) {
    this.#path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
    this.#attempt(() => {
      if (existsSync(path) && statSync(path).isDirectory()) throw new UserError(`${path} is a directory; name a file`);
      writeFileSync(this.#temporary, '');
    });
  }

  /** Writes it and puts it in its place: a reader never sees half of it. @throws UserError */
  write(text: string): void {
    this.#attempt(() => {
      writeFileSync(this.#temporary, text);
      renameSync(this.#temporary, this.#path);
    });
  }

  /** Leaves nothing behind. */
  abort(): void {
    rmSync(this.#temporary, { force: true });
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

function reasonOf(thrown: unknown): string {
  switch (systemCode(thrown)) {
    case 'ENOENT':
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
