/** migration_iteration_run(): query, then another round, postcopy, or the end. Each version decides by a rule of its own. */
import { andThen, Done, type Steps } from '../clock/scheduler.ts';
import type { Answer } from '../modules/module.ts';
import type { Attempt } from './attempt.ts';
import { queryPending } from './pending-query.ts';
import { completePostcopy, leavePostcopyDevice, startPostcopy } from './postcopy.ts';
import { completePrecopy } from './precopy-completion.ts';
import { iterateModules } from './sections.ts';

/** `again`: postcopy has begun, and the loop looks at once. */
type Round = 'on' | 'again' | 'done';

type Decision = 'iterate' | 'postcopy' | 'complete';

const ON: Steps<Round> = new Done('on');

export function iterationRun(attempt: Attempt): Steps<Round> {
  return andThen(decide(attempt), attempt, act);
}

function act(attempt: Attempt, decision: Decision): Steps<Round> {
  if (decision !== 'iterate') return leaveIteration(attempt, decision);
  return andThen(iterateModules(attempt), attempt, goOn);
}

function goOn(): Steps<Round> {
  return ON;
}

function* leaveIteration(attempt: Attempt, decision: Exclude<Decision, 'iterate'>): Steps<Round> {
  if (decision === 'postcopy') {
    yield* startPostcopy(attempt);
    return 'again';
  }
  attempt.core.tracer.event('migration_thread_low_pending', { pending: attempt.answer.total });
  yield* attempt.isPostcopyBegun ? completePostcopy(attempt) : completePrecopy(attempt);
  return 'done';
}

function decide(attempt: Attempt): Steps<Decision> {
  const { version } = attempt.core;
  if (attempt.isPostcopyBegun) return decideInPostcopy(attempt);
  switch (version.decision) {
    case '11.1':
      return decideOnExact(attempt);
    case '8.0':
    case '10.2':
      return decideOnEither(attempt);
    case '7.2':
      return decideOnOneQuery(attempt);
  }
}

const ITERATE: Steps<Decision> = new Done('iterate');
const POSTCOPY: Steps<Decision> = new Done('postcopy');
const COMPLETE: Steps<Decision> = new Done('complete');

function* decideInPostcopy(attempt: Attempt): Steps<Decision> {
  const { version } = attempt.core;
  const estimate = yield* queryPending(attempt, 'estimate');
  if (version.postcopyEndsAtZero) {
    yield* leavePostcopyDevice(attempt, estimate.total === 0);
    return estimate.total === 0 ? 'complete' : 'iterate';
  }
  const isLow = (total: number): boolean => total === 0 || total < attempt.thresholdBytes;
  if (!isLow(estimate.total)) return 'iterate';
  if (version.decision === '7.2' || estimate.total >= attempt.thresholdBytes) {
    return 'complete';
  }
  const exact = yield* queryPending(attempt, 'exact');
  return isLow(exact.total) ? 'complete' : 'iterate';
}

function decideOnOneQuery(attempt: Attempt): Steps<Decision> {
  return andThen(queryPending(attempt, 'estimate'), attempt, decideAsOld);
}

function decideAsOld(attempt: Attempt, answer: Answer): Steps<Decision> {
  const { thresholdBytes } = attempt;
  if (answer.total === 0 || answer.total < thresholdBytes) return COMPLETE;
  const goes = attempt.startPostcopy && answer.precopy <= thresholdBytes;
  return goes ? POSTCOPY : ITERATE;
}

/** 8.0 to 11.0: an exact query only below the threshold. */
function decideOnEither(attempt: Attempt): Steps<Decision> {
  return andThen(queryPending(attempt, 'estimate'), attempt, decideOnEstimate);
}

function decideOnEstimate(attempt: Attempt, estimate: Answer): Steps<Decision> {
  if (estimate.total >= attempt.thresholdBytes) return decideOnLast(attempt, estimate);
  return andThen(queryPending(attempt, 'exact'), attempt, decideOnLast);
}

/** Which of the two ends comes first changed in 10.2. */
function decideOnLast(attempt: Attempt, answer: Answer): Steps<Decision> {
  const { thresholdBytes } = attempt;
  if (!canSwitchover(attempt)) return ITERATE;
  const isNew = attempt.core.version.decision === '10.2';
  const isAtThreshold = isNew && answer.total <= thresholdBytes;
  const completes = answer.total === 0 || answer.total < thresholdBytes || isAtThreshold;
  const goes = attempt.startPostcopy && answer.precopy <= thresholdBytes;
  if (goes && (isNew || !completes)) return POSTCOPY;
  return completes ? COMPLETE : ITERATE;
}

function decideOnExact(attempt: Attempt): Steps<Decision> {
  return andThen(queryPending(attempt, 'estimate'), attempt, decideWhenLow);
}

function decideWhenLow(attempt: Attempt, estimate: Answer): Steps<Decision> {
  const mayEnd =
    estimate.total <= attempt.thresholdBytes || estimate.precopy === 0 || goesToPostcopy(attempt, estimate);
  if (!mayEnd) return ITERATE;
  const trusts = attempt.core.faults.at.decision === 'estimate';
  return trusts ? decideOnTotal(attempt, estimate) : andThen(queryPending(attempt, 'exact'), attempt, decideOnTotal);
}

function decideOnTotal(attempt: Attempt, answer: Answer): Steps<Decision> {
  if (!canSwitchover(attempt)) return ITERATE;
  if (goesToPostcopy(attempt, answer)) return POSTCOPY;
  return answer.total <= attempt.thresholdBytes ? COMPLETE : ITERATE;
}

function goesToPostcopy({ startPostcopy, thresholdBytes }: Attempt, { precopy, stopcopy }: Answer): boolean {
  return startPostcopy && precopy + stopcopy <= thresholdBytes;
}

function canSwitchover(attempt: Attempt): boolean {
  if (!attempt.capabilities['switchover-ack'] || !attempt.vm.isRunning) return true;
  return attempt.core.version.band === '11.1' ? attempt.pendingAcks === 0 : attempt.hasLegacyAck;
}
