/** Cuts what one process does as a destination into incoming migrations. */
import type { EventItem } from '../../ingest/trace-item.ts';
import { sideOf } from '../side.ts';
import { type Incoming, IncomingBuilder } from './incoming.ts';

/** A process is started anew for each incoming migration; more than a few in one log are an accident. */
const MAX_INCOMING = 16;

export class IncomingTracker {
  readonly #stream: number;
  readonly #all: IncomingBuilder[] = [];
  #current: IncomingBuilder | undefined;
  #mixed = false;

  constructor(stream: number) {
    this.#stream = stream;
  }

  /** All that are migrations: loading a snapshot prints many of the same lines. */
  get list(): readonly Incoming[] {
    return this.#mixed ? [] : this.#all.filter(({ isMigration }) => isMigration);
  }

  /** The `setup` of an incoming migration, and what followed it until the side was known. */
  begin(items: readonly EventItem[]): void {
    const [first, ...others] = items;
    if (first === undefined) return;
    this.#open(first, true);
    this.#current?.event(first);
    for (const item of others) this.event(item);
  }

  /** An event that belongs to no migration of a source. */
  event(item: EventItem): void {
    const { name } = item.event;
    // Up to 7.2 there is no `setup`: it begins with its channel. A recovery comes over a new one, too.
    const channel = name === 'migration_socket_incoming_accepted' || name === 'migration_set_incoming_channel';
    if (channel && this.#current?.over === true) this.#current = undefined;
    if (this.#current === undefined && sideOf(item) === 'destination') this.#open(item, channel);
    this.#current?.event(item);
  }

  /** Lines are missing or unreadable here. */
  damage(): void {
    if (this.#current !== undefined) this.#current.hole = true;
  }

  /** Two processes wrote this log. */
  mixedUp(): void {
    this.#mixed = true;
  }

  finish(): void {
    for (const incoming of this.#all) incoming.finish();
  }

  #open(first: EventItem, startSeen: boolean): void {
    this.#current = undefined;
    if (this.#all.length >= MAX_INCOMING) return;
    this.#current = new IncomingBuilder(this.#stream, first, startSeen);
    this.#all.push(this.#current);
  }
}
