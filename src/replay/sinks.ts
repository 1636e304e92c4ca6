import type { KnownEvent } from '../catalog/catalog.ts';
import type { Migration } from './run.ts';
import type { EventChoice, ReplaySink } from './sink.ts';

type Sinks = readonly ReplaySink[];

/** One sink that passes everything on to several, in their order. */
export function fanOut(sinks: Sinks): Required<ReplaySink> {
  return { listensTo: { inRounds: true }, ...fanOutUnits(sinks), ...fanOutLines(sinks) };
}

/**
 * There are millions of calls. So the methods are looked up beforehand, and
 * each fan has its own parameters: a rest parameter makes an array of every call.
 */
function fanOutUnits(sinks: Sinks) {
  const begins = sinks.flatMap((sink) => sink.migrationBegins?.bind(sink) ?? []);
  const ends = sinks.flatMap((sink) => sink.migrationEnds?.bind(sink) ?? []);
  const queries = sinks.flatMap((sink) => sink.query?.bind(sink) ?? []);
  const queriesMade = sinks.flatMap((sink) => sink.queryMade?.bind(sink) ?? []);
  const syncs = sinks.flatMap((sink) => sink.sync?.bind(sink) ?? []);
  const syncsEnded = sinks.flatMap((sink) => sink.syncEnds?.bind(sink) ?? []);
  const states = sinks.flatMap((sink) => sink.state?.bind(sink) ?? []);
  const switchovers = sinks.flatMap((sink) => sink.switchover?.bind(sink) ?? []);
  const assertions = sinks.flatMap((sink) => sink.assertion?.bind(sink) ?? []);
  return {
    migrationBegins: (migration) => {
      for (const tell of begins) tell(migration);
    },
    migrationEnds: (migration) => {
      for (const tell of ends) tell(migration);
    },
    queryMade: (query, migration) => {
      for (const tell of queriesMade) tell(query, migration);
    },
    syncEnds: (sync, migration) => {
      for (const tell of syncsEnded) tell(sync, migration);
    },
    query: (query, migration) => {
      for (const tell of queries) tell(query, migration);
    },
    sync: (sync, migration) => {
      for (const tell of syncs) tell(sync, migration);
    },
    state: (change, migration) => {
      for (const tell of states) tell(change, migration);
    },
    switchover: (switchover, migration) => {
      for (const tell of switchovers) tell(switchover, migration);
    },
    assertion: (failure, migration) => {
      for (const tell of assertions) tell(failure, migration);
    },
  } satisfies ReplaySink;
}

function fanOutLines(sinks: Sinks) {
  const listeners = new EventListeners(sinks);
  const messages = sinks.flatMap((sink) => sink.message?.bind(sink) ?? []);
  const counts = sinks.flatMap((sink) => sink.counted?.bind(sink) ?? []);
  const holds = sinks.flatMap((sink) => sink.bqlHold?.bind(sink) ?? []);
  return {
    event: (item, migration, ns, inRound) => {
      for (const tell of listeners.of(item.event.name, inRound)) tell(item, migration, ns, inRound);
    },
    awaits: (event, migration) => listeners.anyAwaits(event, migration),
    message: (item, migration, ns) => {
      for (const tell of messages) tell(item, migration, ns);
    },
    counted: (name, times, migration, state) => {
      for (const tell of counts) tell(name, times, migration, state);
    },
    bqlHold: (hold, migration) => {
      for (const tell of holds) tell(hold, migration);
    },
  } satisfies ReplaySink;
}

type Listener = NonNullable<ReplaySink['event']>;

/** It listens to the event, and may let it be passed over. */
type Awaits = NonNullable<ReplaySink['awaits']>;

/** Who listens to an event, by its name: to most of those that come by the million hardly anybody does. */
class EventListeners {
  readonly #sinks: Sinks;
  readonly #inRounds = new Map<string, readonly Listener[]>();
  readonly #others = new Map<string, readonly Listener[]>();
  readonly #awaiting = new Map<string, readonly Awaits[]>();
  /** Where everybody listens to everything. */
  readonly #all: readonly Listener[] | undefined;

  constructor(sinks: Sinks) {
    this.#sinks = sinks;
    const choosy = sinks.some(({ listensTo }) => listensTo?.names !== undefined || listensTo?.inRounds === false);
    this.#all = choosy ? undefined : sinks.flatMap((sink) => sink.event?.bind(sink) ?? []);
  }

  /** Some of those who listen to this event of a round may learn from it. */
  anyAwaits(event: KnownEvent, migration: Migration): boolean {
    let awaiting = this.#awaiting.get(event.name);
    if (awaiting === undefined) {
      const choosing = this.#sinks.filter((sink) => sink.event && chooses(sink.listensTo, event.name, true));
      awaiting = choosing.map((sink) => sink.awaits?.bind(sink) ?? (() => true));
      this.#awaiting.set(event.name, awaiting);
    }
    for (const awaits of awaiting) if (awaits(event, migration)) return true;
    return false;
  }

  of(name: string, inRound: boolean): readonly Listener[] {
    if (this.#all !== undefined) return this.#all;
    const known = inRound ? this.#inRounds : this.#others;
    let listening = known.get(name);
    if (listening === undefined) {
      const choosing = this.#sinks.filter(({ listensTo }) => chooses(listensTo, name, inRound));
      listening = choosing.flatMap((sink) => sink.event?.bind(sink) ?? []);
      known.set(name, listening);
    }
    return listening;
  }
}

function chooses(choice: EventChoice | undefined, name: string, inRound: boolean): boolean {
  if (choice === undefined) return true;
  return (choice.inRounds || !inRound) && (choice.names?.has(name) ?? true);
}
