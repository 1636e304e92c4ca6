/** qemu_savevm_query_pending() prints the sum of its parts; so do the events before it. */
import { addUint64, type Uint64 } from '../../base/uint64.ts';
import type { Query } from '../../replay/run.ts';
import { defineRule, notApplicable, pass, selfEvident, undecidable } from '../rule.ts';
import { describeQuery, isSnapshot, queriesShown, withoutQueryLine } from '../shared.ts';

const SUM = pass('every total is the sum of its parts');

export const totalNotSum = defineRule({
  id: 'total-not-sum',
  severity: 'error',
  title: 'The total of a query is not the sum of its parts',
  demands: 'total is precopy + stopcopy + postcopy (before 11.1: pre + compat + post), modulo 2^64.',
  why: 'The total decides when the guest is stopped: a wrong one stops it with too much left to send, or never.',
  needs: ['qemu_savevm_query_pending'],
  qemu: { function: 'qemu_savevm_query_pending', versions: 'all' },
  limits: 'A total that has only the first digits of the sum, at the end of its line, may have been cut off.',
  begin: (migration) => ({
    query: (query) => {
      if (isPlainSum(query)) return SUM;
      const sum = addUint64(query.precopyBytes, query.stopcopyBytes, query.postcopyBytes);
      if (query.totalBytes === sum) return SUM;
      if (mayBeCut(query, sum)) {
        return undecidable(`line ${query.at.place.line} may break off within its total, ${query.totalBytes}`, [
          'qemu_savevm_query_pending',
        ]);
      }
      return selfEvident({
        message: `the ${describeQuery(query)} is not the sum of its parts, ${sum}`,
        expected: `total=${sum}`,
        actual: `total=${query.totalBytes}`,
        evidence: [query.at.place],
      });
    },
    end: () => {
      if (queriesShown(migration)) return undefined;
      if (migration.outcome !== 'completed' || isSnapshot(migration)) {
        return notApplicable('no query was made');
      }
      return withoutQueryLine();
    },
  }),
});

/** As nearly always: nothing in it needs more digits than a `number` holds exactly. */
function isPlainSum({ precopyBytes, stopcopyBytes, postcopyBytes, totalBytes }: Query): boolean {
  if (typeof precopyBytes === 'bigint' || typeof stopcopyBytes === 'bigint') return false;
  return typeof postcopyBytes === 'number' && precopyBytes + stopcopyBytes + postcopyBytes === totalBytes;
}

/** Nothing stands behind the total, and its digits are the sum's first ones: the line may end in the middle of them. */
function mayBeCut({ totalBytes, final, ackCollected }: Query, sum: Uint64): boolean {
  if (final === undefined || ackCollected !== undefined) return false;
  const digits = String(totalBytes);
  return digits.length < String(sum).length && String(sum).startsWith(digits);
}
