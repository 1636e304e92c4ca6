/** Reads the pending query out of the event of each QEMU generation. */
import type { Uint64 } from '../base/uint64.ts';
import { addUint64, parseUint64 } from '../base/uint64.ts';
import type { EventArgs } from '../catalog/catalog.ts';
import { ACK_COLLECTED, ACK_TOTAL, type Band } from '../catalog/vocabulary.ts';
import type { EventItem } from '../ingest/trace-item.ts';
import type { QueryKind, QueryLine } from './run.ts';

type OldSizes = EventArgs<'migrate_pending_estimate' | 'migrate_pending_exact'>;

export interface QueryFacts extends QueryLine {
  /** The generation that prints this line. */
  readonly band: Band;
}

/** undefined for an event that is no query. */
export function decodeQuery(item: EventItem): QueryFacts | undefined {
  const { event } = item;
  switch (event.name) {
    case 'qemu_savevm_query_pending':
      return decodeNew(item);
    case 'migrate_pending_estimate':
      return decodeOld(event.args, 'estimate', false);
    case 'migrate_pending_exact':
      return decodeOld(event.args, 'exact', true);
    case 'migrate_pending':
      return decodeOldest(event.args);
    default:
      return undefined;
  }
}

// All keys are written out, in one order: spreading costs twenty times as much, and there may be millions of lines.

function decodeOld({ size, pre, post }: OldSizes, kind: QueryKind, exact: boolean): QueryFacts {
  return {
    kind,
    exact,
    final: undefined,
    precopyBytes: pre,
    stopcopyBytes: 0,
    postcopyBytes: post,
    totalBytes: size,
    maxBytes: undefined,
    ackCollected: undefined,
    ackTotal: undefined,
    band: '10.0',
  };
}

function decodeOldest({ size, max, pre, compat, post }: EventArgs<'migrate_pending'>): QueryFacts {
  return {
    kind: 'unspecified',
    exact: undefined,
    final: undefined,
    precopyBytes: pre,
    stopcopyBytes: 0,
    // compat is what may be sent before or after the switchover: RAM with postcopy-ram, `postcopy` later on.
    postcopyBytes: addUint64(compat, post),
    totalBytes: size,
    maxBytes: max,
    ackCollected: undefined,
    ackTotal: undefined,
    band: '7.2',
  };
}

function decodeNew(item: EventItem): QueryFacts | undefined {
  const { event, extra } = item;
  if (event.name !== 'qemu_savevm_query_pending') return undefined;
  const { args } = event;
  const exact = args.exact !== 0;
  const final = 'final' in args ? args.final !== 0 : undefined;
  const { ackCollected, ackTotal } = extra === undefined ? NO_ACKS : acksIn(extra);
  return {
    kind: final === true ? 'final' : exact ? 'exact' : 'estimate',
    exact,
    final,
    precopyBytes: args.precopy,
    stopcopyBytes: args.stopcopy,
    postcopyBytes: args.postcopy,
    totalBytes: args.total,
    maxBytes: undefined,
    ackCollected,
    ackTotal,
    // Without `final=` it is a snapshot of May to July 2026, which has the duties of 8.0 to 11.0.
    band: final === undefined ? '10.0' : ackTotal === undefined ? 'thread' : '11.1',
  };
}

type Extra = NonNullable<EventItem['extra']>;
type Acks = Pick<QueryLine, 'ackCollected' | 'ackTotal'>;

const NO_ACKS: Acks = { ackCollected: undefined, ackTotal: undefined };
/** Millions of queries end alike, and then in the same object. */
const ACKS = new WeakMap<Extra, Acks>();

function acksIn(extra: Extra): Acks {
  const known = ACKS.get(extra);
  if (known !== undefined) return known;
  const acks = { ackCollected: ackOf(extra, ACK_COLLECTED), ackTotal: ackOf(extra, ACK_TOTAL) };
  ACKS.set(extra, acks);
  return acks;
}

function ackOf(extra: Extra, key: string): Uint64 | undefined {
  const text = extra[key];
  return text !== undefined && /^\d+$/.test(text) ? parseUint64(text) : undefined;
}
