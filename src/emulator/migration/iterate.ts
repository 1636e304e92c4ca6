/** migration_iteration_run(): query, then another round, postcopy, or the end. Each version decides by a rule of its own. */
import type { Steps } from '../clock/scheduler.ts';
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

export function* iterationRun(attempt: Attempt): Steps<Round> {
  const { decision, answer } = yield* decide(attempt);
  switch (decision) {
    case 'iterate':
      yield* iterateModules(attempt);
      return 'on';
    case 'postcopy':
      yield* startPostcopy(attempt);
      return 'again';
    case 'complete':
      attempt.core.tracer.event('migration_thread_low_pending', { pending: answer.total });
      yield* attempt.isPostcopyBegun ? completePostcopy(attempt) : completePrecopy(attempt);
      return 'done';
  }
}

function* decide(attempt: Attempt): Steps<Decided> {
  const { version } = attempt.core;
  if (attempt.isPostcopyBegun) return yield* decideInPostcopy(attempt);
  switch (version.decision) {
    case '7.2':
      return yield* decideOnOneQuery(attempt);
    case '8.0':
      return yield* decideOnEither(attempt, 'complete');
    case '10.2':
      return yield* decideOnEither(attempt, 'postcopy');
    case '11.1':
      return yield* decideOnExact(attempt);
  }
}

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

function* decideOnOneQuery(attempt: Attempt): Steps<Decided> {
  const { thresholdBytes } = attempt;
  const answer = yield* queryPending(attempt, 'estimate');
  if (answer.total === 0 || answer.total < thresholdBytes) return { decision: 'complete', answer };
  const goes = attempt.startPostcopy && answer.precopy <= thresholdBytes;
  return { decision: goes ? 'postcopy' : 'iterate', answer };
}

/** 8.0 to 11.0: an exact query only below the threshold. Which of the two ends comes first changed in 10.2. */
function* decideOnEither(attempt: Attempt, first: 'complete' | 'postcopy'): Steps<Decided> {
  const { thresholdBytes } = attempt;
  const estimate = yield* queryPending(attempt, 'estimate');
  const answer = estimate.total < thresholdBytes ? yield* queryPending(attempt, 'exact') : estimate;
  if (!canSwitchover(attempt)) return { decision: 'iterate', answer };
  const isAtThreshold = first === 'postcopy' && answer.total <= thresholdBytes;
  const completes = answer.total === 0 || answer.total < thresholdBytes || isAtThreshold;
  const goes = attempt.startPostcopy && answer.precopy <= thresholdBytes;
  if (goes && (first === 'postcopy' || !completes)) return { decision: 'postcopy', answer };
  return { decision: completes ? 'complete' : 'iterate', answer };
}

function* decideOnExact(attempt: Attempt): Steps<Decided> {
  const { core, thresholdBytes } = attempt;
  const estimate = yield* queryPending(attempt, 'estimate');
  const goes = ({ precopy, stopcopy }: Answer): boolean =>
    attempt.startPostcopy && precopy + stopcopy <= thresholdBytes;
  const mayEnd = estimate.total <= thresholdBytes || estimate.precopy === 0 || goes(estimate);
  if (!mayEnd) return { decision: 'iterate', answer: estimate };
  const rests = core.faults.at('decision');
  const answer = rests === 'estimate' ? estimate : yield* queryPending(attempt, 'exact');
  if (!canSwitchover(attempt)) return { decision: 'iterate', answer };
  if (goes(answer)) return { decision: 'postcopy', answer };
  return { decision: answer.total <= thresholdBytes ? 'complete' : 'iterate', answer };
}

function canSwitchover(attempt: Attempt): boolean {
  if (!attempt.capabilities['switchover-ack'] || !attempt.vm.isRunning) return true;
  return attempt.core.version.band === '11.1' ? attempt.pendingAcks === 0 : attempt.hasLegacyAck;
}
