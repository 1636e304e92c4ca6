/**
 * What is left when postcopy completes is sent where an I/O error can no longer
 * pause the migration: both sides then lack a part of the guest. Up to 10.0
 * QEMU completed below the threshold; since 10.1 only when nothing is left.
 * 8.0 to 11.0 are one vocabulary: what shows 10.1 is ram_save_complete or a
 * later state. Only a figure that QEMU printed at the completion accuses, never
 * the last query, behind which a line may be lost.
 */
import type { Uint64 } from '../../base/uint64.ts';
import { profileOf } from '../../catalog/profiles.ts';
import type { Migration, Moment, ProtocolEvent } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { withoutQueryLine } from '../shared.ts';

/** What was left, as the line of the completion says. */
interface Left {
  readonly amount: Uint64;
  readonly text: string;
  readonly at: Moment;
}

export const postcopyCompletedDirty = defineRule({
  id: 'postcopy-completed-dirty',
  severity: 'error',
  title: 'Postcopy completes with dirty pages left',
  demands: 'Postcopy completes only when nothing is pending any more.',
  why: 'Pages sent in the completion are lost when the link breaks then: neither side has the whole guest any more.',
  needs: ['migration_thread_low_pending', 'ram_save_complete', 'migrate_set_state', 'qemu_savevm_send_packaged'],
  qemu: { function: 'migration_iteration_run', versions: '10.1 and later' },
  limits: 'In a log of 8.0 to 11.0 ram_save_complete or a state of 10.2 must show that it is 10.1 or later.',
  bugs: [
    { commit: '7aaa1fc072', what: 'postcopy completed at the threshold and sent 9627 pages where it can not recover' },
  ],
  reads: ['migration_thread_low_pending', 'ram_save_complete'],
  begin: (migration) => {
    let shown = false;
    let dirty: Left | undefined;
    return {
      event: (event) => {
        const left = isInPostcopy(event) ? leftAt(event) : undefined;
        if (left === undefined) return undefined;
        shown = true;
        if (left.amount > 0) dirty ??= left;
        return undefined;
      },
      end: () => withoutDuty(migration) ?? conclude(migration, shown, dirty),
    };
  },
});

/** A state that is over, or no state, may be that of another attempt, whose beginning is not shown. */
function isInPostcopy({ inPostcopy, state }: ProtocolEvent): boolean {
  return inPostcopy && (state === 'device' || state?.startsWith('postcopy-') === true);
}

function leftAt({ event, at }: ProtocolEvent): Left | undefined {
  switch (event.name) {
    case 'migration_thread_low_pending': {
      const { pending } = event.args;
      return { amount: pending, text: `${pending} bytes pending`, at };
    }
    case 'ram_save_complete': {
      const { dirty_pages: pages, done } = event.args;
      // Behind its sending nothing is left either way: 0 there says nothing of what was left before.
      return done === 0 || pages > 0 ? { amount: pages, text: `${pages} dirty pages left`, at } : undefined;
    }
    default:
      return undefined;
  }
}

function withoutDuty(migration: Migration): Judgement | undefined {
  const { band, kind } = migration;
  if (kind !== 'postcopy') return notApplicable('there was no postcopy');
  if (shows10_1(migration)) return undefined;
  if (band === undefined) return withoutQueryLine();
  switch (profileOf(band).postcopyEnds) {
    case 'at-zero':
      return undefined;
    case 'below-threshold':
      return notApplicable(`QEMU ${band} may complete postcopy below the threshold`);
    case 'changed':
      return notApplicable('up to QEMU 10.0 postcopy may complete below the threshold, and nothing shows 10.1');
  }
}

/** Neither is in older versions. A version that the user gave is older than what the log shows only by mistake. */
function shows10_1(migration: Migration): boolean {
  const { band, states } = migration;
  if (band === '7.2') return false;
  return migration.saw('ram_save_complete') || states.some(({ state }) => state === 'postcopy-device');
}

function conclude(migration: Migration, shown: boolean, dirty: Left | undefined): Judgement {
  const { outcome, state } = migration;
  if (outcome === 'failed' || outcome === 'cancelled' || outcome === 'aborted') {
    return notApplicable('the migration did not complete');
  }
  if (!shown && outcome === 'running' && state !== undefined) {
    return notApplicable('the log ends before postcopy completed');
  }
  if (!shown) {
    return undecidable('the log does not show what was left when postcopy completed', [
      'migration_thread_low_pending',
      'ram_save_complete',
      'migrate_set_state',
    ]);
  }
  if (outcome !== 'completed') return undecidable('the log does not show the end of postcopy', ['migrate_set_state']);
  if (dirty === undefined) return pass('postcopy completed with nothing left');
  return violated({
    message: `postcopy completed with ${dirty.text}`,
    expected: 'nothing pending when postcopy completes',
    actual: dirty.text,
    evidence: [dirty.at.place],
  });
}
