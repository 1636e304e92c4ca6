/** What the rules that miss a sync ask of its other witnesses, before they accuse and after. */
import type { Place } from '../ingest/trace-item.ts';
import type { LostSync, Migration, Query } from '../replay/run.ts';
import { type Evidence, type Judgement, refuted, selfEvident } from './rule.ts';
import { SYNC_EVENT_NAMES } from './shared.ts';

/** For the end of a migration: a sync that is absent from this log proves nothing. undefined where no line is known to be lost. */
export function withLostSyncs({ lostSync }: Migration): Judgement | undefined {
  return lostSync === undefined ? undefined : refuted(describeLostSync(lostSync), SYNC_EVENT_NAMES);
}

export function describeLostSync({ shownBy, how, place }: LostSync): string {
  const where = shownBy === 'probe' ? ` (line ${place.line})` : '';
  return `lines of syncs are missing in the log: ${how}${where}`;
}

/** RAM's own word, in this very query, that it does not sync; undefined where no probe gives it. */
export function probeWithoutSync({ exact, final, syncs, hole, probes }: Query): Place | undefined {
  const { pendingSync, stage } = probes;
  // Where lines are missing the probe may be another query's.
  if (pendingSync === undefined || pendingSync.sync || hole) return undefined;
  if (stage !== undefined || syncs.length > 0) return undefined;
  if (pendingSync.inPostcopy || pendingSync.exact !== exact || pendingSync.final !== (final === true)) return undefined;
  return pendingSync.at.place;
}

/** A violation by RAM's own word: its probe says sync=0 `where` it must sync. */
export function saidWithoutSync(message: string, where: string, evidence: Evidence): Judgement {
  return selfEvident({ message, expected: `ram_state_pending_sync sync=1 in ${where}`, actual: 'sync=0', evidence });
}
