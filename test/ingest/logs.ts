/** The text logs among the captures of ../shared/traces. */
import { readdirSync } from 'node:fs';
import { TRACES, TRACES_MISSING } from '../rules/captures.ts';

/** Files below the captures whose path fits, relative to their folder. */
export function captureFiles(pattern: RegExp): readonly string[] {
  if (TRACES_MISSING) return [];
  return readdirSync(TRACES, { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file))
    .sort();
}

/** Logs of sources and destinations, and what was printed on stderr. */
export function logFiles(): readonly string[] {
  return captureFiles(/(?:\.log(?:\.\d+|\.old)?|stderr\.txt|\.stderr)$/);
}
