/** Which events a log holds: what the user of QEMU switched on. */
import { CATALOG } from '../../catalog/catalog.ts';
import { recordedEvents, replayEvents } from '../../catalog/recording.ts';

export const EVENT_SETS = ['recommended', 'core', 'probe', 'bql', 'all'] as const;

export type EventSet = (typeof EVENT_SETS)[number];

export const EVENT_SET_SUMMARIES: Readonly<Record<EventSet, string>> = {
  recommended: 'what `qtrace events` prints',
  core: 'the queries, the syncs and the states: the least that the replay rests on',
  probe: 'recommended, and the trace points that a reviewer adds to QEMU',
  bql: 'recommended, and the events of the mutexes',
  all: 'every event',
};

export type EventFilter = (event: string) => boolean;

/** Those of any of the sets. */
export function filterFor(sets: readonly EventSet[]): EventFilter {
  if (sets.includes('all')) return () => true;
  const wanted = new Set(sets.flatMap((set) => (set === 'all' ? [] : eventsOf(set))));
  return (event) => wanted.has(event);
}

function eventsOf(set: Exclude<EventSet, 'all'>): readonly string[] {
  switch (set) {
    case 'core':
      return replayEvents();
    case 'probe':
      return [...recordedEvents(), ...groupOf('probe')];
    case 'bql':
      return [...recordedEvents(), ...groupOf('lock')];
    case 'recommended':
      return recordedEvents();
  }
}

function groupOf(group: string): readonly string[] {
  return [...CATALOG.values()].flatMap((entry) => (entry.group === group ? [entry.name] : []));
}
