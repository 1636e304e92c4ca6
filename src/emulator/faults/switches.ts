/** The faults that are switched on, and whether the code came to their places. */
import type { FaultId } from './registry.ts';

export class FaultSwitches {
  readonly #on: ReadonlySet<FaultId>;
  readonly #reached = new Set<FaultId>();

  constructor(on: readonly FaultId[]) {
    this.#on = new Set(on);
  }

  get reached(): ReadonlySet<FaultId> {
    return this.#reached;
  }

  /** Whether it is on, without coming to its place. */
  has(fault: FaultId): boolean {
    return this.#on.has(fault);
  }

  /** Asked at the fault's place in the code, and nowhere else: the answer counts as reached. */
  reaches(fault: FaultId): boolean {
    if (!this.#on.has(fault)) return false;
    this.#reached.add(fault);
    return true;
  }
}
