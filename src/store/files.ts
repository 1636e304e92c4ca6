/** The files of databases: what is there already, what may be replaced, what was left behind. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { systemCode, UserError } from '../base/errors.ts';
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
