/** Where `analyze` puts the reports of an input when the user names no place. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beginningOf } from './files.ts';
import { readQuery } from './read.ts';

/** Base names that say nothing: there the folder's name tells the runs apart. */
const ANONYMOUS = new Set(['src', 'dst', 'trace', 'qemu', 'log']);
const MAX_TRIES = 1000;

/** `runs/idle/src.log.gz` to `idle-src`; standard input to `stdin`. */
export function reportName(input: string): string {
  if (input === '-') return 'stdin';
  const base = basename(input)
    .replace(/\.(?:gz|zst)$/, '')
    .replace(/(?<=.)\.[A-Za-z]+$/, '');
  const folder = basename(dirname(input));
  const named = ANONYMOUS.has(base) && folder !== '' && folder !== '.' && folder !== '..';
  return named ? `${folder}-${base}` : base;
}

export interface StoredInput {
  readonly name: string;
  readonly digest: { readonly hex: string };
}

/** As much of a page is read to tell whose report it is. */
const PAGE_HEAD = 4096;

/**
 * `folder/name`, or the first of `folder/name-2`, ... where neither the database (`.db`) nor the page (`.html`) is of
 * other inputs. `isOwnPage` is asked with the beginning of a page that is there.
 */
export async function reportPlace(
  folder: string,
  name: string,
  inputs: readonly StoredInput[],
  isOwnPage: (beginning: string) => boolean,
): Promise<string> {
  const own = inputs.map((input) => `${input.name} ${input.digest.hex}`).join('\n');
  for (let number = 1; number <= MAX_TRIES; number += 1) {
    const place = join(folder, `${name}${number === 1 ? '' : `-${number}`}`);
    const [database, page] = [`${place}.db`, `${place}.html`];
    if (existsSync(page) && !isOwnPage(beginningOf(page, PAGE_HEAD))) continue;
    if (!existsSync(database) || (await inputsOf(database)) === own) return place;
  }
  throw new Error(`${folder} holds ${MAX_TRIES} reports named ${name}`);
}

async function inputsOf(place: string): Promise<string | undefined> {
  const lines: string[] = [];
  try {
    await readQuery(place, 'SELECT name, digest FROM inputs ORDER BY id', ({ rows }) => {
      for (const row of rows) lines.push(row.map(String).join(' '));
    });
  } catch {
    return undefined;
  }
  return lines.join('\n');
}
