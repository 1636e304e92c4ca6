/** What several rules ask of a migration before they judge it. */
import type { EventName } from '../catalog/catalog.ts';
import { hasFinalQuery } from '../catalog/vocabulary.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { Migration, Query, Switchover } from '../replay/run.ts';
import { type Judgement, notApplicable, undecidable } from './rule.ts';

export const SYNC_EVENT_NAMES: readonly EventName[] = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
export const MUTEX_EVENT_NAMES: readonly EventName[] = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'];
export const STOP_EVENT_NAMES: readonly EventName[] = ['runstate_set', 'vmstate_downtime_checkpoint'];
export const MODE_EVENT_NAMES: readonly EventName[] = [
  'postcopy_start',
  'migration_thread_low_pending',
  'migrate_set_state',
];

/** Why the migration has no final query to judge, or undefined when it should have one. */
export function withoutFinalDuty(migration: Migration): Judgement | undefined {
  const { kind, band } = migration;
  if (kind === 'snapshot' || kind === 'background-snapshot') return notApplicable(`a ${kind} makes no pending query`);
  if (band === undefined) return undecidable('the log has no line of a pending query', ['qemu_savevm_query_pending']);
  if (!hasFinalQuery(band)) return notApplicable(`QEMU ${band} has no final query`);
  return undefined;
}

/** What to say when a migration ended without any switchover or final query to judge. */
export function nothingJudged(migration: Migration): Judgement {
  const duty = withoutFinalDuty(migration);
  if (migration.switchovers === 0 && migration.outcome !== 'completed') {
    return notApplicable('the migration never came to its switchover');
  }
  if (duty !== undefined) return duty;
  if (migration.switchovers === 0) return undecidable('the log does not show the VM being stopped', STOP_EVENT_NAMES);
  return notApplicable('no final query was made');
}

export function queriesShown(migration: Migration): boolean {
  const { estimate, exact, final, unspecified } = migration.counts;
  return estimate + exact + final + unspecified > 0;
}

/** How a query is called in messages: `final query (total 4239360)`. */
export function describeQuery(query: Query): string {
  const kind = query.kind === 'unspecified' ? 'pending' : query.kind;
  return `${kind} query (total ${query.totalBytes})`;
}

export function describeSwitchover(switchover: Switchover): string {
  if (switchover.checkpoint) return 'COLO checkpoint';
  return switchover.mode === 'unknown' ? 'switchover' : `${switchover.mode} switchover`;
}

/** The places that there are. */
export function places(...found: readonly (Place | undefined)[]): readonly Place[] {
  return found.filter((place) => place !== undefined);
}
