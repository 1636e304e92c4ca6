/** qemu_savevm_query_pending() prints the sum of its parts; so do the events before it. */
import { addUint64 } from '../../base/uint64.ts';
import { defineRule, notApplicable, pass, violated } from '../rule.ts';
import { describeQuery, isSnapshot, queriesShown, withoutQueryLine } from '../shared.ts';

export const totalNotSum = defineRule({
  id: 'total-not-sum',
  severity: 'error',
  title: 'The total of a query is not the sum of its parts',
  demands: 'total is precopy + stopcopy + postcopy (before 11.1: pre + compat + post), modulo 2^64.',
  why: 'The total decides when the guest is stopped: a wrong one stops it with too much left to send, or never.',
  needs: ['qemu_savevm_query_pending'],
  qemu: { function: 'qemu_savevm_query_pending', versions: 'all' },
  limits: 'None: the query line itself says it.',
  begin: (migration) => ({
    query: (query) => {
      const sum = addUint64(query.precopyBytes, query.stopcopyBytes, query.postcopyBytes);
      if (query.totalBytes === sum) return pass('every total is the sum of its parts');
      return violated({
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
