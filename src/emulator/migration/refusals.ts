/** What QEMU refuses at once: capabilities that need or exclude each other, and devices that cannot. */
import type { RunConfig } from '../config.ts';
import type { Runstate } from '../guest/vm.ts';
import { allCapabilities, type Capability } from '../settings.ts';

const NOT_WITH_BACKGROUND_SNAPSHOT: readonly Capability[] = [
  'postcopy-ram',
  'dirty-bitmaps',
  'return-path',
  'multifd',
  'pause-before-switchover',
  'auto-converge',
  'x-colo',
];

const NEEDS: readonly (readonly [Capability, Capability])[] = [
  ['postcopy-preempt', 'postcopy-ram'],
  ['switchover-ack', 'return-path'],
  ['x-colo', 'return-path'],
];

/** The error that the client of the monitor gets; undefined: the run may begin. */
export function refusalOf(run: RunConfig, runstate: Runstate, hasDirtyRing: boolean): string | undefined {
  if (runstate === 'postmigrate') return "Can't migrate the vm that was paused due to previous migration";
  const capabilities = allCapabilities(run.capabilities);
  for (const [capability, needed] of NEEDS) {
    if (capabilities[capability] && !capabilities[needed]) {
      return `Capability '${capability}' requires capability '${needed}'`;
    }
  }
  if (capabilities['background-snapshot']) {
    const other = NOT_WITH_BACKGROUND_SNAPSHOT.find((capability) => capabilities[capability]);
    if (other !== undefined) return `Background-snapshot is not compatible with ${other}`;
  }
  if (capabilities['dirty-limit']) {
    if (capabilities['auto-converge']) {
      return 'dirty-limit conflicts with auto-converge either of then available currently';
    }
    if (!hasDirtyRing) return "dirty-limit requires KVM with accelerator property 'dirty-ring-size' set";
  }
  if (run.channel.kind !== 'socket' && (capabilities['postcopy-ram'] || capabilities['return-path'])) {
    return `${run.channel.kind === 'file' ? 'A file' : 'A command'} has no return path`;
  }
  const vfio = run.modules.find((config) => config.kind === 'vfio');
  if (vfio === undefined) return undefined;
  if (capabilities['postcopy-ram']) return `${vfio.name}: VFIO migration is not supported with postcopy migration`;
  if (capabilities['background-snapshot'])
    return `${vfio.name}: VFIO migration is not supported with background snapshot`;
  return undefined;
}
