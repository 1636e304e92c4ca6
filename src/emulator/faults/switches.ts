/** Which way the code goes at each point with the faults that are switched on, and whether it came to their places. */
import { type CodePath, RIGHT } from './code-path.ts';
import type { Fault } from './fault.ts';
import { type FaultId, faultNamed } from './registry.ts';

export class FaultSwitches {
  /** Read at the point itself, and nowhere else: the faults that turn it count as reached. */
  readonly at: CodePath;
  /** The same, without coming to the place. */
  readonly ahead: CodePath;
  readonly #reached = new Set<FaultId>();

  constructor(on: readonly FaultId[]) {
    let path = RIGHT;
    const turnedBy = new Map<string, FaultId[]>();
    for (const id of on) {
      const turns: Fault['turns'] = faultNamed(id)?.turns ?? {};
      path = { ...path, ...turns };
      for (const point of Object.keys(turns)) turnedBy.set(point, [...(turnedBy.get(point) ?? []), id]);
    }
    this.ahead = path;
    this.at = this.#watched(path, turnedBy);
  }

  get reached(): ReadonlySet<FaultId> {
    return this.#reached;
  }

  /** Points that no fault turns are plain properties: they are read in every round. */
  #watched(path: CodePath, turnedBy: ReadonlyMap<string, readonly FaultId[]>): CodePath {
    const watched = { ...path };
    for (const [point, faults] of turnedBy) {
      const value: unknown = Reflect.get(path, point);
      const get = (): unknown => {
        for (const fault of faults) this.#reached.add(fault);
        return value;
      };
      Object.defineProperty(watched, point, { get });
    }
    return watched;
  }
}
