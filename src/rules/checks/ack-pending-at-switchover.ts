/**
 * A device may ask for another switchover ack in the final query, when its
 * initial data has grown again. 11.1 then fails the migration ("Switchover ACK
 * was requested by N devices during switchover") and the guest runs on.
 */
import type { Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { END_EVENT_NAMES, nothingJudged, places, withoutFinalDuty } from '../shared.ts';

export const ackPendingAtSwitchover = defineRule({
  id: 'ack-pending-at-switchover',
  severity: 'error',
  title: 'The migration goes on though the final query collected switchover acks',
  demands: 'A switchover whose final query collects requests for an ack is given up.',
  why: 'The destination was not ready for the device: the downtime is not bounded any more, or the device fails there.',
  needs: ['qemu_savevm_query_pending', 'migrate_set_state'],
  qemu: { function: 'migration_switchover_start', versions: '11.1' },
  limits: 'The patch as posted prints no acks.',
  begin: (migration) => ({
    switchover: (switchover) => {
      // A COLO checkpoint does not go through migration_switchover_start().
      if (switchover.finalCount === 0 || switchover.checkpoint) return undefined;
      return withoutFinalDuty(migration) ?? judge(switchover);
    },
    end: () => (migration.counts.final > 0 ? undefined : nothingJudged(migration)),
  }),
});

function judge({ finals, completed, end, endedBy, ramEnd }: Switchover): Judgement {
  const final = finals.find(({ ackCollected }) => ackCollected !== undefined && ackCollected > 0) ?? finals[0];
  if (final?.ackCollected === undefined) return notApplicable('the query line shows no switchover acks');
  if (final.ackCollected === 0) return pass('the final query collected no switchover ack');
  // COLO lets the VM run after its first switchover, too: only a state tells that from one that failed behind RAM.
  if (completed === 'not-shown' || (endedBy === 'vm-running' && ramEnd !== undefined))
    return undecidable('the log does not show whether the migration went on', END_EVENT_NAMES);
  if (completed === 'no') return pass('the switchover was given up when an ack was asked for');
  return violated({
    message: `the final query collected ${final.ackCollected} switchover acks, and the migration went on`,
    expected: 'the migration fails and the guest runs on',
    actual: 'the switchover was carried through',
    evidence: [final.at.place, ...places(end?.place)],
  });
}
