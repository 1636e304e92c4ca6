/** The arguments of an event as JSON. */
import type { EventItem } from '../ingest/trace-item.ts';
import { jsonCell } from './cells.ts';

const TRANSFERRED = ['transferred', 'time_spent', 'bandwidth', 'switchover_bw', 'max_size'] as const;

export function argsCell({ event, extra }: EventItem): string {
  const { args } = event;
  // A pair behind the declared arguments that has the name of one does not replace it.
  if (extra !== undefined) return jsonCell({ ...args, ...extra, ...args });
  return (event.name === 'migrate_transferred' ? transferredCell(args) : undefined) ?? jsonCell(args);
}

/**
 * It comes ten times a second for as long as a migration takes: written out,
 * for half of what JSON.stringify costs. undefined for the text of another
 * version, and for numbers that do not fit.
 */
function transferredCell(args: object): string | undefined {
  if (!hasExactly(args, TRANSFERRED)) return undefined;
  const { transferred, time_spent: timeSpent, bandwidth, switchover_bw: switchoverBw, max_size: maxSize } = args;
  const widest = typeof transferred === 'bigint' || typeof bandwidth === 'bigint' || typeof maxSize === 'bigint';
  if (widest || typeof timeSpent === 'bigint' || typeof switchoverBw === 'bigint') return undefined;
  return `{"transferred":${transferred},"time_spent":${timeSpent},"bandwidth":${bandwidth},"switchover_bw":${switchoverBw},"max_size":${maxSize}}`;
}

/** These keys in this order. */
function hasExactly<K extends string>(args: object, names: readonly K[]): args is Readonly<Record<K, unknown>> {
  let at = 0;
  for (const name in args) {
    if (name !== names[at]) return false;
    at += 1;
  }
  return at === names.length;
}
