/** Runs of the engine for its tests, without the shell that writes logs. */
import type { EventName } from '../../src/catalog/catalog.ts';
import type { ArgValues } from '../../src/catalog/declaration.ts';
import type { Band } from '../../src/catalog/vocabulary.ts';
import {
  type ChannelConfig,
  DEFAULT_CHANNEL,
  DEFAULT_GUEST,
  DEFAULT_RUN,
  type EmulatorConfig,
  type GuestConfig,
  type RunConfig,
} from '../../src/emulator/config.ts';
import type { Message, Sample } from '../../src/emulator/emission.ts';
import type { FaultId } from '../../src/emulator/faults/registry.ts';
import { type SimulationResult, simulate } from '../../src/emulator/simulate.ts';

/** One trace event. */
export interface Emission {
  readonly timeNs: number;
  readonly thread: number;
  readonly event: EventName;
  readonly args: ArgValues;
}

export interface Recording {
  readonly emissions: readonly Emission[];
  readonly messages: readonly Message[];
  readonly samples: readonly Sample[];
  readonly result: SimulationResult;
}

/** A small guest, so that a test's run is short. */
export const GUEST: GuestConfig = {
  ...DEFAULT_GUEST,
  memoryBytes: 67_108_864,
  usedBytes: 25_165_824,
  workingSetBytes: 8_388_608,
};

const LIMITS = { 'downtime-limit': 50, 'max-bandwidth': 104_857_600 } as const;

export interface Wish {
  readonly version?: Band;
  readonly seed?: number;
  readonly guest?: Partial<GuestConfig>;
  readonly faults?: readonly FaultId[];
  readonly run?: Partial<RunConfig>;
  readonly channel?: Partial<ChannelConfig>;
  readonly more?: readonly RunConfig[];
  readonly quits?: boolean;
  readonly patienceMs?: number;
}

export function configOf(wish: Wish): EmulatorConfig {
  const channel = { ...DEFAULT_CHANNEL, ...wish.channel };
  const run = { ...DEFAULT_RUN, parameters: LIMITS, ...wish.run, channel };
  return {
    version: wish.version ?? '11.1',
    seed: wish.seed ?? 1,
    guest: { ...GUEST, ...wish.guest },
    runs: [run, ...(wish.more ?? [])],
    faults: wish.faults ?? [],
    asPosted: false,
    pollIntervalMs: 20,
    quits: wish.quits ?? true,
    patienceMs: wish.patienceMs,
    endsAfterMs: 120_000,
  };
}

export function record(wish: Wish): Recording {
  const emissions: Emission[] = [];
  const messages: Message[] = [];
  const samples: Sample[] = [];
  const result = simulate(configOf(wish), {
    writtenBytes: 0,
    printerOf: (event) => ({ print: (timeNs, thread, args) => emissions.push({ timeNs, thread, event, args }) }),
    message: (message) => messages.push(message),
    sample: (sample) => samples.push(sample),
  });
  return { emissions, messages, samples, result };
}

export function named({ emissions }: Recording, ...events: readonly EventName[]): readonly Emission[] {
  return emissions.filter(({ event }) => events.includes(event));
}

export function numberOf({ args }: Emission, name: string): number {
  const value = args[name];
  if (typeof value !== 'number') throw new Error(`${name} is no number`);
  return value;
}

export const statesOf = (recording: Recording): readonly string[] =>
  named(recording, 'migrate_set_state').map(({ args }) => String(args['new_state']));

/** Each kind of migration, by what is asked for. */
export const KINDS: Readonly<Record<string, Wish>> = {
  precopy: {},
  postcopy: {
    run: {
      capabilities: { 'postcopy-ram': true },
      commands: [{ command: 'migrate-start-postcopy', at: { afterMs: 250 } }],
    },
  },
  recover: {
    run: {
      capabilities: { 'postcopy-ram': true },
      parameters: { ...LIMITS, 'max-postcopy-bandwidth': 52_428_800 },
      commands: [
        { command: 'migrate-start-postcopy', at: { afterMs: 150 } },
        { command: 'migrate-resume', at: { state: 'postcopy-paused', afterMs: 100 } },
      ],
    },
    channel: { breaks: [{ state: 'postcopy-active', afterMs: 40 }] },
  },
  cancel: { run: { commands: [{ command: 'migrate-cancel', at: { afterMs: 230 } }] } },
  failure: { channel: { breaks: [{ afterMs: 230 }] } },
  pause: {
    run: {
      capabilities: { 'pause-before-switchover': true },
      commands: [{ command: 'migrate-continue', at: { state: 'pre-switchover', afterMs: 300 } }],
    },
  },
  'cancel-in-pause': {
    run: {
      capabilities: { 'pause-before-switchover': true },
      commands: [{ command: 'migrate-cancel', at: { state: 'pre-switchover', afterMs: 100 } }],
    },
  },
  unreachable: { channel: { connects: false } },
  snapshot: { run: { command: 'snapshot-save' } },
  'background-snapshot': { run: { capabilities: { 'background-snapshot': true } }, channel: { kind: 'file' } },
  colo: {
    run: {
      capabilities: { 'x-colo': true, 'return-path': true },
      parameters: { ...LIMITS, 'x-checkpoint-delay': 100 },
      checkpoints: 2,
    },
  },
  bitmaps: {
    run: {
      capabilities: { 'dirty-bitmaps': true },
      modules: [{ kind: 'dirty-bitmaps', bitmaps: 2, bytesPerBitmap: 65_536 }],
    },
  },
};
