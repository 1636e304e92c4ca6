/** The pending query: every module reports, the total is stored and printed. */
import { DONE, type Steps } from '../clock/scheduler.ts';
import type { Answer, QueryKind } from '../modules/module.ts';
import type { Attempt } from './attempt.ts';

/** A query takes that long, besides what its modules wait for. */
const QUERY_NS = 2_400;

/** The answer holds until the next query. */
export function queryPending(attempt: Attempt, kind: QueryKind): Steps<Answer> {
  const { core, answer } = attempt;
  if (attempt.printsProbes) core.points.qemu_savevm_query_pending_bql.print({ locked: core.holdsBql ? 1 : 0 });
  answer.precopy = 0;
  answer.stopcopy = 0;
  answer.postcopy = 0;
  answer.acks = 0;
  const asked = askModules(attempt, kind, 0);
  if (asked !== DONE) return concludeLater(attempt, kind, asked);
  conclude(attempt, kind);
  return attempt.answered;
}

function* concludeLater(attempt: Attempt, kind: QueryKind, asked: Steps): Steps<Answer> {
  yield* asked;
  conclude(attempt, kind);
  return attempt.answer;
}

function askModules(attempt: Attempt, kind: QueryKind, from: number): Steps {
  const { activeModules: modules, answer } = attempt;
  for (let index = from; index < modules.length; index += 1) {
    const module = modules[index];
    if (module === undefined || (kind === 'final' && isLeftOut(attempt, module.name))) continue;
    const asked = module.pending(kind, answer);
    if (asked !== DONE) return askRest(attempt, kind, asked, index + 1);
  }
  return DONE;
}

function* askRest(attempt: Attempt, kind: QueryKind, asked: Steps, from: number): Steps {
  yield* asked;
  yield* askModules(attempt, kind, from);
}

function conclude(attempt: Attempt, kind: QueryKind): void {
  const { core, answer } = attempt;
  answer.total = totalOf(attempt);
  core.scheduler.spend(QUERY_NS);
  store(attempt, kind, answer.total);
  attempt.pendingAcks += answer.acks;
  attempt.queryLines.print(kind, attempt);
}

/** The fault leaves out the modules besides RAM; where there are none, RAM itself reports nothing. */
function isLeftOut(attempt: Attempt, name: string): boolean {
  return name !== 'ram' && attempt.core.faults.at.finalModules !== 'all';
}

function totalOf({ core, ram, answer }: Attempt): number {
  const total = answer.precopy + answer.stopcopy + answer.postcopy;
  return core.faults.at.total === 'sum' ? total : total + ram.dirtyBytes;
}

/** dirty_bytes_total, which query-migrate shows. */
function store(attempt: Attempt, kind: QueryKind, total: number): void {
  const { core, dirtyBytesTotal: old } = attempt;
  if (kind === 'exact') attempt.exactTotal = total;
  if (kind === 'final' && (!core.faults.at.finalStores || core.asPosted)) return;
  attempt.dirtyBytesTotal = total;
  if (attempt.printsProbes) core.points.mig_dirty_bytes_total_update.print({ old, new: total });
}
