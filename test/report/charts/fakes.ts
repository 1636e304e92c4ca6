/** The least that a timeline is collected from. */
import type { QueryKind } from '../../../src/replay/run.ts';
import type { Asked, Run, Synced } from '../../../src/report/charts/collection.ts';

export function moment(ns: number, line: number) {
  return { ns, thread: undefined, place: { input: 0, line, text: '' } };
}

export function fakeRun(last: number): Run {
  return {
    index: 0,
    first: moment(0, 1),
    last: moment(last, 1),
    openSwitchover: undefined,
    downtimeLimitAt: () => undefined,
  };
}

/** There will be millions. */
export function fakeQuery(kind: QueryKind, ns: number, line: number, totalBytes: number): Asked {
  return {
    kind,
    at: moment(ns, line),
    totalBytes,
    precopyBytes: totalBytes,
    stopcopyBytes: 0,
    postcopyBytes: 0,
    maxBytes: undefined,
    thresholdBytes: 5_000_000,
  };
}

export function fakeSync(from: number, to: number, line: number, dirtyPages: number): Synced {
  return { start: moment(from, line), end: moment(to, line + 1), dirtyPages };
}
