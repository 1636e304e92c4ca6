/** Correct runs of every kind, for rules that must not accuse anybody. */
import {
  BACKGROUND_SNAPSHOT,
  CANCELLED,
  checkpoint,
  coloRun,
  cprRun,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  postcopyRun,
  precopyRun,
  SNAPSHOT,
} from './runs.ts';

export const CORRECT_RUNS: readonly (readonly [name: string, lines: readonly string[]])[] = [
  ['precopy', precopyRun()],
  ['precopy of the posted patch', precopyRun({}, 'thread')],
  ['postcopy', postcopyRun()],
  ['COLO', coloRun(checkpoint(), checkpoint())],
  ['CPR: the VM is stopped before any query', cprRun()],
  ['precopy of 10.0', oldPrecopyRun()],
  ['postcopy of 10.0', oldPostcopyRun()],
  ['postcopy of 7.2', oldestPostcopyRun()],
  ['a snapshot', SNAPSHOT],
  ['a background snapshot', BACKGROUND_SNAPSHOT],
  ['cancelled', CANCELLED],
  ['cancelled, then completed', [...CANCELLED, ...precopyRun()]],
];
