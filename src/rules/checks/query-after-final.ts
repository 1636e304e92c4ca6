/** The final query is the last of its switchover: what is asked later is not what was promised. */
import type { Query, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, pass, undecidable, violated } from '../rule.ts';
import { describeQuery, END_EVENT_NAMES, endIsShown, finalWithoutSwitchover, withoutFinalDuty } from '../shared.ts';

export const queryAfterFinal = defineRule({
  id: 'query-after-final',
  severity: 'error',
  title: 'A query follows the final one in the same switchover',
  demands: 'Between the final query and the end of its switchover nothing is queried.',
  why: 'Modules have settled their last dirty state: another query syncs or reports in the blackout and may undo it.',
  needs: ['qemu_savevm_query_pending', 'runstate_set', 'vmstate_downtime_checkpoint'],
  qemu: { function: 'migration_switchover_start', versions: '11.1 and the patch as posted' },
  limits:
    'Where only the states show the end of a postcopy switchover, the first estimates of postcopy may stand before it.',
  begin: (migration) => ({
    switchover: (switchover) =>
      switchover.finalCount === 0 ? undefined : (withoutFinalDuty(migration) ?? judge(switchover)),
    end: () => finalWithoutSwitchover(migration),
  }),
});

function judge(switchover: Switchover): Judgement {
  const { endedBy, finals, queriesAfterFinal } = switchover;
  const [query] = queriesAfterFinal;
  const [final] = finals;
  if (!endIsShown(switchover)) {
    return undecidable('the log does not show the end of the switchover', END_EVENT_NAMES);
  }
  if (query === undefined || final === undefined) return pass('nothing was queried behind the final query');
  if (endedBy === 'postcopy' || mayBePostcopy(switchover, final)) {
    return undecidable('the log does not show where the postcopy switchover ended', [
      'qemu_savevm_send_packaged',
      'vmstate_downtime_checkpoint',
    ]);
  }
  return violated({
    message: `an ${describeQuery(query)} was made behind the final one`,
    expected: 'no query between the final one and the end of the switchover',
    actual: 'a query with final=0',
    evidence: [query.at.place, final.at.place],
  });
}

/** Something is left to postcopy, and one state is all that would show its begin: that line may be lost. */
function mayBePostcopy({ endedBy, decision }: Switchover, final: Query): boolean {
  const endOfAll = endedBy === 'completed' || endedBy === 'failed' || endedBy === 'cancelled';
  return endOfAll && final.postcopyBytes > 0 && decision?.pendingBytes === undefined;
}
