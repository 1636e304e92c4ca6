/**
 * The item of a protocol event in a run. There is one, which every record
 * fills anew: who keeps it beyond the call that hands it on must copy it. Its
 * event and its place are the record's own.
 */
import type { KnownEvent } from '../../catalog/catalog.ts';
import type { EventGroup } from '../../catalog/events.ts';
import type { EventItem, Place } from '../trace-item.ts';

const NO_EVENT: KnownEvent = { name: 'migration_bitmap_sync_start', args: {} };
const NO_PLACE: Place = { input: 0, line: 0, text: '' };

type Extra = EventItem['extra'];

export class ScannedEvent {
  readonly kind = 'event';
  group: EventGroup = 'sync';
  event = NO_EVENT;
  extra: Extra = undefined;
  readonly filter = undefined;
  place = NO_PLACE;
  timeNs: number | undefined = undefined;
  thread: number | undefined = undefined;
  readonly process = undefined;

  fill(
    group: EventGroup,
    event: KnownEvent,
    extra: Extra,
    place: Place,
    timeNs: number,
    thread: number | undefined,
  ): this {
    this.group = group;
    this.event = event;
    this.extra = extra;
    this.place = place;
    this.timeNs = timeNs;
    this.thread = thread;
    return this;
  }
}
