/**
 * The loop comes round every 100 ms and says what it sent. A round of many
 * seconds, or many rounds without a byte, is a dead channel or a loop that does
 * not end; so is a cancelled migration that never comes to its end.
 */
import type { Migration, Moment, StateChange } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, violated } from '../rule.ts';

const STALL_MS = 10_000;
const CANCEL_NS = 30e9;

export const migrationStalled = defineRule({
  id: 'migration-stalled',
  severity: 'warning',
  title: 'Nothing is sent for seconds, or a cancelled migration does not end',
  demands: 'The migration thread sends something in every window of 100 ms, and ends soon after migrate_cancel.',
  why: 'The guest pays for dirty logging and throttling, and no second migration can be started meanwhile.',
  needs: ['migrate_transferred', 'migrate_set_state'],
  qemu: { function: 'migration_thread', versions: 'all' },
  limits: 'Judged from 10 s without a byte on, and from 30 s in cancelling on.',
  bugs: [
    { commit: '713f762a31', what: 'saving never ended after a cancel' },
    { commit: '4934a5dd7c', what: 'the scan for dirty pages never ended when it found none' },
  ],
  reads: ['migrate_transferred'],
  begin: (migration) => {
    let stalledMs = 0;
    let since: Moment | undefined;
    let told = false;
    return {
      event: ({ event, at }) => {
        if (event.name !== 'migrate_transferred') return undefined;
        const spentMs = Number(event.args.time_spent);
        const blocked = spentMs >= STALL_MS;
        if (!blocked && event.args.transferred !== 0) {
          stalledMs = 0;
          since = undefined;
          told = false;
          return pass('the channel moved');
        }
        since ??= at;
        stalledMs += spentMs;
        if (stalledMs < STALL_MS || told) return undefined;
        told = true;
        return blocked ? slowRound(at, spentMs) : nothingSent(at, since, stalledMs);
      },
      end: () => judgeCancel(migration) ?? notApplicable('the log shows no migrate_transferred'),
    };
  },
});

function slowRound(at: Moment, spentMs: number): Judgement {
  return violated({
    message: `one round of the migration loop took ${seconds(spentMs)} s`,
    expected: 'a migrate_transferred about every 100 ms',
    actual: `time_spent ${spentMs}`,
    evidence: [at.place],
  });
}

function nothingSent(at: Moment, since: Moment, stalledMs: number): Judgement {
  return violated({
    message: `nothing was sent for ${seconds(stalledMs)} s`,
    expected: 'some bytes in every window of 100 ms',
    actual: 'transferred 0 from the first to the last of these lines',
    evidence: since === at ? [at.place] : [at.place, since.place],
  });
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function judgeCancel({ states, last, logEndNs }: Migration): Judgement | undefined {
  const index = states.findIndex(({ state }) => state === 'cancelling');
  const cancelling = states[index];
  if (cancelling?.at.ns === undefined) return undefined;
  const next = states.slice(index + 1).find(({ state }) => state !== 'cancelling');
  const untilNs = next?.at.ns ?? logEndNs ?? last.ns;
  if (untilNs === undefined || untilNs - cancelling.at.ns < CANCEL_NS) return undefined;
  return notEnded(cancelling, next, untilNs - cancelling.at.ns);
}

function notEnded(cancelling: StateChange, next: StateChange | undefined, ns: number): Judgement {
  return violated({
    message: `the migration was still cancelling ${Math.round(ns / 1e9)} s after migrate_cancel`,
    expected: 'the state cancelled soon after cancelling',
    actual: next === undefined ? 'no further state in the log' : `${next.state} only then`,
    evidence: next === undefined ? [cancelling.at.place] : [cancelling.at.place, next.at.place],
  });
}
