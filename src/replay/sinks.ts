import type { ReplaySink } from './sink.ts';

type Method = keyof ReplaySink;

/** One sink that passes everything on to several, in their order. */
export function fanOut(sinks: readonly ReplaySink[]): Required<ReplaySink> {
  const having = (method: Method): readonly ReplaySink[] => sinks.filter((sink) => sink[method] !== undefined);
  const [begins, ends, queries, syncs] = [
    having('migrationBegins'),
    having('migrationEnds'),
    having('query'),
    having('sync'),
  ];
  const [made, synced] = [having('queryMade'), having('syncEnds')];
  const [states, switchovers, assertions] = [having('state'), having('switchover'), having('assertion')];
  const [events, messages, counts, holds] = [having('event'), having('message'), having('count'), having('bqlHold')];
  const locks = having('countLocks');
  return {
    migrationBegins: (...args) => {
      for (const sink of begins) sink.migrationBegins?.(...args);
    },
    migrationEnds: (...args) => {
      for (const sink of ends) sink.migrationEnds?.(...args);
    },
    queryMade: (...args) => {
      for (const sink of made) sink.queryMade?.(...args);
    },
    syncEnds: (...args) => {
      for (const sink of synced) sink.syncEnds?.(...args);
    },
    query: (...args) => {
      for (const sink of queries) sink.query?.(...args);
    },
    sync: (...args) => {
      for (const sink of syncs) sink.sync?.(...args);
    },
    state: (...args) => {
      for (const sink of states) sink.state?.(...args);
    },
    switchover: (...args) => {
      for (const sink of switchovers) sink.switchover?.(...args);
    },
    assertion: (...args) => {
      for (const sink of assertions) sink.assertion?.(...args);
    },
    event: (...args) => {
      for (const sink of events) sink.event?.(...args);
    },
    message: (...args) => {
      for (const sink of messages) sink.message?.(...args);
    },
    count: (...args) => {
      for (const sink of counts) sink.count?.(...args);
    },
    countLocks: (...args) => {
      for (const sink of locks) sink.countLocks?.(...args);
    },
    bqlHold: (...args) => {
      for (const sink of holds) sink.bqlHold?.(...args);
    },
  };
}
