/** An event of the catalogue as an item, whatever form of log it stood in. */
import { type CatalogEntry, isKnownEvent } from '../catalog/catalog.ts';
import { parseLockArgs } from './line-kinds.ts';
import type { EventItem, ItemBase, LockItem, LockOperation } from './trace-item.ts';

export const LOCK_OPERATIONS: ReadonlyMap<string, LockOperation> = new Map([
  ['qemu_mutex_lock', 'waiting'],
  ['qemu_mutex_locked', 'taken'],
  ['qemu_mutex_unlock', 'released'],
]);

/** undefined when the arguments are not those of a mutex event. */
export function lockItem(operation: LockOperation, name: string, args: string, base: ItemBase): LockItem | undefined {
  const lock = parseLockArgs(args);
  return lock === undefined ? undefined : { kind: 'lock', operation, name, ...lock, ...base };
}

/** undefined when the arguments fit no known format. */
export function eventItem(entry: CatalogEntry, args: string, base: ItemBase): EventItem | undefined {
  const decoded = entry.decode(args);
  if (decoded === undefined) return undefined;
  const event = { name: entry.name, args: decoded.args };
  return isKnownEvent(event) ? { kind: 'event', group: entry.group, event, extra: decoded.extra, ...base } : undefined;
}

/** Events that nothing rests on: arguments that fit no known format do no harm. */
export function isOnlyCounted({ group }: CatalogEntry): boolean {
  return group === 'destination' || group === 'round' || group === 'device';
}
