/**
 * Which QEMU wrote a trace, as far as its duties differ:
 *
 * - `7.2`: one `migrate_pending` per round, no kinds of query;
 * - `10.0`: 8.0 to 11.0, `migrate_pending_estimate` and `migrate_pending_exact`;
 * - `thread`: the patch as posted for review, `final=` but no switchover-ack counts;
 * - `11.1`: `final=` with the switchover-ack counts.
 */
export const BANDS = ['7.2', '10.0', '11.1', 'thread'] as const;

export type Band = (typeof BANDS)[number];

/** 11.1's names of the two counts behind `total=`. */
export const ACK_COLLECTED = 'collected switchover ack pending';
export const ACK_TOTAL = 'total switchover ack pending';

/** What migrate_set_state prints, in the order of a migration's life. */
export const STATES = [
  'setup',
  'wait-unplug',
  'active',
  'pre-switchover',
  'device',
  'colo',
  'postcopy-device',
  'postcopy-active',
  'postcopy-paused',
  'postcopy-recover-setup',
  'postcopy-recover',
  'completed',
  'cancelling',
  'cancelled',
  'failing',
  'failed',
] as const;

export type State = (typeof STATES)[number];

/** A migration ends in one of these; query-migrate answers them until the next one begins. */
export const TERMINAL_STATES: ReadonlySet<string> = new Set<State>(['completed', 'cancelled', 'failed']);

/** Of a migration: which of the two processes. */
export type Side = 'source' | 'destination';
