/**
 * Every module reports in the final query, too: VFIO its cached size, RAM what
 * it just synced. With the VM stopped nothing is sent in between, so the total
 * can only grow. In the patch as posted CMMA, VFIO and the dirty bitmaps return
 * early. A drop no larger than the stop-copy part is an info: VFIO's to explain.
 */
import { addUint64, type Uint64 } from '../../base/uint64.ts';
import { profileOf } from '../../catalog/profiles.ts';
import type { Migration, Query, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
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
      return withoutFinalDuty(migration) ?? decidedOnEstimate(switchover, migration) ?? judge(switchover);
    },
    end: () => finalWithoutSwitchover(migration),
  }),
});

/** Where the version may decide so: nearly every postcopy. */
function decidedOnEstimate({ decidingQuery, decision }: Switchover, { band }: Migration): Judgement | undefined {
  if (band === undefined || !profileOf(band).mayDecideOnEstimate) return undefined;
  if (decidingQuery?.exact !== false || decidingQuery.hole || decision?.query !== decidingQuery) return undefined;
  return notApplicable('the switchover was decided on an estimate: there is no exact total to compare with');
}

/** What the modules reported: a wrong total is total-not-sum's matter. */
function reportedBytes({ precopyBytes, stopcopyBytes, postcopyBytes }: Query): Uint64 {
  return addUint64(precopyBytes, stopcopyBytes, postcopyBytes);
}

function judge({ decidingQuery: exact, decision, finals }: Switchover): Judgement | undefined {
  const final = finals[0];
  // An estimate in its place is final-not-exact's matter.
  if (final === undefined || final.exact === false) return undefined;
  const doubtful = decision?.query !== undefined && decision.query !== exact;
  if (exact?.exact !== true || exact.hole || doubtful) {
    return undecidable('the log does not show the exact query that decided', ['qemu_savevm_query_pending']);
  }
  const finalBytes = reportedBytes(final);
  const exactBytes = reportedBytes(exact);
  if (finalBytes >= exactBytes) return pass('the final total is no smaller than the exact one before it');
  const ofStopCopy = addUint64(finalBytes, exact.stopcopyBytes) >= exactBytes;
  const why = ofStopCopy ? ', by no more than the stop-copy part: VFIO may report a cached size' : '';
  return violated({
    message: `the final total ${finalBytes} falls below the exact ${exactBytes} before it${why}`,
    expected: `a final total of at least ${exactBytes}`,
    actual: `precopy, stopcopy and postcopy add up to ${finalBytes}`,
    evidence: [final.at.place, exact.at.place],
    severity: ofStopCopy ? 'info' : 'warning',
  });
}
