/** What the replay of a process makes of an event by its name alone: found out once for each name. */
import type { EventItem } from '../ingest/trace-item.ts';
import type { EventCounter, NameCount } from './event-counter.ts';
import { HEADER_EVENTS, sideOf } from './side.ts';

/** They change what the replay knows beyond the migration, or tell by their arguments whose they are. */
const WEIGHTY: ReadonlySet<string> = new Set<string>([
  ...HEADER_EVENTS,
  'migrate_set_state',
  'runstate_set',
  'global_dirty_changed',
  'vmstate_downtime_checkpoint',
]);

export interface EventKind {
  /** In the middle of a source's migration nothing but the migration itself learns anything from it. */
  readonly plain: boolean;
  /** Only a source prints it; told of plain ones. */
  readonly ofSource: boolean;
  readonly count: NameCount;
}

export function kindOf(item: EventItem, counter: EventCounter): EventKind {
  const { group, event } = item;
  const plain = group !== 'destination' && !WEIGHTY.has(event.name) && !event.name.startsWith('qmp_');
  return { plain, ofSource: plain && sideOf(item) === 'source', count: counter.of(event.name) };
}

/** Nothing but the migration itself learns anything from it. */
export function comesInRounds({ group }: EventItem): boolean {
  return group === 'query' || group === 'sync' || group === 'round';
}
