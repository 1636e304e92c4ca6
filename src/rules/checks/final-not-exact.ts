/** qemu_savevm_query_pending_final() always asks exactly. */
import { defineRule, pass, selfEvident } from '../rule.ts';
import { nothingJudged, withoutFinalDuty } from '../shared.ts';

export const finalNotExact = defineRule({
  id: 'final-not-exact',
  severity: 'error',
  title: 'The final query is only an estimate',
  demands: 'The final pending query is an exact one.',
  why: 'An estimate does not sync the dirty bitmaps: what the guest dirtied last is not sent.',
  needs: ['qemu_savevm_query_pending'],
  qemu: { function: 'qemu_savevm_query_pending_final', versions: '11.1 and the patch as posted' },
  limits: 'None: the query line itself says it.',
  begin: (migration) => ({
    kinds: ['final'],
    query: (query) => {
      if (query.final !== true) return undefined;
      const none = withoutFinalDuty(migration);
      if (none !== undefined) return none;
      if (query.exact !== false) return pass('the final query was exact');
      return selfEvident({
        message: 'the final query was made with exact=0',
        expected: 'exact=1, final=1',
        actual: 'exact=0, final=1',
        evidence: [query.at.place],
      });
    },
    end: () => (migration.counts.final > 0 ? undefined : nothingJudged(migration)),
  }),
});
