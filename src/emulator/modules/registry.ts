/** The modules of a migration in the order of their registration, which queries and rounds keep. */
import type { ModuleConfig } from '../config.ts';
import { Cmma } from './cmma.ts';
import { DirtyBitmaps } from './dirty-bitmaps.ts';
import type { Module, Transfer } from './module.ts';
import type { PlainDevice } from './plain-devices.ts';
import type { Ram } from './ram.ts';
import { Vfio } from './vfio.ts';

interface AddedDevice extends PlainDevice {
  readonly saveMs: number;
}

/** Behind those of the board's devices. */
const FIRST_SECTION = 43;

export function buildModules(transfer: Transfer, ram: Ram, configs: readonly ModuleConfig[]): readonly Module[] {
  const bitmaps = configs.find((config) => config.kind === 'dirty-bitmaps');
  // Always registered, whether it has anything to do or not.
  const noBitmaps = { kind: 'dirty-bitmaps', bitmaps: 0, bytesPerBitmap: 0 } as const;
  const modules: Module[] = [ram, new DirtyBitmaps(transfer, bitmaps ?? noBitmaps)];
  for (const config of configs) {
    const sectionId = FIRST_SECTION + modules.length;
    if (config.kind === 'vfio') modules.push(new Vfio(transfer, config, sectionId));
    if (config.kind === 'cmma') modules.push(new Cmma(transfer, config, sectionId));
  }
  return modules;
}

/** Devices that were added to the board: behind the live modules in the order of registration. */
export function addedDevices(configs: readonly ModuleConfig[]): readonly AddedDevice[] {
  const live = configs.filter(({ kind }) => kind === 'vfio' || kind === 'cmma').length;
  return configs
    .flatMap((config) => (config.kind === 'device' ? [config] : []))
    .map(({ name, saveMs, bytes }, index) => ({
      name,
      saveMs,
      bytes,
      instance: 0,
      sectionId: FIRST_SECTION + 2 + live + index,
      isSkipped: false,
    }));
}
