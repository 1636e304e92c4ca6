/**
 * The columns of the tables that may have millions of rows: how their values
 * come, in the order of the table, and where those stand that rows have in common.
 */
import type { ColumnKind } from './bulk-insert.ts';

function kinds(columns: Readonly<Record<string, ColumnKind>>): readonly ColumnKind[] {
  return Object.values(columns);
}

export const QUERIES = {
  kinds: kinds({
    id: 'id',
    migration: 'same',
    input: 'same',
    line: 'any',
    ns: 'any',
    thread: 'same',
    exact: 'any',
    final: 'any',
    precopy: 'count',
    stopcopy: 'count',
    postcopy: 'count',
    total: 'count',
    ack_collected: 'same',
    ack_total: 'same',
    bql: 'any',
    syncs: 'any',
    state: 'same',
    switchover: 'same',
    threshold: 'count',
  }),
  ...{ migration: 1, input: 2, thread: 5, ackCollected: 12, ackTotal: 13, state: 16, switchover: 17 },
} as const;

export const SYNCS = {
  kinds: kinds({
    id: 'id',
    migration: 'same',
    query: 'any',
    line: 'any',
    start_ns: 'any',
    end_ns: 'any',
    dirty_pages: 'count',
    input: 'same',
    thread: 'same',
    owner: 'same',
    last_stage: 'same',
  }),
  ...{ migration: 1, input: 7, thread: 8, owner: 9, lastStage: 10 },
} as const;

export const EVENTS = {
  kinds: kinds({
    migration: 'same',
    input: 'same',
    line: 'any',
    ns: 'any',
    thread: 'same',
    name: 'any',
    args: 'any',
  }),
  ...{ migration: 0, input: 1, thread: 4 },
} as const;

export const HOLDS = {
  kinds: kinds({
    migration: 'same',
    holder: 'any',
    thread: 'same',
    input: 'same',
    line: 'any',
    released_line: 'any',
    start_ns: 'any',
    end_ns: 'any',
  }),
  ...{ migration: 0, thread: 2, input: 3 },
} as const;
