/** One switchover, one final query. Each COLO checkpoint is a switchover of its own. */
import type { Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, pass, undecidable, violated } from '../rule.ts';
import { describeSwitchover, END_EVENT_NAMES, nothingJudged, STOP_EVENT_NAMES, withoutFinalDuty } from '../shared.ts';

export const finalRepeated = defineRule({
  id: 'final-repeated',
  severity: 'error',
  title: 'More than one final query in one switchover',
  demands: 'A switchover makes exactly one final pending query.',
  why: 'Modules treat the final query as their last: a second one syncs again in the blackout and may undo what the first one settled.',
  needs: ['qemu_savevm_query_pending', 'runstate_set', 'migrate_set_state'],
  qemu: { function: 'migration_switchover_start', versions: '11.1 and the patch as posted' },
  limits: 'A COLO log needs runstate_set or colo_vm_state_change to tell its checkpoints apart.',
  begin: (migration) => ({
    switchover: (switchover) =>
      switchover.finalCount === 0 ? undefined : (withoutFinalDuty(migration) ?? judge(switchover)),
    end: () => (migration.counts.final > 0 ? undefined : nothingJudged(migration)),
  }),
});

function judge(switchover: Switchover): Judgement {
  const [first, second, ...more] = switchover.finals;
  const name = describeSwitchover(switchover);
  const { endedBy } = switchover;
  if (endedBy === 'log-ends') return undecidable('the log ends inside the switchover', END_EVENT_NAMES);
  if (endedBy === 'superseded') return undecidable('the log does not show the end of the switchover', END_EVENT_NAMES);
  if (second === undefined && switchover.unplacedFinals > 0) {
    return undecidable('the log does not show which switchover a final query belongs to', [
      ...STOP_EVENT_NAMES,
      'migrate_set_state',
    ]);
  }
  if (first === undefined || second === undefined) return pass(`the ${name} made one final query`);
  return violated({
    message: `the ${name} made ${switchover.finalCount} final queries`,
    expected: 'one query with final=1 in a switchover',
    actual: `${switchover.finalCount} queries with final=1`,
    evidence: [second.at.place, first.at.place, ...more.map((query) => query.at.place)],
  });
}
