/** A QEMU of which only its assertion failure is known: a migration of kind `unknown`. */
import type { Band } from '../catalog/vocabulary.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { AssertionFailure, Migration, Moment } from './run.ts';

export function abortedProcess(
  index: number,
  stream: number,
  band: Band | undefined,
  assertion: AssertionFailure,
): Migration {
  const moment = momentOf(assertion.place);
  return {
    index,
    stream,
    assertion,
    band,
    kind: 'unknown',
    outcome: 'aborted',
    startSeen: false,
    finalProbed: false,
    previousOpen: false,
    first: moment,
    last: moment,
    capabilities: new Map(),
    states: [],
    state: undefined,
    openSwitchover: undefined,
    inPostcopy: false,
    counts: { estimate: 0, exact: 0, final: 0, unspecified: 0 },
    syncCount: 0,
    lostSync: undefined,
    iterations: 0,
    switchovers: 0,
    downtime: undefined,
    finalTotalBytes: undefined,
    phases: [],
    checkpoints: [],
    deviceSaves: [],
    messages: [moment],
    messageCount: 1,
    hole: undefined,
    dirtyLogBefore: undefined,
    saw: () => false,
    over: true,
    downtimeLimitAt: () => undefined,
    samples: [],
    answers: [],
    samplesShared: false,
    logEndNs: undefined,
  };
}

function momentOf(place: Place): Moment {
  return { place, ns: undefined, thread: undefined };
}
