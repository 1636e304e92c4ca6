/** The pending query: every module reports, the total is stored and printed. */
import { ACK_COLLECTED, ACK_TOTAL } from '../../catalog/vocabulary.ts';
import { DONE, Done, type Steps } from '../clock/scheduler.ts';
import type { Pending, QueryKind } from '../modules/module.ts';
import type { Attempt } from './attempt.ts';

export interface Answer extends Readonly<Pending> {
  readonly total: number;
}

export function queryPending(attempt: Attempt, kind: QueryKind): Steps<Answer> {
  const { core } = attempt;
  if (core.version.hasFinal) core.tracer.event('qemu_savevm_query_pending_bql', { locked: core.holdsBql ? 1 : 0 });
  const sum: Pending = { precopy: 0, stopcopy: 0, postcopy: 0, acks: 0 };
  const asked = askModules(attempt, kind, sum, 0);
  return asked instanceof Done ? new Done(conclude(attempt, kind, sum)) : concludeLater(attempt, kind, sum, asked);
}

function* concludeLater(attempt: Attempt, kind: QueryKind, sum: Pending, asked: Steps): Steps<Answer> {
  yield* asked;
  return conclude(attempt, kind, sum);
}

function askModules(attempt: Attempt, kind: QueryKind, sum: Pending, from: number): Steps {
  for (let index = from; index < attempt.modules.length; index += 1) {
    const module = attempt.modules[index];
    if (module === undefined || !module.isActive || isLeftOut(attempt, module.name, kind)) continue;
    attempt.core.spend(500);
    const asked = module.pending(kind, sum);
    if (!(asked instanceof Done)) return askRest(attempt, kind, sum, asked, index + 1);
  }
  return DONE;
}

function* askRest(attempt: Attempt, kind: QueryKind, sum: Pending, asked: Steps, from: number): Steps {
  yield* asked;
  yield* askModules(attempt, kind, sum, from);
}

function conclude(attempt: Attempt, kind: QueryKind, sum: Pending): Answer {
  const { precopy, stopcopy, postcopy, acks } = sum;
  const answer = { precopy, stopcopy, postcopy, acks, total: totalOf(attempt, sum) };
  store(attempt, kind, answer.total);
  attempt.pendingAcks += acks;
  print(attempt, kind, answer);
  return answer;
}

/** The fault leaves out the modules besides RAM; where there are none, RAM itself reports nothing. */
function isLeftOut(attempt: Attempt, name: string, kind: QueryKind): boolean {
  return kind === 'final' && name !== 'ram' && attempt.core.faults.at('finalModules') !== 'all';
}

function totalOf({ core, ram }: Attempt, { precopy, stopcopy, postcopy }: Pending): number {
  const total = precopy + stopcopy + postcopy;
  return core.faults.at('total') === 'sum' ? total : total + ram.dirtyBytes;
}

/** dirty_bytes_total, which query-migrate shows. */
function store(attempt: Attempt, kind: QueryKind, total: number): void {
  const { core } = attempt;
  if (kind === 'exact') attempt.exactTotal = total;
  if (kind === 'final' && (!core.faults.at('finalStores') || core.asPosted)) return;
  const old = attempt.dirtyBytesTotal;
  attempt.dirtyBytesTotal = total;
  if (core.version.hasFinal) core.tracer.event('mig_dirty_bytes_total_update', { old, new: total });
}

function print(attempt: Attempt, kind: QueryKind, { precopy, stopcopy, postcopy, total, acks }: Answer): void {
  const { core, ram, thresholdBytes } = attempt;
  const { tracer, version } = core;
  switch (version.query) {
    case 'migrate_pending': {
      const compat = ram.isPostcopiable ? ram.dirtyBytes : 0;
      const post = postcopy - compat;
      tracer.event('migrate_pending', { size: total, max: thresholdBytes, pre: precopy, compat, post });
      return;
    }
    case 'migrate_pending_estimate': {
      const event = kind === 'estimate' ? 'migrate_pending_estimate' : 'migrate_pending_exact';
      tracer.event(event, { size: total, pre: precopy + stopcopy, post: postcopy });
      return;
    }
    case 'qemu_savevm_query_pending': {
      const exact = isExact(attempt, kind) ? 1 : 0;
      const final = kind === 'final' ? 1 : 0;
      if (version.band !== '11.1') {
        tracer.event('qemu_savevm_query_pending', { exact, final, precopy, stopcopy, postcopy, total });
        return;
      }
      tracer.event('qemu_savevm_query_pending', {
        exact,
        final,
        precopy,
        stopcopy,
        postcopy,
        total,
        [ACK_COLLECTED]: acks,
        [ACK_TOTAL]: attempt.pendingAcks,
      });
    }
  }
}

/** The fault's final query asks the handlers for an estimate, and says so. */
function isExact({ core }: Attempt, kind: QueryKind): boolean {
  return kind === 'exact' || (kind === 'final' && core.faults.at('finalKind') === 'exact');
}
