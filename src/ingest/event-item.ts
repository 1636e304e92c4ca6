/** An event of the catalogue as an item, whatever form of log it stood in. */
import { type CatalogEntry, isKnownEvent } from '../catalog/catalog.ts';
import type { Decoded, Field } from '../catalog/declaration.ts';
import { parseLockArgs } from './line-kinds.ts';
import type { EventItem, ItemBase, LockItem, LockOperation } from './trace-item.ts';

const LOCK_OPERATIONS: ReadonlyMap<string, LockOperation> = new Map([
  ['qemu_mutex_lock', 'waiting'],
  ['qemu_mutex_locked', 'taken'],
  ['qemu_mutex_unlock', 'released'],
]);

/** A mutex event, undefined when its arguments are none; `operation` is what `lockOperationOf` told. */
export function lockItem(operation: LockOperation, name: string, args: string, base: ItemBase): LockItem | undefined {
  const lock = parseLockArgs(args);
  if (lock === undefined) return undefined;
  // Field by field, as below: spreading costs several times as much, and there may be millions of lines.
  const { place, timeNs, thread, process } = base;
  const { mutex, file, site } = lock;
  return { kind: 'lock', operation, name, mutex, file, site, place, timeNs, thread, process };
}

export function lockOperationOf({ group, name }: CatalogEntry): LockOperation | undefined {
  return group === 'lock' ? LOCK_OPERATIONS.get(name) : undefined;
}

/** undefined when the arguments fit no known format. */
export function eventItem(entry: CatalogEntry, args: string, base: ItemBase): EventItem | undefined {
  return decodedItem(entry, entry.decode(args), base);
}

/** The same from arguments by name: a mutex event, too. */
export function fieldItem(
  entry: CatalogEntry,
  fields: readonly Field[],
  base: ItemBase,
): EventItem | LockItem | undefined {
  const item = decodedItem(entry, entry.decodeFields(fields), base);
  const operation = lockOperationOf(entry);
  if (item === undefined || operation === undefined || !('mutex' in item.event.args)) return item;
  const { mutex, file, line } = item.event.args;
  return { kind: 'lock', operation, name: entry.name, mutex, file, site: `${file}:${line}`, ...base };
}

function decodedItem(entry: CatalogEntry, decoded: Decoded | undefined, base: ItemBase): EventItem | undefined {
  if (decoded === undefined) return undefined;
  const event = { name: entry.name, args: decoded.args };
  if (!isKnownEvent(event, entry)) return undefined;
  const { place, timeNs, thread, process } = base;
  return { kind: 'event', group: entry.group, event, extra: decoded.extra, place, timeNs, thread, process };
}

/** Events that nothing rests on: arguments that fit no known format do no harm. */
export function isOnlyCounted({ group, name }: CatalogEntry): boolean {
  // How long a device took is shown beside the protocol, and moves nothing in it.
  if (name === 'vmstate_downtime_save') return true;
  return group === 'destination' || group === 'round' || group === 'device';
}
