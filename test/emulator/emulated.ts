/** Runs the emulator in this process and keeps what it writes. */
import type { Band } from '../../src/catalog/vocabulary.ts';
import type { EmulatorConfig } from '../../src/emulator/config.ts';
import type { FaultId } from '../../src/emulator/faults/registry.ts';
import { ByteLog } from '../../src/emulator/shell/byte-log.ts';
import { type EventSet, filterFor } from '../../src/emulator/shell/event-sets.ts';
import { type LogForm, LogWriter } from '../../src/emulator/shell/log-writer.ts';
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

/** The same run with one log per thread. */
export function emulateThreads(scenario: string, request: EmulationRequest = {}): readonly (readonly string[])[] {
  const config = configOf(scenario, request);
  const threads = new Map<number, Collected>();
  const log = (thread: number): ByteLog => {
    const known = threads.get(thread) ?? collect();
    threads.set(thread, known);
    return known.log;
  };
  simulate(config, new LogWriter(formOf(config, request), { log, stderr: undefined, samples: undefined }));
  return [...threads.values()].map(({ lines }) => lines());
}

export function emulateConfig(config: EmulatorConfig, request: EmulationRequest = {}): Emulation {
  const all = collect();
  const samples = collect();
  const outputs = { log: () => all.log, stderr: undefined, samples: samples.log };
  const result = simulate(config, new LogWriter(formOf(config, request), outputs));
  return { result, lines: all.lines(), samples: samples.lines() };
}

function formOf({ version }: EmulatorConfig, { events = ['recommended'], prefix }: EmulationRequest): LogForm {
  return { version, prefix: prefix ?? prefixOf(version), shows: filterFor(events) };
}

interface Collected {
  readonly log: ByteLog;
  /** To be asked once, at the end. */
  lines(): readonly string[];
}

/** A log that is kept in memory. */
export function collect(): Collected {
  const blocks: Buffer[] = [];
  const log = new ByteLog((bytes) => blocks.push(Buffer.from(bytes)));
  const lines = (): readonly string[] => {
    log.flush();
    return Buffer.concat(blocks).toString().split('\n').slice(0, -1);
  };
  return { log, lines };
}
