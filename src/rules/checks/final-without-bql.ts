/**
 * qemu_savevm_query_pending_final() begins with g_assert(bql_locked()); its
 * handlers rely on it and do not lock themselves. Proven by the probe event, by
 * the mutex events of the query's thread, by the merged ones as far as their
 * chain holds, or by the assertion's own text. An iteration query is made
 * without the BQL: only the final one is judged.
 */
import type { AssertionFailure, BqlAtLine, Query, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, pass, selfEvident, undecidable, violated } from '../rule.ts';
import { endsInFinal, MUTEX_EVENT_NAMES, nothingJudged, withoutFinalDuty } from '../shared.ts';

const EXPECTED = 'the migration thread holds the BQL from before the VM stops until the devices are saved';
/** A log that lost two lines accuses nobody. */
const MISSING_LINES = 3;
const HOLDERS = {
  another: 'another thread holds the BQL at this line',
  free: 'nobody holds the BQL at this line',
  'not-migration-thread': 'the migration thread does not hold the BQL at this line',
};

const UNPROVEN = undecidable(
  'nothing shows who held the BQL at the final query: the mutex events end before they show who holds the BQL',
  MUTEX_EVENT_NAMES,
);

export const finalWithoutBql = defineRule({
  id: 'final-without-bql',
  severity: 'error',
  title: 'The final query runs without the BQL',
  demands: 'The thread that makes the final query holds the BQL (Big QEMU Lock) during it.',
  why: 'Without the lock other threads may change device state and memory while the last dirty state is collected: pages are lost on the destination.',
  needs: ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'],
  qemu: { function: 'qemu_savevm_query_pending_final', versions: '11.1 and the patch as posted' },
  limits:
    'A merged log without thread ids proves it only where the chain of hand-overs can be followed; -d tid -D LOG.%d always does.',
  begin: (migration) => {
    let cutInFinal = false;
    return {
      kinds: ['final'],
      query: (query) => (query.final === true ? (withoutFinalDuty(migration) ?? judgeQuery(query)) : undefined),
      switchover: (switchover) => {
        cutInFinal = switchover.endsInFinal && !switchover.hole;
        return judgeUnfinished(switchover);
      },
      assertion: judgeAssertion,
      end: () => {
        if (migration.counts.final > 0) return undefined;
        return cutInFinal && migration.assertion === undefined ? endsInFinal(migration) : nothingJudged(migration);
      },
    };
  },
});

/** Held at its line, it may have been let go around the sync, which is what the lock is there for. */
function judgeQuery(query: Query): Judgement {
  const atLine = judgeLine(query);
  const { bqlAtSync } = query;
  if (atLine.verdict === 'violated' || bqlAtSync === undefined) return atLine;
  return judgeSync(query, bqlAtSync) ?? atLine;
}

function judgeLine(query: Query): Judgement {
  const { holder, how, proof, wrongIfLost } = query.bql;
  if (holder === 'migration-thread') return pass(`the BQL was held at the final query: ${how}`);
  if (holder === 'not-shown') {
    return undecidable(`nothing shows who held the BQL at the final query: ${how}`, MUTEX_EVENT_NAMES);
  }
  if (wrongIfLost === undefined) {
    return violated({
      message: 'the final query began without the BQL held',
      expected: EXPECTED,
      actual: how,
      evidence: [proof[0] ?? query.at.place, query.at.place],
    });
  }
  if (wrongIfLost < MISSING_LINES) return UNPROVEN;
  return violated({
    message: `the final query ran without the BQL: ${how}`,
    expected: EXPECTED,
    actual: HOLDERS[holder],
    evidence: [query.at.place, ...proof],
  });
}

function judgeSync({ at, syncs }: Query, { holder, how, proof, wrongIfLost }: BqlAtLine): Judgement | undefined {
  if (holder === 'migration-thread' || holder === 'not-shown') return undefined;
  if (wrongIfLost !== undefined && wrongIfLost < MISSING_LINES) return UNPROVEN;
  const begins = syncs.find(({ start }) => start !== undefined)?.start?.place;
  return violated({
    message: `the final query synced the dirty bitmap without the BQL: ${how}`,
    expected: EXPECTED,
    actual: HOLDERS[holder],
    evidence: begins === undefined ? [at.place, ...proof] : [begins, ...proof, at.place],
  });
}

/** The process died inside the query, or its line is missing: the probe stands alone. */
function judgeUnfinished({ unfinishedQuery, finalCount, end }: Switchover): Judgement | undefined {
  const locked = unfinishedQuery?.locked;
  if (locked === undefined || locked.value || finalCount > 0) return undefined;
  const what = end === undefined ? 'never ended' : 'its line is missing';
  return violated({
    message: `the final query began without the BQL held and ${what}`,
    expected: EXPECTED,
    actual: 'qemu_savevm_query_pending_bql says locked=0, and no query line follows',
    evidence: [locked.at.place],
  });
}

function judgeAssertion({ function: name, expression, place }: AssertionFailure): Judgement | undefined {
  if (!name.includes('query_pending') || expression !== 'bql_locked()') return undefined;
  return selfEvident({
    message: `QEMU aborted in ${name}(): the BQL was not held`,
    expected: EXPECTED,
    actual: `assertion failed: (${expression})`,
    evidence: [place],
  });
}
