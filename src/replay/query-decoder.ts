/** Reads the pending query out of the event of each QEMU generation. */
import type { Uint64 } from '../base/uint64.ts';
import { addUint64, parseUint64 } from '../base/uint64.ts';
import { ACK_COLLECTED, ACK_TOTAL, type Band } from '../catalog/vocabulary.ts';
import type { EventItem } from '../ingest/trace-item.ts';
import type { QueryLine } from './run.ts';

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
    case 'migrate_pending_exact': {
      const exact = event.name === 'migrate_pending_exact';
      const { size, pre, post } = event.args;
      return {
        ...oldSizes(size, pre, post),
        kind: exact ? 'exact' : 'estimate',
        exact,
        final: undefined,
        band: '10.0',
      };
    }
    case 'migrate_pending': {
      // compat is what may be sent before or after the switchover: RAM with postcopy-ram, `postcopy` later on.
      const { size, max: maxBytes, pre, compat, post } = event.args;
      const sizes = oldSizes(size, pre, addUint64(compat, post));
      return { ...sizes, maxBytes, kind: 'unspecified', exact: undefined, final: undefined, band: '7.2' };
    }
    default:
      return undefined;
  }
}

function oldSizes(totalBytes: Uint64, precopyBytes: Uint64, postcopyBytes: Uint64) {
  const unknown = { maxBytes: undefined, ackCollected: undefined, ackTotal: undefined };
  return { totalBytes, precopyBytes, postcopyBytes, stopcopyBytes: 0, ...unknown };
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
