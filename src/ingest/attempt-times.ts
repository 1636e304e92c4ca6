/** When the migration began that an answer of query-migrate is about: by this it is told from another process's. */
import { TERMINAL_STATES } from '../catalog/vocabulary.ts';

/** Seconds since 1970 between which QEMU set start_time, which is right before the state `setup`. */
export interface StartTime {
  readonly from: number;
  readonly to: number;
}

interface Answered {
  readonly status: string | undefined;
  readonly totalMs: number | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

export class AttemptTimes {
  /** By who answered. */
  readonly #started = new Map<string, StartTime>();

  note(who: string, { status, totalMs, from, to }: Answered): StartTime | undefined {
    // What is over is what went on before, its total-time stands still: a new attempt shows other states first, or
    // nothing was asked in it.
    if (status !== undefined && TERMINAL_STATES.has(status)) return this.#started.get(who);
    if (status === 'setup' || status === undefined || totalMs === undefined) {
      this.#started.delete(who);
      return undefined;
    }
    if (from === undefined || to === undefined) return undefined;
    const started = { from: from - totalMs / 1000, to: to - totalMs / 1000 };
    this.#started.set(who, started);
    return started;
  }
}
