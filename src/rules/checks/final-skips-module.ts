/**
 * Every module reports in the final query, too: VFIO its cached size, RAM what
 * it just synced. With the VM stopped nothing is sent in between, so the total
 * can only grow. In the patch as posted CMMA, VFIO and the dirty bitmaps return
 * early. A drop no larger than the stop-copy part is an info: VFIO's to explain.
 */
import { addUint64 } from '../../base/uint64.ts';
import type { Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, pass, undecidable, violated } from '../rule.ts';
import { finalWithoutSwitchover, withoutFinalDuty } from '../shared.ts';

export const finalSkipsModule = defineRule({
  id: 'final-skips-module',
  severity: 'warning',
  title: 'The final total falls below the exact one: a module reported nothing',
  demands: 'The final query counts what every module still has to send.',
  why: 'What a module does not report is missing from dirty_bytes_total, and its last dirty state may not have been collected.',
  needs: ['qemu_savevm_query_pending', 'runstate_set'],
  qemu: { function: 'the save_query_pending handlers', versions: '11.1 and the patch as posted' },
  limits: 'A COLO checkpoint has no exact query to compare with.',
  begin: (migration) => ({
    switchover: (switchover) => {
      if (switchover.finalCount === 0 || switchover.checkpoint) return undefined;
      return withoutFinalDuty(migration) ?? judge(switchover);
    },
    end: () => finalWithoutSwitchover(migration),
  }),
});

function judge({ decidingQuery: exact, decision, finals }: Switchover): Judgement | undefined {
  const final = finals[0];
  // An estimate in its place is final-not-exact's matter.
  if (final === undefined || final.exact === false) return undefined;
  const doubtful = decision?.query !== undefined && decision.query !== exact;
  if (exact?.exact !== true || exact.hole || doubtful) {
    return undecidable('the log does not show the exact query that decided', ['qemu_savevm_query_pending']);
  }
  if (final.totalBytes >= exact.totalBytes) return pass('the final total is no smaller than the exact one before it');
  const ofStopCopy = addUint64(final.totalBytes, exact.stopcopyBytes) >= exact.totalBytes;
  const why = ofStopCopy ? ', by no more than the stop-copy part: VFIO may report a cached size' : '';
  return violated({
    message: `the final total ${final.totalBytes} falls below the exact ${exact.totalBytes} before it${why}`,
    expected: `a final total of at least ${exact.totalBytes}`,
    actual: `total=${final.totalBytes}`,
    evidence: [final.at.place, exact.at.place],
    severity: ofStopCopy ? 'info' : 'warning',
  });
}
