import type { DeviceSave } from '../replay/run.ts';
import type { DeviceBlock } from './report.ts';

const MAX_DEVICES = 100;

/** Largest first; equal ones in the order in which they were saved or loaded. */
export function deviceBlock(saves: readonly DeviceSave[]): DeviceBlock {
  const devices = saves
    .map(({ idstr, instance, durationNs }) => ({ idstr, instance, durationNs }))
    .sort((a, b) => b.durationNs - a.durationNs);
  const totalNs = devices.reduce((sum, { durationNs }) => sum + durationNs, 0);
  return { totalNs, devices: devices.slice(0, MAX_DEVICES), omitted: Math.max(0, devices.length - MAX_DEVICES) };
}
