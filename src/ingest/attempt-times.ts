/** When the migration began that an answer of query-migrate is about: by this it is told from another process's. */

/** Seconds since 1970 between which QEMU set start_time, which is right before the state `setup`. */
export interface StartTime {
  readonly from: number;
  readonly to: number;
}

interface Answered {
  readonly status: unknown;
  readonly totalMs: number | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** Of these, total-time stands still. */
const OVER: readonly unknown[] = ['completed', 'failed', 'cancelled'];

export function isOver(status: string): boolean {
  return OVER.includes(status);
}

export class AttemptTimes {
  /** By who answered. */
  readonly #started = new Map<string, StartTime>();

  note(who: string, { status, totalMs, from, to }: Answered): StartTime | undefined {
    // What is over is what went on before: a new attempt shows other states first, or nothing was asked in it.
    if (OVER.includes(status)) return this.#started.get(who);
    if (status === 'setup' || typeof status !== 'string' || totalMs === undefined) {
      this.#started.delete(who);
      return undefined;
    }
    if (from === undefined || to === undefined) return undefined;
    const started = { from: from - totalMs / 1000, to: to - totalMs / 1000 };
    this.#started.set(who, started);
    return started;
  }
}
