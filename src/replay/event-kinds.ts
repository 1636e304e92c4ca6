/** What the replay of a process makes of an event by its name alone: found out once for each name. */
import type { KnownEvent } from '../catalog/catalog.ts';
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
  /** Plain, and it comes again and again: in the middle of a source's migration its lines may come in runs. */
  readonly repeats: boolean;
  /** It comes with every round, and is neither a query nor a sync. */
  readonly ofRound: boolean;
  readonly count: NameCount;
}

export class EventKinds {
  readonly #counter: EventCounter;
  readonly #see: (name: string) => void;
  /** By name: those that were seen. */
  readonly #kinds = new Map<string, EventKind>();
  /** By the id that they have in runs. */
  readonly #ofRecords: (EventKind | undefined)[] = [];
  /** Of those that come with every round: the first one. */
  readonly #rounds: (KnownEvent | undefined)[] = [];

  /** `see` is told of each name that is seen for the first time. */
  constructor(counter: EventCounter, see: (name: string) => void) {
    this.#counter = counter;
    this.#see = see;
  }

  of(item: EventItem): EventKind {
    const known = this.#kinds.get(item.event.name);
    if (known !== undefined) return known;
    const kind = kindOf(item, this.#counter);
    this.#kinds.set(item.event.name, kind);
    this.#see(item.event.name);
    return kind;
  }

  /** The same of a record with this id. */
  ofRecord(id: number, item: EventItem): EventKind {
    const kind = this.#ofRecords[id] ?? this.of(item);
    this.#ofRecords[id] = kind;
    if (kind.ofRound) this.#rounds[id] ??= item.event;
    return kind;
  }

  /** An event of a round that had this id: all that have it have the same texts, though not the same numbers. */
  roundOf(id: number): KnownEvent | undefined {
    return this.#rounds[id];
  }
}

function kindOf(item: EventItem, counter: EventCounter): EventKind {
  const { group, event } = item;
  const plain = group !== 'destination' && !WEIGHTY.has(event.name) && !event.name.startsWith('qmp_');
  const repeats = plain && (comesInRounds(item) || event.name === 'migrate_transferred');
  return {
    plain,
    ofSource: plain && sideOf(item) === 'source',
    repeats,
    ofRound: group === 'round',
    count: counter.of(event.name),
  };
}

/** Nothing but the migration itself learns anything from it. */
export function comesInRounds({ group }: EventItem): boolean {
  return group === 'query' || group === 'sync' || group === 'round';
}
