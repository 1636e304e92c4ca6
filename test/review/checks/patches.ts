/** Patches on the model of `fixtures/patches/base`: texts replaced, then diffed and read back as a mail. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkSeries } from '../../../src/review/check-series.ts';
import { readSeries } from '../../../src/review/read-series.ts';
import type { Remark, Series } from '../../../src/review/series.ts';
import { asMail, diffFiles } from '../diff.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'patches', 'base');

export const BASE: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => statSync(join(ROOT, name)).isFile())
    .map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]),
);

export const RAM = 'migration/ram.c';
export const SAVEVM = 'migration/savevm.c';
export const MIGRATION = 'migration/migration.c';
export const BITMAP = 'migration/block-dirty-bitmap.c';
export const COLO = 'migration/colo.c';
export const VFIO = 'hw/vfio/migration.c';
export const CMMA = 'hw/s390x/s390-stattrib.c';
export const REGISTER = 'include/migration/register.h';
export const VFIO_EVENTS = 'hw/vfio/trace-events';
export const EVENTS = 'migration/trace-events';

/** A file, a text that stands in it, and what takes its place. */
export type Edit = readonly [path: string, from: string, to: string];

export function edited(edits: readonly Edit[], base = BASE): Readonly<Record<string, string>> {
  const files: Record<string, string> = { ...base };
  for (const [path, from, to] of edits) {
    const text = files[path];
    if (text === undefined || !text.includes(from)) throw new Error(`${path} has no text ${JSON.stringify(from)}`);
    files[path] = text.replace(from, () => to);
  }
  return files;
}

export interface Reviewed {
  readonly series: Series;
  readonly remarks: readonly Remark[];
  readonly diff: string;
}

export async function review(edits: readonly Edit[]): Promise<Reviewed> {
  const diff = diffFiles(BASE, edited(edits));
  const series = await readSeries(asMail(diff));
  return { series, remarks: checkSeries(series), diff };
}

/** The text of the line that the remark stands under. */
export function lineOf({ series }: Reviewed, { patch, path, hunk, hunkLine }: Remark): string {
  const file = series.patches[patch]?.files.find((one) => one.path === path);
  return file?.hunks[hunk]?.lines[hunkLine]?.text ?? '';
}
