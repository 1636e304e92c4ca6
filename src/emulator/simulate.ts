/** Runs the simulated process from its start to its end. */
import type { EmulatorConfig } from './config.ts';
import type { EmissionSink } from './emission.ts';
import type { FaultId } from './faults/registry.ts';
import { Vm } from './guest/vm.ts';
import type { Attempt, Machine } from './migration/attempt.ts';
import { Client } from './monitor/client.ts';
import { Core } from './process/core.ts';
import { MainLoop } from './process/main-loop.ts';
import { allParameters } from './settings.ts';

type RunEnd = 'completed' | 'cancelled' | 'failed' | 'aborted' | 'running' | 'refused';

export interface SimulationResult {
  /** How each run ended, in order; `refused`: the command was an error, and nothing began. */
  readonly runs: readonly RunEnd[];
  /** The faults whose place the code came to. */
  readonly reachedFaults: ReadonlySet<FaultId>;
  /** What a refused run's client was told. */
  readonly refusals: readonly string[];
}

export function simulate(config: EmulatorConfig, sink: EmissionSink): SimulationResult {
  const core = new Core(config, sink);
  const mainLoop = new MainLoop(core);
  const machine: Machine = { core, vm: new Vm(core), mainLoop, parameters: allParameters({}) };
  const client = new Client(machine, sink);
  core.scheduler.run(config.endsAfterMs * 1e6);
  return {
    runs: config.runs.map((_, index) => endOf(client.attempts[index], core.aborted)),
    reachedFaults: core.faults.reached,
    refusals: client.attempts.flatMap(({ refusal }) => refusal ?? []),
  };
}

function endOf(attempt: Attempt | undefined, aborted: boolean): RunEnd {
  const state = attempt?.state;
  if (attempt?.refusal !== undefined) return 'refused';
  if (state === 'completed' || state === 'cancelled' || state === 'failed') return state;
  return aborted ? 'aborted' : 'running';
}
