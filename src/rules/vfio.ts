/**
 * What the rules about VFIO devices share. The sizes in these lines are what
 * the device's driver answers, and that may be anything: no rule takes one for
 * true by itself.
 */
import type { EventName } from '../catalog/catalog.ts';
import type { Migration } from '../replay/run.ts';
import { type Judgement, notApplicable } from './rule.ts';

/** What VFIO prints in a pending query, by version. */
export const VFIO_PENDING_NAMES: readonly EventName[] = [
  'vfio_state_pending',
  'vfio_state_pending_estimate',
  'vfio_state_pending_exact',
];

const VFIO_EVENT_NAMES: readonly EventName[] = [
  ...VFIO_PENDING_NAMES,
  'vfio_migration_set_device_state',
  'vfio_migration_set_state',
  'vfio_vmstate_change',
  'vfio_vmstate_change_prepare',
  'vfio_save_iterate',
  'vfio_save_complete_precopy',
];

/** Most guests have no VFIO device that migrates: nobody is asked to switch such events on. */
export function withoutVfio(migration: Migration): Judgement | undefined {
  if (VFIO_EVENT_NAMES.some((name) => migration.saw(name))) return undefined;
  return notApplicable('no VFIO event in the log');
}
