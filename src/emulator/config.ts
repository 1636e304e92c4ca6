/** What is simulated: one QEMU process, its guest, and what a client of its monitor does. */
import type { Band, State } from '../catalog/vocabulary.ts';
import type { FaultId } from './faults/registry.ts';
import type { Capabilities, Parameters } from './settings.ts';

export interface EmulatorConfig {
  readonly version: Band;
  readonly seed: number;
  readonly guest: GuestConfig;
  /** One after another in the same process. */
  readonly runs: readonly RunConfig[];
  readonly faults: readonly FaultId[];
  /** Of `thread`: the patch as it was posted for review. False: with what the review asked for, as the merged one. */
  readonly asPosted: boolean;
  /** A client polls query-migrate this often; undefined: nobody polls. */
  readonly pollIntervalMs: number | undefined;
  /** The client says `quit` at the end. */
  readonly quits: boolean;
  /** The user cancels a migration that has not ended so long after it began, or after the last thing that was to happen at a set time; undefined: never. */
  readonly patienceMs: number | undefined;
  /** The client cancels the migration when the log has so many bytes, and no run follows. */
  readonly logBytes?: number;
  /** The log ends here at the latest, whatever goes on. */
  readonly endsAfterMs: number;
}

export interface GuestConfig {
  readonly memoryBytes: number;
  /** Of these bytes the guest dirties some; the rest never changes. */
  readonly workingSetBytes: number;
  readonly dirtyRateBytesPerSecond: number;
  /** Bytes of memory that are not zero at the start, besides the working set. */
  readonly usedBytes: number;
  /** Further rates, from a time on since the process started. */
  readonly phases: readonly GuestPhase[];
  readonly vcpus: number;
  /** KVM logs dirty pages in rings, one per vCPU (`dirty-ring-size`), not in bitmaps. */
  readonly hasDirtyRing: boolean;
  /** False: stopped (`-S`, or `stop`), runstate paused. */
  readonly running: boolean;
}

export interface GuestPhase {
  readonly fromMs: number;
  readonly dirtyRateBytesPerSecond: number;
  readonly workingSetBytes?: number;
}

export interface RunConfig {
  /** migrate covers precopy, postcopy, COLO and background snapshots: capabilities and commands tell them apart. */
  readonly command: 'migrate' | 'snapshot-save';
  readonly capabilities: Capabilities;
  readonly parameters: Parameters;
  readonly channel: ChannelConfig;
  readonly modules: readonly ModuleConfig[];
  readonly commands: readonly Command[];
  /** COLO: checkpoints before the failover. */
  readonly checkpoints: number;
  /** Time between the end of the run before, or the guest's start, and this run's command. */
  readonly startsAfterMs: number;
  /** Where it fails by itself; the link stays intact but for `postcopy`. */
  readonly failsAt?: FailurePoint | undefined;
}

export const FAILURE_POINTS = [
  'setup',
  'iterate',
  'switchover',
  'completion',
  'device-save',
  'package',
  'postcopy',
] as const;

/**
 * A module's setup; its third round; the disks, which are to be inactivated;
 * RAM's last pages; the last device; the package of a postcopy; and the link in
 * the first round behind it, which pauses the migration.
 */
export type FailurePoint = (typeof FAILURE_POINTS)[number];

export interface ChannelConfig {
  readonly kind: 'socket' | 'file' | 'exec';
  /** False: nobody listens there. */
  readonly connects: boolean;
  readonly bandwidthBytesPerSecond: number;
  readonly latencyUs: number;
  /** Each time the link fails; a later `migrate-resume` brings a new one. */
  readonly breaks: readonly Moment[];
  /** Until the destination has loaded what the package or the last section holds. */
  readonly loadMs: number;
  /** Switchover-ack: until the destination acknowledges, from when it is asked. */
  readonly ackMs: number;
}

/** A time after a state was reached for the first time in the run; without a state after its command. */
export interface Moment {
  readonly state?: State;
  readonly afterMs: number;
}

export type ModuleConfig =
  | { readonly kind: 'dirty-bitmaps'; readonly bitmaps: number; readonly bytesPerBitmap: number }
  | {
      readonly kind: 'vfio';
      readonly name: string;
      /** Device state that only the stop-copy phase can send. */
      readonly stopcopyBytes: number;
      readonly precopyInitialBytes: number;
      readonly precopyDirtyBytes: number;
      /** What the device dirties again. */
      readonly dirtyRateBytesPerSecond: number;
      /** It re-initialises when it stops, and asks for another switchover ack in the final query. */
      readonly asksAckAtSwitchover?: boolean;
      /** The ioctl behind an exact query takes so long. */
      readonly exactQueryMs?: number;
      /** It re-initialises while it runs, so long after its setup: as much initial data again. */
      readonly initialAgainAfterMs?: number;
    }
  /** Without live state: saved while the VM is stopped. */
  | { readonly kind: 'device'; readonly name: string; readonly saveMs: number; readonly bytes: number }
  | { readonly kind: 'cmma'; readonly attributes: number; readonly dirtyRatePerSecond: number };

export type Command =
  | { readonly command: 'migrate-start-postcopy'; readonly at: Moment }
  | { readonly command: 'migrate-cancel'; readonly at: Moment }
  | { readonly command: 'migrate-continue'; readonly at: Moment }
  | { readonly command: 'migrate-pause'; readonly at: Moment }
  /** migrate-recover on the destination, then migrate with resume=true here. */
  | { readonly command: 'migrate-resume'; readonly at: Moment }
  | { readonly command: 'migrate-set-parameters'; readonly parameters: Parameters; readonly at: Moment };

export const DEFAULT_GUEST: GuestConfig = {
  memoryBytes: 268_435_456,
  workingSetBytes: 16_777_216,
  dirtyRateBytesPerSecond: 31_457_280,
  usedBytes: 100_663_296,
  phases: [],
  vcpus: 1,
  hasDirtyRing: false,
  running: true,
};

/** The settings of a process besides its guest and its runs, for those that say nothing of them. */
export const DEFAULT_PROCESS = {
  faults: [],
  asPosted: true,
  pollIntervalMs: 50,
  quits: false,
  patienceMs: 20_000,
  endsAfterMs: 120_000,
} as const satisfies Partial<EmulatorConfig>;

export const DEFAULT_CHANNEL: ChannelConfig = {
  kind: 'socket',
  connects: true,
  bandwidthBytesPerSecond: 188_743_680,
  latencyUs: 60,
  breaks: [],
  loadMs: 4,
  ackMs: 20,
};

export const DEFAULT_RUN: RunConfig = {
  command: 'migrate',
  capabilities: {},
  parameters: {},
  channel: DEFAULT_CHANNEL,
  modules: [],
  commands: [],
  checkpoints: 0,
  startsAfterMs: 200,
};
