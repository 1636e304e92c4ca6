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

const WAITS_PER_SLICE = 16_000;

export class Simulation {
  readonly #config: EmulatorConfig;
  readonly #core: Core;
  readonly #client: Client;

  constructor(config: EmulatorConfig, sink: EmissionSink) {
    this.#config = config;
    this.#core = new Core(config, sink);
    const core = this.#core;
    const mainLoop = new MainLoop(core);
    const machine: Machine = { core, vm: new Vm(core), mainLoop, parameters: allParameters({}) };
    this.#client = new Client(machine, sink);
  }

  /** So many waits of its threads, some milliseconds of work; the result when they were the last. */
  advance(waits = WAITS_PER_SLICE): SimulationResult | undefined {
    const isOver = this.#core.scheduler.run(this.#config.endsAfterMs * 1e6, waits);
    return isOver ? this.#result() : undefined;
  }

  #result(): SimulationResult {
    const { attempts } = this.#client;
    return {
      runs: this.#config.runs.map((_, index) => endOf(attempts[index], this.#core.aborted)),
      reachedFaults: this.#core.faults.reached,
      refusals: attempts.flatMap(({ refusal }) => refusal ?? []),
    };
  }
}

export function simulate(config: EmulatorConfig, sink: EmissionSink): SimulationResult {
  const simulation = new Simulation(config, sink);
  for (;;) {
    const result = simulation.advance();
    if (result !== undefined) return result;
  }
}

function endOf(attempt: Attempt | undefined, aborted: boolean): RunEnd {
  const state = attempt?.state;
  if (attempt?.refusal !== undefined) return 'refused';
  if (state === 'completed' || state === 'cancelled' || state === 'failed') return state;
  return aborted ? 'aborted' : 'running';
}
