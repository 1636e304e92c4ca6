/**
 * The final query is made after migration_stop_vm(). Judged only when the stop
 * is seen after it: a log that begins later, or lost the line of the stop,
 * proves nothing.
 */
import type { Query, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, pass, undecidable, violated } from '../rule.ts';
import { nothingJudged, STOP_EVENT_NAMES, withoutFinalDuty } from '../shared.ts';

export const finalBeforeStop = defineRule({
  id: 'final-before-stop',
  severity: 'error',
  title: 'The final query comes before the VM is stopped',
  demands: 'The VM is stopped before the final pending query is made.',
  why: 'A running guest goes on dirtying memory after the last sync: those pages are lost on the destination.',
  needs: ['qemu_savevm_query_pending', 'runstate_set'],
  qemu: { function: 'migration_switchover_start', versions: '11.1 and the patch as posted' },
  limits: 'Without runstate_set, the checkpoint src-vm-stopped or the state device nothing shows the stop.',
  begin: (migration) => {
    let unplaced = 0;
    return {
      kinds: ['final'],
      query: (query) => {
        if (query.final !== true) return undefined;
        if (query.switchover === undefined) unplaced += 1;
        return withoutFinalDuty(migration) ?? (query.switchover === undefined ? undefined : judgeInPlace(query));
      },
      switchover: (switchover) => {
        unplaced -= switchover.earlyFinals.length;
        return judgeEarly(switchover);
      },
      end: () => {
        if (unplaced > 0)
          return undecidable('the log does not show whether the VM was stopped at the final query', STOP_EVENT_NAMES);
        return migration.counts.final > 0 ? undefined : nothingJudged(migration);
      },
    };
  },
});

function judgeInPlace(query: Query): Judgement {
  return pass(`the VM was seen stopped before the final query at line ${query.at.place.line}`);
}

function judgeEarly({ earlyFinals, stop, hole }: Switchover): Judgement | undefined {
  const [early] = earlyFinals;
  if (early === undefined) return undefined;
  const finding = {
    message: 'the final query was made before the migration stopped the VM',
    expected: 'the VM is stopped first, then one query with final=1',
    actual: 'the stop comes after the query',
    evidence: [early.at.place, stop.place],
  } as const;
  return hole || early.hole ? undecidable(finding.message, STOP_EVENT_NAMES) : violated(finding);
}
