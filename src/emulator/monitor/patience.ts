/** A user who watches a migration, and cancels it when it gets nowhere. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from '../migration/attempt.ts';

const LOOK_NS = 100e6;
/** So many rounds without a new low, and what a round sends is no progress any more. */
const ROUNDS = 3;

/** Postcopy cannot be cancelled, and COLO is meant to go on. */
const CAN_GIVE_UP: readonly string[] = ['setup', 'active', 'pre-switchover'];

/**
 * Until the patience is used up: no sync has left less dirty than the best one
 * before, and no round of a big guest is under way. Counts from the last thing
 * that is to happen at a set time. False: the migration was over before.
 */
export function* losePatience(attempt: Attempt, patienceMs: number): Steps<boolean> {
  const { core, ram } = attempt;
  let lastNs = attempt.startNs + plannedMs(attempt) * 1e6;
  let low = Number.POSITIVE_INFINITY;
  let rounds = 0;
  let [syncs, left] = [ram.syncs, Number.POSITIVE_INFINITY];
  while (core.nowNs < lastNs + patienceMs * 1e6) {
    yield* core.sleep(Math.min(LOOK_NS, lastNs + patienceMs * 1e6 - core.nowNs));
    if (attempt.isOver) return false;
    const isNewRound = ram.syncs !== syncs;
    if (isNewRound) rounds += 1;
    const isBest = isNewRound && ram.bytesAtSync < low;
    const falls = ram.dirtyBytes < left && rounds < ROUNDS;
    if (isBest) [low, rounds] = [ram.bytesAtSync, 0];
    if (isBest || falls) lastNs = Math.max(lastNs, core.nowNs);
    [syncs, left] = [ram.syncs, ram.dirtyBytes];
  }
  return attempt.state !== undefined && CAN_GIVE_UP.includes(attempt.state);
}

function plannedMs({ run, core }: Attempt): number {
  const moments = [...run.commands.map(({ at }) => at), ...run.channel.breaks];
  const planned = moments.flatMap(({ state, afterMs }) => (state === undefined || state === 'active' ? [afterMs] : []));
  return Math.max(0, ...planned, ...core.config.guest.phases.map(({ fromMs }) => fromMs));
}
