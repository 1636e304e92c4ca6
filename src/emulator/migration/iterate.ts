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
  return andThen(decide(attempt), (decided) =>
    decided.decision === 'iterate' ? andThen(iterateModules(attempt), () => ON) : leaveIteration(attempt, decided),
  );
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
      return decideOnEither(attempt, 'complete');
    case '10.2':
      return decideOnEither(attempt, 'postcopy');
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
  const { thresholdBytes } = attempt;
  return andThen(queryPending(attempt, 'estimate'), (answer) => {
    if (answer.total === 0 || answer.total < thresholdBytes) return decided('complete', answer);
    const goes = attempt.startPostcopy && answer.precopy <= thresholdBytes;
    return decided(goes ? 'postcopy' : 'iterate', answer);
  });
}

type First = 'complete' | 'postcopy';

/** 8.0 to 11.0: an exact query only below the threshold. Which of the two ends comes first changed in 10.2. */
function decideOnEither(attempt: Attempt, first: First): Steps<Decided> {
  const { thresholdBytes } = attempt;
  const decides = (answer: Answer): Steps<Decided> =>
    decided(decisionOfEither(attempt, first, thresholdBytes, answer), answer);
  return andThen(queryPending(attempt, 'estimate'), (estimate) =>
    estimate.total < thresholdBytes ? andThen(queryPending(attempt, 'exact'), decides) : decides(estimate),
  );
}

function decisionOfEither(
  attempt: Attempt,
  first: First,
  thresholdBytes: number,
  { total, precopy }: Answer,
): Decision {
  if (!canSwitchover(attempt)) return 'iterate';
  const isAtThreshold = first === 'postcopy' && total <= thresholdBytes;
  const completes = total === 0 || total < thresholdBytes || isAtThreshold;
  const goes = attempt.startPostcopy && precopy <= thresholdBytes;
  if (goes && (first === 'postcopy' || !completes)) return 'postcopy';
  return completes ? 'complete' : 'iterate';
}

function decideOnExact(attempt: Attempt): Steps<Decided> {
  const { core, thresholdBytes } = attempt;
  const goes = ({ precopy, stopcopy }: Answer): boolean =>
    attempt.startPostcopy && precopy + stopcopy <= thresholdBytes;
  const decides = (answer: Answer): Steps<Decided> => {
    if (!canSwitchover(attempt)) return decided('iterate', answer);
    if (goes(answer)) return decided('postcopy', answer);
    return decided(answer.total <= thresholdBytes ? 'complete' : 'iterate', answer);
  };
  return andThen(queryPending(attempt, 'estimate'), (estimate) => {
    const mayEnd = estimate.total <= thresholdBytes || estimate.precopy === 0 || goes(estimate);
    if (!mayEnd) return decided('iterate', estimate);
    const trusts = core.faults.reaches('decide-on-estimate');
    return trusts ? decides(estimate) : andThen(queryPending(attempt, 'exact'), decides);
  });
}

function canSwitchover(attempt: Attempt): boolean {
  if (!attempt.capabilities['switchover-ack'] || !attempt.vm.isRunning) return true;
  return attempt.core.version.band === '11.1' ? attempt.pendingAcks === 0 : attempt.hasLegacyAck;
}
