/** Where the code takes and releases its locks: file and line, which the mutex events show. Lines differ per build. */
import type { Band } from '../../catalog/vocabulary.ts';

export interface Place {
  readonly file: string;
  readonly line: number;
}

const PLACES = {
  mainLoop: ['util/main-loop.c', 304, 311, 313],
  unlock: ['system/cpus.c', 511, 566, 587],
  pauseAll: ['system/cpus.c', 588, 640, 660],
  pauseAllLock: ['system/cpus.c', 597, 649, 669],
  haltedVcpu: ['system/cpus.c', 424, 453, 474],
  runOnCpu: ['cpu-common.c', 151, 160, 164],
  vcpuExec: ['accel/kvm/kvm-all.c', 3097, 3331, 3627],
  vcpuIo: ['system/physmem.c', 2752, 2930, 3193],
  header: ['migration/migration.c', 0, 3571, 3681],
  setup: ['migration/migration.c', 0, 3598, 3711],
  ramSetup: ['migration/ram.c', 3285, 3159, 3198],
  ramSync: ['migration/ram.c', 3543, 3412, 3450],
  bitmapPending: ['migration/block-dirty-bitmap.c', 767, 767, 775],
  completion: ['migration/migration.c', 3347, 2784, 2864],
  postcopyCompletion: ['migration/migration.c', 3371, 2809, 2889],
  postcopyStart: ['migration/migration.c', 2433, 2521, 2602],
  switchover: ['migration/migration.c', 3306, 2726, 2806],
  completionEnd: ['migration/migration.c', 0, 3110, 3209],
  finish: ['migration/migration.c', 3844, 3352, 3459],
  cleanup: ['migration/migration.c', 1812, 1269, 1348],
  backgroundStop: ['migration/migration.c', 4170, 3694, 3838],
  colo: ['migration/colo.c', 434, 431, 445],
  coloStop: ['migration/colo.c', 412, 409, 423],
  coloStart: ['migration/colo.c', 500, 497, 511],
  bitmapMutex: ['include/qemu/lockable.h', 56, 56, 56],
  dirtyLimit: ['migration/dirtyrate.c', 0, 105, 105],
  slots: ['accel/kvm/kvm-all.c', 1700, 1836, 1973],
  slotsEnd: ['accel/kvm/kvm-all.c', 1702, 1838, 1975],
} as const satisfies Readonly<Record<string, readonly [string, number, number, number]>>;

export type PlaceName = keyof typeof PLACES;

const COLUMN: Readonly<Record<Band, 1 | 2 | 3>> = { '7.2': 1, '10.0': 2, thread: 2, '11.1': 3 };

/** 7.2 kept system/ in softmmu/, and run_on_cpu() in cpus-common.c. */
function fileIn(band: Band, file: string): string {
  if (band === '11.1') return file.startsWith('include/') ? `./${file}` : file;
  if (band !== '7.2') return file.startsWith('include/') ? `/usr/src/qemu/${file}` : `../src/${file}`;
  if (file === 'cpu-common.c') return '../../cpus-common.c';
  return `../../${file.replace(/^system\//, 'softmmu/')}`;
}

export function placeOf(band: Band, name: PlaceName): Place {
  const entry = PLACES[name];
  return { file: fileIn(band, entry[0]), line: entry[COLUMN[band]] };
}
