/** Where `analyze` puts the database of an input when the user names no place. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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

/** `folder/name.db`, or the first `name-2.db`, ... that is free or holds a report of the same inputs. */
export async function reportPlace(folder: string, name: string, inputs: readonly StoredInput[]): Promise<string> {
  const own = inputs.map((input) => `${input.name} ${input.digest.hex}`).join('\n');
  for (let number = 1; number <= MAX_TRIES; number += 1) {
    const place = join(folder, `${name}${number === 1 ? '' : `-${number}`}.db`);
    if (!existsSync(place) || (await inputsOf(place)) === own) return place;
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
