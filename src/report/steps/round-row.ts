/**
 * Queries that come in numbers, as one row: the rounds of the iteration, or
 * what is asked in postcopy. A row goes on as long as the rounds are made alike.
 */
import { toJsonNumber } from '../../base/uint64.ts';
import type { Query } from '../../replay/run.ts';
import type { StepReport } from '../report.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type Row = Mutable<Omit<StepReport, 'facts' | 'queries' | 'lines'>> & {
  facts: Record<string, string>;
  lines: [number, number];
  queries: Mutable<NonNullable<StepReport['queries']>> | null;
};

const ESTIMATES = 'estimate queries';
const EXACTS = 'exact queries';

export const ITERATIONS = 'iterations';
export const POSTCOPY_QUERIES = 'queries of postcopy';

/** The first line of the query: that of its first sync. */
export function firstLine(query: Query): number {
  const start = query.syncs[0]?.start ?? query.syncs[0]?.end;
  return start !== undefined && start.place.input === query.at.place.input ? start.place.line : query.at.place.line;
}

/** Exact, or in 7.2, which has one kind of query, one that synced. */
export function isExact(query: Query): boolean {
  return query.exact ?? query.syncs.length > 0;
}

/** undefined where the log shows no syncs at all. A sync of auto-converge's timer is nobody's. */
export function syncFact(query: Query, own: string): string | undefined {
  const count = query.syncs.length - (query.timerSynced ? 1 : 0);
  if (count <= 0) return query.syncsShown ? 'without a sync' : undefined;
  return count === 1 ? own : `with ${count} syncs`;
}

/** How a query of the iteration was made; what is not shown is left out. */
export function roundFacts(query: Query): Record<string, string> {
  const exact = isExact(query);
  const fact = syncFact(query, exact ? 'with a sync of their own' : 'with a sync');
  return fact === undefined ? {} : { [exact ? EXACTS : ESTIMATES]: fact };
}

/** In postcopy exact queries need no sync: what counts is whether anything synced. */
export function postcopyFacts(query: Query): Record<string, string> {
  const synced = query.syncs.length > 0;
  const kinds = query.exact === undefined ? {} : { kinds: query.exact ? 'estimate and exact' : 'estimate' };
  return query.syncsShown ? { ...kinds, syncs: synced ? 'some' : 'none' } : kinds;
}

/** No fact that both show differs. */
export function agree(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.entries(a).every(([key, value]) => b[key] === undefined || b[key] === value);
}

/** One query more in the row. */
export function addQuery(row: Row, query: Query): void {
  row.queries ??= { estimate: 0, exact: 0, unspecified: 0 };
  if (query.kind !== 'final') row.queries[query.kind] += 1;
  row.lines = [Math.min(row.lines[0], firstLine(query)), query.at.place.line];
  row.ns = query.at.ns ?? null;
  row.totalBytes = toJsonNumber(query.totalBytes);
}
