/** What several rules ask of a migration before they judge it. */
import type { EventName } from '../catalog/catalog.ts';
import { profileOf } from '../catalog/profiles.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { Migration, Query, Switchover } from '../replay/run.ts';
import { type Judgement, notApplicable, undecidable } from './rule.ts';

export const SYNC_EVENT_NAMES: readonly EventName[] = ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'];
export const MUTEX_EVENT_NAMES: readonly EventName[] = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'];
export const STOP_EVENT_NAMES: readonly EventName[] = ['runstate_set', 'vmstate_downtime_checkpoint'];
/** What shows the end of a switchover. */
export const END_EVENT_NAMES: readonly EventName[] = ['migrate_set_state', 'vmstate_downtime_checkpoint'];
export const MODE_EVENT_NAMES: readonly EventName[] = [
  'postcopy_start',
  'migration_thread_low_pending',
  'migrate_set_state',
];

/** savevm and background-snapshot stop the VM without asking any module first. */
export function isSnapshot({ kind }: Migration): boolean {
  return kind === 'snapshot' || kind === 'background-snapshot';
}

export function withoutQueryLine(): Judgement {
  return undecidable('the log has no line of a pending query', ['qemu_savevm_query_pending']);
}

/** Why the migration has no final query to judge, or undefined when it should have one. */
export function withoutFinalDuty(migration: Migration): Judgement | undefined {
  const { kind, band } = migration;
  if (isSnapshot(migration)) return notApplicable(`a ${kind} makes no pending query`);
  if (band === undefined) return withoutQueryLine();
  if (!profileOf(band).hasFinalQuery) return notApplicable(`QEMU ${band} has no final query`);
  return undefined;
}

/** What to say where not one sync was logged, or undefined: a sync that is missing proves nothing then. */
export function withoutSyncs(migration: Migration): Judgement | undefined {
  if (SYNC_EVENT_NAMES.some((name) => migration.saw(name))) return undefined;
  return undecidable('the log shows no sync at all', SYNC_EVENT_NAMES);
}

/** What to say when a migration ended without any switchover or final query to judge. */
export function nothingJudged(migration: Migration): Judgement {
  const duty = withoutFinalDuty(migration);
  if (migration.switchovers === 0 && migration.outcome !== 'completed') {
    return notApplicable('the migration never came to its switchover');
  }
  if (duty !== undefined) return duty;
  if (migration.switchovers === 0) return undecidable('the log does not show the VM being stopped', STOP_EVENT_NAMES);
  if (migration.finalProbed) return lineIsMissing(migration);
  return notApplicable('no final query was made');
}

/** The probe shows a final query that has no line: it never ended, or its line is lost. */
function lineIsMissing({ outcome }: Migration): Judgement {
  if (outcome === 'aborted' || outcome === 'running') return notApplicable('the final query has no line');
  return undecidable('a final query was made, as the probe shows, but its line is missing', [
    'qemu_savevm_query_pending',
  ]);
}

/** Between two lines of migrate_transferred there are 100 ms, counted in whole ones: within this no line can be lost. */
export const WINDOW_NS = 95e6;

/** What to say where the log ends in the final query: an assertion that fails there is printed on stderr only. */
export function endsInFinal(migration: Migration): Judgement {
  return (
    withoutFinalDuty(migration) ??
    undecidable(
      'the log ends where the final query is made, and nothing shows why: if QEMU aborted, its stderr has the assertion',
      ['stderr'],
    )
  );
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

/** Some ends are seen only where events are on: what was made before them may belong elsewhere. */
export function endIsShown({ endedBy, checkpoint }: Switchover): boolean {
  switch (endedBy) {
    case 'downtime-end':
    case 'packaged':
    case 'completed':
    case 'colo':
    case 'failed':
    case 'cancelled':
    case 'postcopy':
      return true;
    case 'vm-running':
      return checkpoint;
    case 'superseded':
    case 'log-ends':
      return false;
  }
}

export function describeSwitchover(switchover: Switchover): string {
  if (switchover.checkpoint) return 'COLO checkpoint';
  return switchover.mode === 'unknown' ? 'switchover' : `${switchover.mode} switchover`;
}

/** For rules that judge a switchover by its final query: there was one, but no switchover. */
export function finalWithoutSwitchover(migration: Migration): Judgement | undefined {
  if (migration.counts.final === 0) return nothingJudged(migration);
  if (migration.switchovers > 0) return undefined;
  return undecidable('the log does not show the switchover of the final query', STOP_EVENT_NAMES);
}

/** The places that there are. */
export function places(...found: readonly (Place | undefined)[]): readonly Place[] {
  return found.filter((place) => place !== undefined);
}

/** The loop asked for all that is dirty: an exact query, or in 7.2, which has one kind, one that synced. No final one. */
export function isExact({ kind, syncs }: Query): boolean {
  return kind === 'exact' || (kind === 'unspecified' && syncs.length > 0);
}
