/**
 * The threshold is bandwidth times downtime limit, and the bandwidth is what
 * went out in the last window of 100 ms. Where nothing is left to send in a
 * window, or other traffic shares the channel, it says little about what the
 * switchover could use: the threshold collapses, and a migration that would
 * fit goes on. avail-switchover-bandwidth (8.2) is the way out.
 */
import type { Moment, Query } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, violated } from '../rule.ts';

/** So much lower than the best window of the same migration. */
const FACTOR = 5;
/** For so many windows in a row: one or two are chance. */
const WINDOWS = 10;

interface Window {
  readonly at: Moment;
  readonly thresholdBytes: number;
}

export const bandwidthUnderestimated = defineRule({
  id: 'bandwidth-underestimated',
  severity: 'info',
  title: 'The bandwidth estimate keeps a migration from its switchover',
  demands: 'The bandwidth that makes the threshold is about what the channel has carried before.',
  why: 'The migration goes on, and the guest with it under dirty logging and throttling, although the rest would fit.',
  needs: ['migrate_transferred', 'qemu_savevm_query_pending'],
  qemu: { function: 'migration_update_counters', versions: 'all' },
  limits: 'A channel that really became slower looks the same: an info, never more.',
  bugs: [
    {
      commit: '8b2395970a',
      what: 'the bandwidth was estimated ten times too low, and the migration never switched over',
    },
  ],
  reads: ['migrate_transferred'],
  begin: () => {
    let best: Window | undefined;
    let current: Window | undefined;
    let held: Query | undefined;
    let windows = 0;
    let heldSince: Window | undefined;
    let told = false;
    return {
      queryMade: (query) => {
        if (!query.inPostcopy && query.switchover === undefined) held = query;
        return undefined;
      },
      event: ({ event, at, inPostcopy }) => {
        if (event.name !== 'migrate_transferred' || inPostcopy) return undefined;
        const isHeld = keepsBack(held, current, best);
        windows = isHeld ? windows + 1 : 0;
        heldSince = isHeld ? (heldSince ?? current) : undefined;
        const found = windows === WINDOWS && !told ? judge(held, heldSince, best) : undefined;
        told ||= found !== undefined;
        current = { at, thresholdBytes: Number(event.args.max_size) };
        if (best === undefined || current.thresholdBytes > best.thresholdBytes) best = current;
        return found ?? pass('the threshold did not collapse');
      },
      end: () => notApplicable('the log shows no migrate_transferred'),
    };
  },
});

/** What is pending lies over the threshold in force, and under that of the best window. */
function keepsBack(query: Query | undefined, current: Window | undefined, best: Window | undefined): boolean {
  if (query === undefined || current === undefined || best === undefined) return false;
  const pendingBytes = Number(query.totalBytes);
  if (best.thresholdBytes < FACTOR * current.thresholdBytes) return false;
  return pendingBytes > current.thresholdBytes && pendingBytes <= best.thresholdBytes;
}

function judge(query: Query | undefined, since: Window | undefined, best: Window | undefined): Judgement | undefined {
  if (query === undefined || since === undefined || best === undefined) return undefined;
  return violated({
    message: `for ${WINDOWS} windows the threshold was ${since.thresholdBytes} or so, after ${best.thresholdBytes} before, and ${query.totalBytes} bytes stayed pending`,
    expected: `with the bandwidth of the best window the ${query.totalBytes} bytes are under the threshold; set avail-switchover-bandwidth`,
    actual: `a threshold ${Math.round(best.thresholdBytes / Math.max(1, since.thresholdBytes))} times lower`,
    evidence: [since.at.place, best.at.place, query.at.place],
  });
}
