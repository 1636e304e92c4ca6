/** Which way the code goes at each point with the faults that are switched on, and whether it came to their places. */
import { type CodePath, RIGHT } from './code-path.ts';
import type { Fault } from './fault.ts';
import { type FaultId, faultNamed } from './registry.ts';

export class FaultSwitches {
  readonly #path: CodePath;
  readonly #turnedBy = new Map<keyof CodePath, FaultId[]>();
  readonly #reached = new Set<FaultId>();

  constructor(on: readonly FaultId[]) {
    let path = RIGHT;
    for (const id of on) {
      const turns: Fault['turns'] = faultNamed(id)?.turns ?? {};
      path = { ...path, ...turns };
      for (const point of keysOf(turns)) this.#turnedBy.set(point, [...(this.#turnedBy.get(point) ?? []), id]);
    }
    this.#path = path;
  }

  get reached(): ReadonlySet<FaultId> {
    return this.#reached;
  }

  /** Asked at the point itself, and nowhere else: the faults that turn it count as reached. */
  at<P extends keyof CodePath>(point: P): CodePath[P] {
    if (this.#turnedBy.size > 0) for (const fault of this.#turnedBy.get(point) ?? NONE) this.#reached.add(fault);
    return this.#path[point];
  }

  /** The same, without coming to the place. */
  ahead<P extends keyof CodePath>(point: P): CodePath[P] {
    return this.#path[point];
  }
}

const NONE: readonly FaultId[] = [];

function keysOf<T extends object>(record: T): readonly (keyof T)[];
function keysOf(record: object): readonly string[] {
  return Object.keys(record);
}
