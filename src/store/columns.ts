/** The columns of the tables that may have millions of rows, in their order, and how their values come. */
import type { ColumnKind } from './bulk-insert.ts';

type Columns = Readonly<Record<string, ColumnKind>>;

export const QUERY_COLUMNS: Columns = {
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
};

export const SYNC_COLUMNS: Columns = {
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
  last_stage: 'any',
};

export const EVENT_COLUMNS: Columns = {
  migration: 'same',
  input: 'same',
  line: 'any',
  ns: 'any',
  thread: 'same',
  name: 'any',
  args: 'any',
};

export const HOLD_COLUMNS: Columns = {
  migration: 'same',
  holder: 'any',
  thread: 'same',
  input: 'same',
  line: 'any',
  released_line: 'any',
  start_ns: 'any',
  end_ns: 'any',
};
