/** Runs the simulated process from its start to its end. */
import type { EmulatorConfig } from './config.ts';
import type { EmissionSink } from './emission.ts';
import type { FaultId } from './faults/registry.ts';

export type RunEnd = 'completed' | 'cancelled' | 'failed' | 'aborted' | 'running' | 'refused';

export interface SimulationResult {
  /** How each run ended, in order; `refused`: the command was an error, nothing began. */
  readonly runs: readonly RunEnd[];
  /** The faults whose place the code came to. */
  readonly reachedFaults: ReadonlySet<FaultId>;
}

export function simulate(_config: EmulatorConfig, _sink: EmissionSink): SimulationResult {
  return { runs: [], reachedFaults: new Set() };
}
