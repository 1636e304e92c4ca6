/** Writing what the user asked for: to standard output, or to a file that is complete or absent. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
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

/** Writes beside the file and renames: a reader never sees half of it. @throws UserError */
export function writeFileWhole(path: string, text: string): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw new UserError(`${path} can't be written: ${reasonOf(thrown)}`);
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
