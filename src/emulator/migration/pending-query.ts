/** The pending query: every module reports, the total is stored and printed. */
import { ACK_COLLECTED, ACK_TOTAL } from '../../catalog/vocabulary.ts';
import type { Steps } from '../clock/scheduler.ts';
import type { Pending, QueryKind } from '../modules/module.ts';
import type { Attempt } from './attempt.ts';

export interface Answer extends Readonly<Pending> {
  readonly total: number;
}

const ZERO = { precopy: 0, stopcopy: 0, postcopy: 0, acks: 0 } as const;

export function* queryPending(attempt: Attempt, kind: QueryKind): Steps<Answer> {
  const { core } = attempt;
  if (core.version.hasFinal) core.tracer.event('qemu_savevm_query_pending_bql', { locked: core.holdsBql ? 1 : 0 });
  const sum: Pending = { ...ZERO };
  for (const module of attempt.modules) {
    if (!module.isActive || isLeftOut(attempt, module.name, kind)) continue;
    core.spend(500);
    yield* module.pending(kind, sum);
  }
  const answer = { ...sum, total: totalOf(attempt, sum) };
  store(attempt, kind, answer.total);
  attempt.pendingAcks += sum.acks;
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
      const kinds = { exact: isExact(attempt, kind) ? 1 : 0, final: kind === 'final' ? 1 : 0 };
      const counts = { [ACK_COLLECTED]: acks, [ACK_TOTAL]: attempt.pendingAcks };
      const sums = { precopy, stopcopy, postcopy, total };
      tracer.event('qemu_savevm_query_pending', {
        ...kinds,
        ...sums,
        ...(version.band === '11.1' ? counts : {}),
      });
    }
  }
}

/** The fault's final query asks the handlers for an estimate, and says so. */
function isExact({ core }: Attempt, kind: QueryKind): boolean {
  return kind === 'exact' || (kind === 'final' && core.faults.at('finalKind') === 'exact');
}
