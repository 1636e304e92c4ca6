/**
 * Which inputs are the logs of one process. QEMU's -d tid writes one file per
 * thread, and their paths then differ in one number only: the thread id.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { UserError } from '../base/errors.ts';
import { explainOpenError, packingOf, unzstdHead } from './byte-source.ts';
import { Stamp } from './formats/format.ts';
import { iso } from './formats/iso.ts';
import { tid } from './formats/tid.ts';
import { mailFormOf } from './mail/recognise.ts';

export interface GroupedInput {
  readonly path: string;
  /** Thread id from the file's name, when it is one of a set. */
  readonly thread: number | undefined;
}

/** The inputs of one process: a single log, or one per thread. */
export type InputGroup = readonly GroupedInput[];

interface Span {
  readonly from: number;
  readonly to: number;
}

/** A path as the user gave it, or one that a pattern stands for. */
interface ExpandedPath {
  readonly path: string;
  /** The pattern, and the number in its place: QEMU wrote these, so they are one process's. */
  readonly pattern: string | undefined;
  readonly thread: number | undefined;
}

/** Opens patterns such as `LOG.%d` and drops what is named twice. @throws UserError */
function expandPaths(paths: readonly string[]): readonly ExpandedPath[] {
  const expanded: ExpandedPath[] = [];
  const known = new Set<string>();
  for (const entry of paths.flatMap(expandPattern)) {
    const real = realPath(entry.path);
    if (known.has(real)) continue;
    known.add(real);
    expanded.push(entry);
  }
  return expanded;
}

function realPath(path: string): string {
  if (path === '-') return path;
  try {
    return realpathSync(path);
  } catch (thrown) {
    throw explainOpenError(path, thrown);
  }
}

function expandPattern(path: string): readonly ExpandedPath[] {
  const name = basename(path);
  if (!name.includes('%d')) return [{ path, pattern: undefined, thread: undefined }];
  const pattern = new RegExp(`^${name.split('%d').map(escapeRegExp).join('(\\d+)')}(?:\\.gz|\\.zst)?$`);
  const folder = dirname(path);
  const found = listFolder(folder, path).flatMap((file): readonly ExpandedPath[] => {
    const thread = pattern.exec(file)?.[1];
    return thread === undefined ? [] : [{ path: join(folder, file), pattern: path, thread: Number(thread) }];
  });
  if (found.length === 0) throw new UserError(`${path}: no file matches this pattern; check the folder and the name`);
  return found.sort((a, b) => (a.thread ?? 0) - (b.thread ?? 0) || a.path.localeCompare(b.path));
}

function listFolder(folder: string, path: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    throw explainOpenError(path, thrown);
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Groups keep the order in which their first file was named. @throws UserError */
export function groupInputs(paths: readonly string[]): readonly InputGroup[] {
  const expanded = expandPaths(paths);
  const taken = new Set<string>();
  const groups: InputGroup[] = [];
  for (const entry of expanded) {
    if (taken.has(entry.path)) continue;
    const others = expanded.filter(({ path }) => !taken.has(path));
    const ofPattern = patternSetOf(entry, others);
    const group =
      ofPattern.length > 1
        ? ofPattern
        : threadSetOf(
            entry.path,
            others.map(({ path }) => path),
          );
    for (const { path } of group) taken.add(path);
    groups.push(group);
  }
  return groups;
}

/** The logs that a pattern stands for, as far as they have time stamps to merge them by. */
function patternSetOf(entry: ExpandedPath, others: readonly ExpandedPath[]): InputGroup {
  if (entry.pattern === undefined || !startsStamped(entry.path)) return [];
  return others
    .filter(({ path, pattern }) => pattern === entry.pattern && startsStamped(path))
    .map(({ path, thread }) => ({ path, thread }));
}

function startsStamped(path: string): boolean {
  return stampsOf(headOf(path)).length > 0;
}

/** The beginning of a file, unpacked where it is packed. @throws UserError */
export function headOf(path: string): Buffer {
  return probe(path, (fd) => {
    const head = Buffer.alloc(PROBE);
    const length = readSync(fd, head, 0, PROBE, 0);
    return unpackHead(head.subarray(0, length));
  });
}

/** The beginning of a packed file, unpacked as far as it goes; anything else as it is. */
function unpackHead(head: Buffer): Buffer {
  switch (packingOf(head)) {
    case 'plain':
      return head;
    case 'zstd':
      return unzstdHead(head, MAX_HEAD);
    case 'gzip':
      return gunzipHead(head);
  }
}

function gunzipHead(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_HEAD });
  } catch {
    return Buffer.alloc(0);
  }
}

function threadSetOf(path: string, others: readonly string[]): InputGroup {
  const pieces = path.split(/(\d+)/);
  // The last number of a path is the likeliest to be a thread id.
  for (let at = pieces.length - 2; at > 0; at -= 2) {
    const members = others.flatMap((other) => {
      const thread = differingNumber(pieces, other.split(/(\d+)/), at);
      return thread === undefined ? [] : [{ path: other, thread }];
    });
    const set = members.length > 1 ? overlappingWith(path, members) : [];
    if (set.length > 1) return set;
  }
  return [{ path, thread: undefined }];
}

function differingNumber(pieces: readonly string[], other: readonly string[], at: number): number | undefined {
  if (pieces.length !== other.length) return undefined;
  const same = pieces.every((piece, index) => index === at || piece === other[index]);
  return same ? Number(other[at]) : undefined;
}

/** Those whose times hang together with the first one's: runs recorded one after the other are no set. */
function overlappingWith(path: string, members: InputGroup): InputGroup {
  const spans = new Map<string, Span>();
  for (const { path: member } of members) {
    const span = spanOf(member);
    if (span !== undefined) spans.set(member, span);
  }
  const first = spans.get(path);
  if (first === undefined) return [];
  let { from, to } = first;
  const joined = new Set([path]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [member, span] of spans) {
      if (joined.has(member) || span.from > to || span.to < from) continue;
      joined.add(member);
      from = Math.min(from, span.from);
      to = Math.max(to, span.to);
      grown = true;
    }
  }
  return members.filter((member) => joined.has(member.path));
}

const PROBE = 64 * 1024;
/** What the beginning of a packed file may become. */
const MAX_HEAD = 16 * 2 ** 20;

/** First and last second that a plain file shows. */
function spanOf(path: string): Span | undefined {
  if (path === '-') return undefined;
  return probe(path, (fd) => {
    const head = Buffer.alloc(PROBE);
    const headLength = readSync(fd, head, 0, PROBE, 0);
    // Mails of one thread repeat each other's trace lines, and are no logs of threads.
    if (mailFormOf(head.subarray(0, headLength)) !== undefined) return undefined;
    const { size } = fstatSync(fd);
    const tail = Buffer.alloc(PROBE);
    const tailLength = readSync(fd, tail, 0, PROBE, Math.max(0, size - PROBE));
    const from = stampsOf(head.subarray(0, headLength)).at(0);
    const to = stampsOf(tail.subarray(0, tailLength)).at(-1);
    return from === undefined || to === undefined ? undefined : { from, to };
  });
}

/** @throws UserError when it can't be opened or read. */
function probe<T>(path: string, read: (fd: number) => T): T {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    if (fstatSync(fd).isDirectory()) throw new UserError(`${path}: is a directory; name the log files in it`);
    return read(fd);
  } catch (thrown) {
    throw explainOpenError(path, thrown);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function stampsOf(bytes: Buffer): readonly number[] {
  const stamps: number[] = [];
  const stamp = new Stamp();
  let at = 0;
  while (at < bytes.length) {
    const found = bytes.indexOf(10, at);
    const end = found < 0 ? bytes.length : found;
    if (iso.read(bytes, at, end, stamp) >= 0 || tid.read(bytes, at, end, stamp) >= 0) {
      stamps.push((stamp.seconds ?? 0) + stamp.nanos / 1e9);
    }
    at = end + 1;
  }
  return stamps;
}
