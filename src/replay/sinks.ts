import type { EventChoice, ReplaySink } from './sink.ts';

type Method = Exclude<keyof ReplaySink, 'listensTo'>;

/** One sink that passes everything on to several, in their order. */
export function fanOut(sinks: readonly ReplaySink[]): Required<ReplaySink> {
  const having = (method: Method): readonly ReplaySink[] => sinks.filter((sink) => sink[method] !== undefined);
  return { listensTo: { inRounds: true }, ...fanOutUnits(having), ...fanOutLines(having) };
}

type Having = (method: Method) => readonly ReplaySink[];

/** Who listens to an event, by its name: to most of the events that come by the million hardly anybody does. */
class EventListeners {
  readonly #sinks: readonly ReplaySink[];
  readonly #inRounds = new Map<string, readonly ReplaySink[]>();
  readonly #others = new Map<string, readonly ReplaySink[]>();

  constructor(sinks: readonly ReplaySink[]) {
    this.#sinks = sinks;
  }

  of(name: string, inRound: boolean): readonly ReplaySink[] {
    const known = inRound ? this.#inRounds : this.#others;
    let listening = known.get(name);
    if (listening === undefined) {
      listening = this.#sinks.filter(({ listensTo }) => chooses(listensTo, name, inRound));
      known.set(name, listening);
    }
    return listening;
  }
}

function chooses(choice: EventChoice | undefined, name: string, inRound: boolean): boolean {
  if (choice === undefined) return true;
  return (choice.inRounds || !inRound) && (choice.names?.has(name) ?? true);
}

/** Each with its own parameters: a rest parameter makes an array of every call, and there are millions. */
function fanOutUnits(having: Having) {
  const [begins, ends, queries, syncs] = [
    having('migrationBegins'),
    having('migrationEnds'),
    having('query'),
    having('sync'),
  ];
  const [made, synced] = [having('queryMade'), having('syncEnds')];
  const [states, switchovers, assertions] = [having('state'), having('switchover'), having('assertion')];
  return {
    migrationBegins: (migration) => {
      for (const sink of begins) sink.migrationBegins?.(migration);
    },
    migrationEnds: (migration) => {
      for (const sink of ends) sink.migrationEnds?.(migration);
    },
    queryMade: (query, migration) => {
      for (const sink of made) sink.queryMade?.(query, migration);
    },
    syncEnds: (sync, migration) => {
      for (const sink of synced) sink.syncEnds?.(sync, migration);
    },
    query: (query, migration) => {
      for (const sink of queries) sink.query?.(query, migration);
    },
    sync: (sync, migration) => {
      for (const sink of syncs) sink.sync?.(sync, migration);
    },
    state: (change, migration) => {
      for (const sink of states) sink.state?.(change, migration);
    },
    switchover: (switchover, migration) => {
      for (const sink of switchovers) sink.switchover?.(switchover, migration);
    },
    assertion: (failure, migration) => {
      for (const sink of assertions) sink.assertion?.(failure, migration);
    },
  } satisfies ReplaySink;
}

function fanOutLines(having: Having) {
  const [messages, counts, holds] = [having('message'), having('counted'), having('bqlHold')];
  const listeners = new EventListeners(having('event'));
  return {
    event: (item, migration, ns, inRound) => {
      for (const sink of listeners.of(item.event.name, inRound)) sink.event?.(item, migration, ns, inRound);
    },
    message: (item, migration, ns) => {
      for (const sink of messages) sink.message?.(item, migration, ns);
    },
    counted: (name, times, migration, state) => {
      for (const sink of counts) sink.counted?.(name, times, migration, state);
    },
    bqlHold: (hold, migration) => {
      for (const sink of holds) sink.bqlHold?.(hold, migration);
    },
  } satisfies ReplaySink;
}
