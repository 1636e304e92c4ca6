/** The events from a `setup` on, until one of them tells whether this process is the source. */
import type { Side } from '../catalog/vocabulary.ts';
import type { EventItem } from '../ingest/trace-item.ts';
import { endsIncoming } from './side.ts';

/** Between `setup` and the first event that tells the side there are a few lines, not thousands. */
const MAX_UNDECIDED = 10_000;

/** What a destination prints of the states of a migration; the others are a source's alone. */
const DESTINATION_STATES: ReadonlySet<string> = new Set([
  'setup',
  'active',
  'postcopy-device',
  'postcopy-active',
  'postcopy-paused',
  'postcopy-recover',
  'colo',
  'completed',
  'failing',
  'failed',
]);

export class Undecided {
  readonly items: EventItem[];

  constructor(setup: EventItem) {
    this.items = [setup];
  }

  /** The side that is known from `item` on, which itself tells `side`. */
  add(item: EventItem, side: Side | undefined): Side | undefined {
    this.items.push(item);
    // A source is told to migrate before its `setup`: that one was another process's.
    if (item.event.name === 'qmp_enter_migrate') return 'destination';
    return side ?? (this.items.length > MAX_UNDECIDED ? 'source' : undefined);
  }

  /**
   * The log ends, and shows states alone. So does that of a destination that dies or fails early, or that of a source
   * with few events on. Beside a source's log it is the destination's; alone it is, too, where it came to `active`,
   * in which a source makes queries.
   */
  atLast(sourceElsewhere: boolean): Side {
    if (!this.#mayBeIncoming()) return 'source';
    return sourceElsewhere || this.items.some((item) => isState(item, 'active')) ? 'destination' : 'source';
  }

  /** It has no state of a source alone, and none behind its end: that would be another attempt's. */
  #mayBeIncoming(): boolean {
    const states = this.items.filter(({ event }) => event.name === 'migrate_set_state');
    return states.every(isOfDestination) && !states.slice(0, -1).some(endsIncoming);
  }
}

function isOfDestination({ event }: EventItem): boolean {
  return event.name === 'migrate_set_state' && DESTINATION_STATES.has(event.args.new_state);
}

function isState({ event }: EventItem, state: string): boolean {
  return event.name === 'migrate_set_state' && event.args.new_state === state;
}
