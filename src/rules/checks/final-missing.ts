/**
 * migration_switchover_start() makes the final query, in precopy and postcopy;
 * colo_do_checkpoint_transaction() makes one per checkpoint. savevm and
 * background-snapshot make none. A switchover that failed or was cancelled need
 * not have come that far.
 */
import type { Migration, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import {
  describeSwitchover,
  nothingJudged,
  places,
  queriesShown,
  STOP_EVENT_NAMES,
  withoutFinalDuty,
} from '../shared.ts';

export const finalMissing = defineRule({
  id: 'final-missing',
  severity: 'error',
  title: 'A switchover without a final query',
  demands: 'Every completed switchover makes one final pending query after the VM is stopped.',
  why: 'What the guest dirtied between the last exact query and the stop is collected by nobody: it is lost on the destination.',
  needs: ['qemu_savevm_query_pending', 'runstate_set', 'migrate_set_state'],
  qemu: { function: 'migration_switchover_start', versions: '11.1 and the patch as posted' },
  limits: 'A sync in the place of the final query means that its line was lost: then nothing is said.',
  begin: (migration) => ({
    switchover: (switchover) => withoutFinalDuty(migration) ?? judge(switchover, migration),
    end: () => (migration.switchovers > 0 ? undefined : nothingJudged(migration)),
  }),
});

function judge(switchover: Switchover, migration: Migration): Judgement {
  const name = describeSwitchover(switchover);
  if (switchover.finalCount > 0) return pass(`the ${name} made its final query`);
  if (switchover.earlyFinals.length > 0) return pass('the final query was made, though before the VM stopped');
  if (switchover.completed === 'no') return notApplicable('the switchover was not carried through');
  if (switchover.completed === 'not-shown') return notShown(switchover);
  if (!queriesShown(migration) || (!switchover.checkpoint && switchover.decidingQuery === undefined)) {
    return undecidable('the log shows no query before the switchover', ['qemu_savevm_query_pending']);
  }
  if (switchover.unplacedFinals > 0) {
    return undecidable('the log does not show which switchover a final query belongs to', STOP_EVENT_NAMES);
  }
  if (switchover.syncsBeforeSaving > 0) {
    return undecidable('a sync stands where the final query belongs, but its line is missing', [
      'qemu_savevm_query_pending',
    ]);
  }
  if (switchover.queryBegan) {
    return undecidable('a query began in the switchover, as the probe shows, but its line is missing', [
      'qemu_savevm_query_pending',
    ]);
  }
  return violated({
    message: `the ${name} was completed without a final query`,
    expected: 'one query with exact=1 final=1 between VM stop and the saving of RAM',
    actual: 'no query with final=1 between these lines',
    evidence: [switchover.stop.place, ...places(switchover.end?.place)],
  });
}

function notShown({ checkpoint }: Switchover): Judgement {
  if (checkpoint) {
    return undecidable('the log does not show whether the COLO checkpoint was carried through', [
      'vmstate_downtime_checkpoint',
      'ram_save_complete',
    ]);
  }
  return undecidable('the log ends inside the switchover', ['migrate_set_state', 'vmstate_downtime_checkpoint']);
}
