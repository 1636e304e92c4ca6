/** The files of reports: what is there already, what may be replaced, what was left behind. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, systemCode, UserError } from '../base/errors.ts';
import { APPLICATION_ID } from './schema.ts';

export type FileKind = 'absent' | 'not-a-file' | 'empty' | 'ours' | 'sqlite' | 'other';

/** SQLite's magic at the start of the file, the application id at offset 68. */
export function kindOf(path: string): FileKind {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'absent';
  if (!stat.isFile()) return 'not-a-file';
  if (stat.size === 0) return 'empty';
  const header = Buffer.alloc(72);
  const file = openSync(path, 'r');
  readSync(file, header, 0, header.length, 0);
  closeSync(file);
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') return 'other';
  return header.readUInt32BE(68) === APPLICATION_ID ? 'ours' : 'sqlite';
}

/** Behind symbolic links. A trace given as --db by mistake must survive. */
export function finalPlace(path: string): string {
  const kind = kindOf(path);
  if (kind === 'absent') return resolve(path);
  if (kind !== 'ours' && kind !== 'empty') {
    throw new UserError(`${path} exists and is not a database of qtrace: it was left as it is, choose another name`);
  }
  return realpathSync(path);
}

/** Makes the folder with those above it; the ones that it made, outermost first. */
export function makeFolder(folder: string): readonly string[] {
  const missing: string[] = [];
  for (let at = resolve(folder); !existsSync(at); at = dirname(at)) missing.unshift(at);
  // Not `recursive`: where a folder refuses (in /proc), Node.js 20 tries for ever.
  for (const path of missing) mkdirSync(path);
  return missing;
}

/** Takes folders away again, as far as they are empty. */
export function removeFolders(made: readonly string[]): void {
  for (const path of made.toReversed()) {
    try {
      rmdirSync(path);
    } catch {
      return;
    }
  }
}

/** Puts a text in its place, complete or not at all; makes the folder if need be. @throws UserError */
export function writeWhole(place: string, text: string): void {
  let made: readonly string[] = [];
  const temporary = temporaryName(place);
  try {
    made = makeFolder(dirname(place));
    removeStale(place);
    writeFileSync(temporary, text);
    renameSync(temporary, place);
  } catch (thrown) {
    removeQuietly(temporary);
    removeFolders(made);
    throw cannotWrite(thrown, place);
  }
}

/** Why a file could not be written is told already. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where no file can be made there is none to take away.
  }
}

/** The first characters of a file; empty where it can't be read. */
export function beginningOf(path: string, length: number): string {
  try {
    const file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(length);
      return head.toString('utf8', 0, readSync(file, head, 0, length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

const TEMPORARY_END = '.tmp';

/** Hidden, beside its place: a rename within one file system. */
export function temporaryName(place: string): string {
  return join(dirname(place), `.${basename(place)}.${process.pid}${TEMPORARY_END}`);
}

/** What a killed qtrace left behind. */
export function removeStale(place: string): void {
  const folder = dirname(place);
  const start = `.${basename(place)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(start) || !name.endsWith(TEMPORARY_END)) continue;
    const pid = Number(name.slice(start.length, -TEMPORARY_END.length));
    if (Number.isInteger(pid) && pid > 0 && !isAlive(pid)) rmSync(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  // Our own number on a file that is there before us: it was another process's.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCode(thrown) !== 'ESRCH';
  }
}

/** What the user can mend becomes a UserError; anything else is a fault of qtrace and stays what it is. */
export function cannotWrite(thrown: unknown, path: string): unknown {
  const code = systemCode(thrown);
  if (thrown instanceof UserError || code === undefined) return thrown;
  const reason = reasonOf(code, thrown);
  return reason === undefined ? thrown : new UserError(`${path} cannot be written: ${reason}`, { cause: thrown });
}

function reasonOf(code: string, thrown: unknown): string | undefined {
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)$/.test(code)) {
    return 'the disk is full; free some space or choose another place, for nothing of it was kept';
  }
  if (/^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_PERM|EACCES|EPERM|EROFS)/.test(code)) {
    return 'permission denied; choose another place';
  }
  if (/^(ENOTDIR|EEXIST|ENOENT)$/.test(code)) return 'its folder cannot be made; choose another place';
  return /^SQLITE_IOERR|^E[A-Z]+$/.test(code) ? `${messageOf(thrown)} (${code}); choose another place` : undefined;
}
