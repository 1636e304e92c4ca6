/**
 * With pause-before-switchover the stopped VM waits in the state pre-switchover
 * for migrate-continue: no part of the downtime that QEMU bounds.
 */
import type { Downtime, Migration } from '../../replay/run.ts';

export interface Pause {
  readonly ns: number;
  /** The states show it; else it is only what may have been one, were a line of them lost. */
  readonly shown: boolean;
}

const NO_PAUSE: Pause = { ns: 0, shown: true };

export function pauseIn(migration: Migration, { startNs, endNs, durationNs }: Downtime): Pause {
  if (!migration.saw('migrate_set_state')) return { ns: durationNs, shown: false };
  const states = migration.states.flatMap(({ state, at: { ns } }) =>
    ns !== undefined && ns >= startNs && ns <= endNs && state !== 'completed' ? [{ state, ns }] : [],
  );
  const [first, second] = states;
  if (first === undefined) return NO_PAUSE;
  if (first.state === 'pre-switchover') {
    return second === undefined ? { ns: endNs - first.ns, shown: false } : { ns: second.ns - first.ns, shown: true };
  }
  // Nothing but the wait stands between the stop and this state.
  const stopped = migration.checkpoints.find(({ name, at }) => name === 'src-vm-stopped' && (at.ns ?? 0) >= startNs);
  return { ns: Math.max(0, first.ns - (stopped?.at.ns ?? startNs)), shown: false };
}
