import type { ReplaySink } from './sink.ts';

type Method = keyof ReplaySink;

/** One sink that passes everything on to several, in their order. */
export function fanOut(sinks: readonly ReplaySink[]): Required<ReplaySink> {
  const having = (method: Method): readonly ReplaySink[] => sinks.filter((sink) => sink[method] !== undefined);
  return { ...fanOutUnits(having), ...fanOutLines(having) };
}

type Having = (method: Method) => readonly ReplaySink[];

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
  const [events, messages, counts, holds] = [having('event'), having('message'), having('counted'), having('bqlHold')];
  return {
    event: (item, migration, ns, inRound) => {
      for (const sink of events) sink.event?.(item, migration, ns, inRound);
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
