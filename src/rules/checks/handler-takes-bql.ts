/**
 * The final query is made under the BQL, and bql_lock_impl() asserts that its
 * caller does not hold it yet: a handler that locks again aborts QEMU before
 * the line of the query is printed. Iteration queries are made without the
 * lock, so the same handler works there.
 */
import type { AssertionFailure, NestedLock, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, pass, selfEvident, undecidable, violated } from '../rule.ts';
import { endsInFinal, nothingJudged, withoutFinalDuty } from '../shared.ts';

export const handlerTakesBql = defineRule({
  id: 'handler-takes-bql',
  severity: 'error',
  title: 'A pending handler locks the BQL again inside the final query',
  demands: 'A pending handler takes the BQL only when the query is not the final one.',
  why: 'QEMU aborts with the guest stopped: the VM is gone on the source and never started on the destination.',
  needs: ['qemu_savevm_query_pending', 'runstate_set'],
  qemu: { function: 'bql_lock_impl, from a save_query_pending handler', versions: '11.1 and the patch as posted' },
  limits:
    "Seen by QEMU's assertion failure: give what it printed on stderr beside the log. Where QEMU was built without assertions, by mutex events with thread ids.",
  begin: (migration) => {
    let cutInFinal: Switchover | undefined;
    return {
      switchover: (switchover) => {
        cutInFinal = switchover.endsInFinal && !switchover.hole ? switchover : undefined;
        if (switchover.finalCount > 0) {
          return withoutFinalDuty(migration) ?? pass('the final query came back from every handler');
        }
        return undefined;
      },
      assertion: (failure) => {
        if (!isNestedLock(failure)) return undefined;
        const none = withoutFinalDuty(migration);
        if (none?.verdict === 'not-applicable') return none;
        return judge(failure, none === undefined ? cutInFinal : undefined);
      },
      end: () => {
        if (migration.counts.final > 0 || migration.assertion !== undefined) return undefined;
        if (cutInFinal === undefined) return nothingJudged(migration);
        const nested = withoutFinalDuty(migration) === undefined ? cutInFinal.nestedLock : undefined;
        return nested === undefined ? endsInFinal(migration) : accuseNested(nested);
      },
    };
  },
});

/** bql_lock() asserts before it prints: only a QEMU without assertions comes to wait. */
function accuseNested({ waiting, taken }: NestedLock): Judgement {
  return violated({
    message: 'the migration thread waits inside the final query for the BQL that it holds',
    expected: 'no handler locks the BQL in the final query',
    actual: 'taken, not released, and asked for again: nobody goes on',
    evidence: [waiting, taken],
  });
}

function isNestedLock({ function: name, expression }: AssertionFailure): boolean {
  return name.startsWith('bql_lock') && expression.replaceAll(' ', '') === '!bql_locked()';
}

function judge({ function: name, expression, place }: AssertionFailure, switchover: Switchover | undefined): Judgement {
  const stop = switchover?.stop.place;
  const before = stop !== undefined && stop.input === place.input && place.line < stop.line;
  if (stop === undefined || before) {
    return undecidable('QEMU aborted in bql_lock(), but the log does not show that it was inside a final query', [
      'qemu_savevm_query_pending',
      'runstate_set',
      'migrate_set_state',
    ]);
  }
  return selfEvident({
    message: `QEMU aborted in ${name}() inside the final query: the BQL was held already`,
    expected: 'no handler locks the BQL in the final query',
    actual: `assertion failed: (${expression})`,
    evidence: [place],
  });
}
