/** A folder of its own for each test, and the rows of the databases in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Value } from '../../src/store/database.ts';
import { readQuery } from '../../src/store/read.ts';

/** Gives the path of a name in a folder that is made and removed with each test. */
export function useFolder(): (name: string) => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'qtrace-store-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

export async function rows(path: string, sql: string): Promise<Record<string, Value>[]> {
  const found: Record<string, Value>[] = [];
  await readQuery(path, sql, (result) => {
    for (const row of result.rows) {
      found.push(Object.fromEntries(result.columns.map((name, index) => [name, row[index] ?? null])));
    }
  });
  return found;
}

export async function values(path: string, sql: string): Promise<Value[]> {
  return (await rows(path, sql)).flatMap((row) => Object.values(row));
}
