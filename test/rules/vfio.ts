/** Lines of VFIO devices as their format strings print them: each begins with a blank of its own. No capture has one. */

export interface Sizes {
  readonly stopcopy?: number;
  readonly init?: number;
  readonly dirty?: number;
}

/** 11.1. */
export function pending(name: string, sizes: Sizes, exact: 0 | 1, ack: 0 | 1 = 0, final: 0 | 1 = 0): string {
  const { stopcopy = 0, init = 0, dirty = 0 } = sizes;
  return `vfio_state_pending  (${name}) stopcopy size ${stopcopy}, precopy initial size ${init}, precopy dirty size ${dirty}, request switchover ack ${ack}, exact ${exact}, final ${final}`;
}

/** 9.1 to 11.0; `sum` is that of all modules up to this device. */
export function oldExact(name: string, sum: number, sizes: Sizes): string {
  const { stopcopy = 0, init = 0, dirty = 0 } = sizes;
  return `vfio_state_pending_exact  (${name}) precopy ${sum} postcopy 0 stopcopy size ${stopcopy} precopy initial size ${init} precopy dirty size ${dirty}`;
}

/** The same up to 9.0. */
export function oldestExact(name: string, sum: number, sizes: Sizes): string {
  return oldExact(name, sum, sizes).replace(/(?<= )\d+(?= |$)/g, (digits) => `0x${Number(digits).toString(16)}`);
}

export function oldEstimate(name: string, sum: number, sizes: Sizes): string {
  const { init = 0, dirty = 0 } = sizes;
  return `vfio_state_pending_estimate  (${name}) precopy ${sum} postcopy 0 precopy initial size ${init} precopy dirty size ${dirty}`;
}

/** The request, since 9.1. */
export const asks = (name: string, state: string, recover = 'ERROR'): string =>
  `vfio_migration_set_state  (${name}) new state ${state}, recover state ${recover}`;

/** The transition, since 9.1. */
export const enters = (name: string, state: string): string =>
  `vfio_migration_set_device_state  (${name}) state ${state}`;

/** The transition up to 9.0. */
export const oldEnters = (name: string, state: string): string => `vfio_migration_set_state  (${name}) state ${state}`;

/** The lines with others put in before the first that begins so. */
export function insert(lines: readonly string[], beginning: string, ...added: readonly string[]): readonly string[] {
  const at = lines.findIndex((line) => line.startsWith(beginning));
  if (at < 0) throw new Error(`no line begins with ${beginning}`);
  return lines.toSpliced(at, 0, ...added);
}

/** The rules on past bugs of VFIO, devices and the dirty log. */
export const DEVICE_RULES: readonly string[] = [
  'first-sync-counts-all-ram',
  'log-clear-in-blackout',
  'postcopy-bytes-without-capability',
  'precopy-module-in-postcopy',
  'switchover-ack-outdated',
  'vfio-initial-data-starved',
  'vfio-size-counted-twice',
  'vfio-state-repeated',
  'vfio-stop-in-blackout',
];
