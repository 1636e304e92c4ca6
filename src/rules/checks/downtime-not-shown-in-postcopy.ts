/**
 * After the switchover of a postcopy migration the downtime is known, and
 * query-migrate says it. Before the fix it went on showing an expected downtime
 * while postcopy ran, and after it a downtime without a start.
 */
import type { StatusAnswer } from '../../replay/answers.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';

export const downtimeNotShownInPostcopy = defineRule({
  id: 'downtime-not-shown-in-postcopy',
  severity: 'info',
  title: 'query-migrate does not show the downtime while postcopy runs',
  demands: 'From the switchover on query-migrate answers with the downtime, not with an expected one.',
  why: 'Whoever watches the migration takes a prediction for what the guest has already suffered.',
  needs: ['migrate_set_state'],
  qemu: { function: 'populate_time_info', versions: 'all' },
  limits: 'Needs answers of query-migrate (--qmp) taken while postcopy ran.',
  bugs: [
    { commit: '62f5da7dd1', what: 'the start of the downtime was not set in postcopy' },
    { commit: 'db18dee7d7', what: 'an expected downtime was shown after the switchover' },
  ],
  begin: (migration) => ({
    end: () => {
      if (migration.kind !== 'postcopy') return notApplicable('there was no postcopy');
      const answers = migration.answers.filter(({ status }) => isPostcopy(status));
      if (answers.length === 0) return notApplicable('no answer of query-migrate was taken in postcopy');
      return judge(answers, postcopySince(migration.states));
    },
  }),
});

function isPostcopy(status: string): boolean {
  return status === 'postcopy-device' || status === 'postcopy-active';
}

/** The state and the downtime are set one after the other: an answer right behind the state says nothing. */
const SETTLED_NS = 1e9;

function postcopySince(
  states: readonly { readonly state: string; readonly at: { readonly ns: number | undefined } }[],
) {
  return states.find(({ state }) => isPostcopy(state))?.at.ns;
}

function judge(answers: readonly StatusAnswer[], sinceNs: number | undefined): Judgement {
  if (sinceNs === undefined) {
    return undecidable('without time stamps the answers cannot be put beside the states', ['migrate_set_state']);
  }
  const wrong = answers.find(({ fromNs, showsDowntime }) => !showsDowntime && fromNs > sinceNs + SETTLED_NS);
  if (wrong !== undefined) return notShown(wrong);
  return answers.some(({ showsDowntime }) => showsDowntime)
    ? pass('query-migrate shows the downtime in postcopy')
    : notApplicable('every answer in postcopy was taken right behind the switchover');
}

function notShown({ status, place }: StatusAnswer): Judgement {
  return violated({
    message: `query-migrate in state ${status} shows no downtime`,
    expected: 'the field downtime from the switchover on',
    actual: 'no field downtime',
    evidence: [place],
  });
}
