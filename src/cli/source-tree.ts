/** The QEMU source that --tree names: who sets a member of SaveVMHandlers. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { UserError } from '../base/errors.ts';
import { explainOpenError } from '../ingest/byte-source.ts';
import type { SourceTree } from '../review/model/model.ts';

/** Folders of a QEMU tree that hold no module of the migration. */
const SKIPPED = new Set(['.git', 'build', 'node_modules', 'subprojects', 'roms', 'pc-bios', 'docs', 'po', 'tests']);
/** No source file of QEMU is larger. */
const MAX_BYTES = 4 * 2 ** 20;

/** @throws UserError when it is no folder. */
export function readTree(root: string): SourceTree {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UserError(`--tree ${root}: no such folder; name the top of a QEMU source tree`);
  }
  return { implementers: (callback) => implementersIn(root, callback) };
}

function implementersIn(root: string, callback: string): readonly { readonly path: string; readonly name: string }[] {
  const member = new RegExp(`\\.\\s*${callback}\\s*=\\s*(?<name>\\w+)`, 'g');
  return sources(root).flatMap((path) => {
    const text = textOf(path);
    if (!text.includes(callback)) return [];
    const names = [...text.matchAll(member)].map(({ groups }) => groups?.['name'] ?? '');
    return [...new Set(names)].map((name) => ({ path: relative(root, path).replaceAll('\\', '/'), name }));
  });
}

/** Empty for what is too large to be a source file. @throws UserError */
function textOf(path: string): string {
  return read(path, () => (statSync(path).size > MAX_BYTES ? '' : readFileSync(path, 'utf8')));
}

function read<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (thrown) {
    throw explainOpenError(path, thrown);
  }
}

/** C files, in the order of their paths. @throws UserError */
function sources(folder: string): readonly string[] {
  return read(folder, () => readdirSync(folder, { withFileTypes: true }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sources(path);
      return entry.isFile() && entry.name.endsWith('.c') ? [path] : [];
    });
}
