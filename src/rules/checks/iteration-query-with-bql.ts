/**
 * The queries of the migration loop are made without the BQL: a module that
 * needs it takes it for itself and gives it back before the line is printed.
 * Without thread ids one query held proves little, as two lost mutex lines look
 * the same: a fault of the code shows in every round.
 */
import type { BqlAtLine, Query } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { describeQuery, isSnapshot, MUTEX_EVENT_NAMES, queriesShown, withoutQueryLine } from '../shared.ts';

/** Mutex lines that must be missing for it to be wrong: at one query, and at each of two in holds of their own. */
const PROVEN = 3;
const PROVEN_TWICE = 2;

export const iterationQueryWithBql = defineRule({
  id: 'iteration-query-with-bql',
  severity: 'warning',
  title: 'Iteration queries run with the BQL held',
  demands: 'The migration thread does not hold the BQL at the line of an estimate or an exact query of its loop.',
  why: 'While every module is asked, the main loop and the exits of the guest wait for the lock; and a handler that takes it for itself aborts QEMU.',
  needs: ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'],
  qemu: {
    function: 'qemu_savevm_query_pending_iter; 8.0 to 11.0 migration_iteration_run',
    versions: '8.0 and later',
  },
  limits:
    'Without thread ids a single query with the lock held is undecidable; queries while the VM is stopped are not judged.',
  begin: (migration) => {
    let judged = 0;
    let unshown = 0;
    let firstUnshown: BqlAtLine | undefined;
    let first: Query | undefined;
    let before: Query | undefined;
    return {
      kinds: ['estimate', 'exact'],
      query: (query) => {
        if (!isOfLoop(query)) return undefined;
        judged += 1;
        const { holder, wrongIfLost } = query.bql;
        if (holder === 'not-shown') {
          unshown += 1;
          firstUnshown ??= query.bql;
        }
        if (holder !== 'migration-thread') return undefined;
        first ??= query;
        // The probe asks the thread itself.
        if (wrongIfLost === undefined || wrongIfLost >= PROVEN) return accuse(query, undefined);
        if (wrongIfLost < PROVEN_TWICE || query.hole) return undefined;
        before ??= query;
        return isOtherHold(before, query) ? accuse(query, before) : undefined;
      },
      end: () => {
        if (migration.band === '7.2') return notApplicable('QEMU 7.2 has one kind of query, made in a loop of its own');
        if (judged === 0) return noneJudged(isSnapshot(migration), queriesShown(migration), migration.outcome);
        if (firstUnshown !== undefined) {
          return undecidable(
            `nothing shows who held the BQL at ${unshown} of ${judged} iteration queries: ${firstUnshown.how}`,
            MUTEX_EVENT_NAMES,
          );
        }
        if (first === undefined) return pass(`the BQL was not held at any of ${judged} iteration queries`);
        return undecidable(
          `the BQL seems held at the ${describeQuery(first)} at line ${first.at.place.line}, but lost lines explain it, too`,
          MUTEX_EVENT_NAMES,
        );
      },
    };
  },
});

/** Lines lost around one hold mislead at every query in it. */
function isOtherHold(before: Query, query: Query): boolean {
  return before.bql.proof[0]?.line !== query.bql.proof[0]?.line;
}

function isOfLoop({ kind, vmStopped, inPostcopy, switchover }: Query): boolean {
  if (kind !== 'estimate' && kind !== 'exact') return false;
  return switchover === undefined && (!vmStopped || inPostcopy);
}

function noneJudged(snapshot: boolean, shown: boolean, outcome: string): Judgement {
  if (shown || snapshot || outcome !== 'completed') return notApplicable('no query of the loop was made');
  return withoutQueryLine();
}

function accuse(query: Query, before: Query | undefined): Judgement {
  const { how, proof } = query.bql;
  const again = before === undefined ? '' : ', as at a query before it';
  return violated({
    message: `the migration thread held the BQL at the ${describeQuery(query)}${again}`,
    expected: 'the BQL is not held at the line of an iteration query',
    actual: how,
    evidence: [query.at.place, ...proof, ...(before === undefined ? [] : [before.at.place])],
  });
}
