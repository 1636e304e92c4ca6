/** Runs the emulator in this process and keeps what it writes. */
import type { Band } from '../../src/catalog/vocabulary.ts';
import type { EmulatorConfig } from '../../src/emulator/config.ts';
import type { FaultId } from '../../src/emulator/faults/registry.ts';
import { type EventSet, filterFor } from '../../src/emulator/shell/event-sets.ts';
import { LogWriter } from '../../src/emulator/shell/log-writer.ts';
import { type Prefix, prefixOf } from '../../src/emulator/shell/prefix.ts';
import { configFor } from '../../src/emulator/shell/scenario.ts';
import { bundledScenario } from '../../src/emulator/shell/scenarios.ts';
import { type SimulationResult, simulate } from '../../src/emulator/simulate.ts';

export interface EmulationRequest {
  readonly version?: Band;
  readonly seed?: number;
  readonly faults?: readonly FaultId[];
  readonly events?: readonly EventSet[];
  readonly prefix?: Prefix;
  readonly set?: readonly string[];
  /** Of `thread`; unlike the command's, the default is false: every duty is kept. */
  readonly asPosted?: boolean;
}

export interface Emulation {
  readonly result: SimulationResult;
  /** Lines without line ends, in the order in which they were printed; messages among them. */
  readonly lines: readonly string[];
  readonly threads: ReadonlyMap<number, readonly string[]>;
  readonly samples: readonly string[];
}

export function configOf(scenario: string, request: EmulationRequest = {}): EmulatorConfig {
  const known = bundledScenario(scenario);
  if (known === undefined) throw new Error(`no scenario ${scenario}`);
  const { version = '11.1', seed = 1, faults = [], set = [], asPosted = false } = request;
  return configFor(known, { version, seed, faults, set: [`as-posted=${asPosted}`, ...set] });
}

export function emulate(scenario: string, request: EmulationRequest = {}): Emulation {
  return emulateConfig(configOf(scenario, request), request);
}

export function emulateConfig(config: EmulatorConfig, request: EmulationRequest = {}): Emulation {
  const { events = ['recommended'], prefix = prefixOf(config.version) } = request;
  const lines: string[] = [];
  const threads = new Map<number, string[]>();
  const samples: string[] = [];
  const writer = new LogWriter(
    { version: config.version, prefix, shows: filterFor(events) },
    {
      log: (line, thread) => {
        // A message may have several lines.
        lines.push(...line.slice(0, -1).split('\n'));
        const own = threads.get(thread) ?? [];
        own.push(...line.slice(0, -1).split('\n'));
        threads.set(thread, own);
      },
      stderr: undefined,
      samples: (line) => samples.push(line.slice(0, -1)),
    },
  );
  return { result: simulate(config, writer), lines, threads, samples };
}
