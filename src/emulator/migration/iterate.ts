/** migration_iteration_run(): query, then another round, postcopy, or the end. Each version decides by a rule of its own. */
import { andThen, Done, type Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';
import { type Answer, queryPending } from './pending-query.ts';
import { completePostcopy, leavePostcopyDevice, startPostcopy } from './postcopy.ts';
import { completePrecopy } from './precopy-completion.ts';
import { iterateModules } from './sections.ts';

/** `again`: postcopy has begun, and the loop looks at once. */
type Round = 'on' | 'again' | 'done';

type Decision = 'iterate' | 'postcopy' | 'complete';

interface Decided {
  readonly decision: Decision;
  readonly answer: Answer;
}

const ON: Steps<Round> = new Done('on');

export function iterationRun(attempt: Attempt): Steps<Round> {
  return andThen(decide(attempt), attempt, act);
}

function act(attempt: Attempt, decided: Decided): Steps<Round> {
  if (decided.decision !== 'iterate') return leaveIteration(attempt, decided);
  return andThen(iterateModules(attempt), attempt, goOn);
}

function goOn(): Steps<Round> {
  return ON;
}

function* leaveIteration(attempt: Attempt, { decision, answer }: Decided): Steps<Round> {
  if (decision === 'postcopy') {
    yield* startPostcopy(attempt);
    return 'again';
  }
  attempt.core.tracer.event('migration_thread_low_pending', { pending: answer.total });
  yield* attempt.isPostcopyBegun ? completePostcopy(attempt) : completePrecopy(attempt);
  return 'done';
}

function decide(attempt: Attempt): Steps<Decided> {
  const { version } = attempt.core;
  if (attempt.isPostcopyBegun) return decideInPostcopy(attempt);
  switch (version.decision) {
    case '7.2':
      return decideOnOneQuery(attempt);
    case '8.0':
    case '10.2':
      return decideOnEither(attempt);
    case '11.1':
      return decideOnExact(attempt);
  }
}

const decided = (decision: Decision, answer: Answer): Steps<Decided> => new Done({ decision, answer });

function* decideInPostcopy(attempt: Attempt): Steps<Decided> {
  const { version } = attempt.core;
  const estimate = yield* queryPending(attempt, 'estimate');
  if (version.postcopyEndsAtZero) {
    yield* leavePostcopyDevice(attempt, estimate.total === 0);
    return { decision: estimate.total === 0 ? 'complete' : 'iterate', answer: estimate };
  }
  const isLow = (total: number): boolean => total === 0 || total < attempt.thresholdBytes;
  if (!isLow(estimate.total)) return { decision: 'iterate', answer: estimate };
  if (version.decision === '7.2' || estimate.total >= attempt.thresholdBytes) {
    return { decision: 'complete', answer: estimate };
  }
  const exact = yield* queryPending(attempt, 'exact');
  return { decision: isLow(exact.total) ? 'complete' : 'iterate', answer: exact };
}

function decideOnOneQuery(attempt: Attempt): Steps<Decided> {
  return andThen(queryPending(attempt, 'estimate'), attempt, decideAsOld);
}

function decideAsOld(attempt: Attempt, answer: Answer): Steps<Decided> {
  const { thresholdBytes } = attempt;
  if (answer.total === 0 || answer.total < thresholdBytes) return decided('complete', answer);
  const goes = attempt.startPostcopy && answer.precopy <= thresholdBytes;
  return decided(goes ? 'postcopy' : 'iterate', answer);
}

/** 8.0 to 11.0: an exact query only below the threshold. */
function decideOnEither(attempt: Attempt): Steps<Decided> {
  return andThen(queryPending(attempt, 'estimate'), attempt, decideOnEstimate);
}

function decideOnEstimate(attempt: Attempt, estimate: Answer): Steps<Decided> {
  if (estimate.total >= attempt.thresholdBytes) return decideOnLast(attempt, estimate);
  return andThen(queryPending(attempt, 'exact'), attempt, decideOnLast);
}

/** Which of the two ends comes first changed in 10.2. */
function decideOnLast(attempt: Attempt, answer: Answer): Steps<Decided> {
  const { thresholdBytes } = attempt;
  if (!canSwitchover(attempt)) return decided('iterate', answer);
  const isNew = attempt.core.version.decision === '10.2';
  const isAtThreshold = isNew && answer.total <= thresholdBytes;
  const completes = answer.total === 0 || answer.total < thresholdBytes || isAtThreshold;
  const goes = attempt.startPostcopy && answer.precopy <= thresholdBytes;
  if (goes && (isNew || !completes)) return decided('postcopy', answer);
  return decided(completes ? 'complete' : 'iterate', answer);
}

function decideOnExact(attempt: Attempt): Steps<Decided> {
  return andThen(queryPending(attempt, 'estimate'), attempt, decideWhenLow);
}

function decideWhenLow(attempt: Attempt, estimate: Answer): Steps<Decided> {
  const mayEnd =
    estimate.total <= attempt.thresholdBytes || estimate.precopy === 0 || goesToPostcopy(attempt, estimate);
  if (!mayEnd) return decided('iterate', estimate);
  const trusts = attempt.core.faults.at('decision') === 'estimate';
  return trusts ? decideOnTotal(attempt, estimate) : andThen(queryPending(attempt, 'exact'), attempt, decideOnTotal);
}

function decideOnTotal(attempt: Attempt, answer: Answer): Steps<Decided> {
  if (!canSwitchover(attempt)) return decided('iterate', answer);
  if (goesToPostcopy(attempt, answer)) return decided('postcopy', answer);
  return decided(answer.total <= attempt.thresholdBytes ? 'complete' : 'iterate', answer);
}

function goesToPostcopy({ startPostcopy, thresholdBytes }: Attempt, { precopy, stopcopy }: Answer): boolean {
  return startPostcopy && precopy + stopcopy <= thresholdBytes;
}

function canSwitchover(attempt: Attempt): boolean {
  if (!attempt.capabilities['switchover-ack'] || !attempt.vm.isRunning) return true;
  return attempt.core.version.band === '11.1' ? attempt.pendingAcks === 0 : attempt.hasLegacyAck;
}
