/**
 * The captures of real QEMU processes in ../shared/traces, which are not part
 * of the repository. Tests over them are skipped, with a word, where they are
 * not there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const TRACES = fileURLToPath(new URL('../../../shared/traces', import.meta.url));
export const TRACES_MISSING = !existsSync(TRACES);
export const SKIPPED = TRACES_MISSING ? ' (SKIPPED: ../shared/traces is not there)' : '';

export interface Capture {
  /** `real/11.1/colo@ts`, `patched/clean-cancel`. */
  readonly name: string;
  readonly folder: string;
  /** The source's logs, and for patched ones what was printed on stderr; text logs only. */
  readonly inputs: readonly string[];
}

/** A source's logs: `src.log`, one per thread, or the file that two processes shared. */
const SOURCE_LOG = /^(?:src(?:-\d+)?\.log(?:\.\d+)?|both\.(?:log|stderr))$/;

export function realCaptures(): readonly Capture[] {
  return ['7.2', '10.0.13', '11.1'].flatMap((version) => capturesIn(`real/${version}`, SOURCE_LOG));
}

export function patchedCaptures(): readonly Capture[] {
  return capturesIn('patched', /^(?:src(?:-\d+)?\.log|stderr\.txt)$/);
}

function capturesIn(group: string, wanted: RegExp): readonly Capture[] {
  if (TRACES_MISSING) return [];
  return readdirSync(join(TRACES, group))
    .sort()
    .map((name) => {
      const folder = join(TRACES, group, name);
      const files = readdirSync(folder).filter((file) => wanted.test(file));
      return { name: `${group}/${name}`, folder, inputs: files.sort().map((file) => join(folder, file)) };
    });
}

/** The lines of each input by its base name, as bytes: damaged logs hold what is no UTF-8. */
export function linesOf({ inputs }: Capture): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(inputs.map((path) => [basename(path), readLines(path)]));
}

/** Lines as `latin1`, so that writing them back gives the same bytes. */
export function readLines(path: string): readonly string[] {
  const lines = readFileSync(path, 'latin1').split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** The event of a log line, whatever its prefix. */
export function eventOf(line: string): string | undefined {
  return /^(?:\0*)(?:\d{4}-\d\d-\d\dT[\d:.]+Z |\d+@\d+\.\d+:)?([a-z][a-z0-9]*_[a-z0-9_]*)(?= |$)/.exec(line)?.[1];
}

interface Meta {
  readonly expect: string;
  readonly rules: readonly string[];
  readonly undecidable?: readonly string[];
}

export function metaOf({ folder }: Capture): Meta {
  return JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8'));
}
