/**
 * One clock for the logs of one process. Times are nanoseconds since the whole
 * second of its first stamp, so that they stay exact in a `number` for 104 days.
 */
export class Clock {
  /** The whole second that times count from, undefined until the first stamp. */
  #baseSeconds: number | undefined = undefined;
  #sinceEpoch = true;

  /** For differences between two clocks of the same kind. */
  get baseSeconds(): number | undefined {
    return this.#baseSeconds;
  }

  /** Seconds since 1970 of the base; undefined without time stamps, or when they count from the boot of the host. */
  get epochSeconds(): number | undefined {
    return this.#sinceEpoch ? this.#baseSeconds : undefined;
  }

  toNs(seconds: number, nanos: number): number {
    this.#baseSeconds ??= seconds;
    return (seconds - this.#baseSeconds) * 1e9 + nanos;
  }

  /** The log's seconds count from another moment than 1970: nothing can be tied to the time of the host. */
  leavesEpoch(): void {
    this.#sinceEpoch = false;
  }

  /** A host time in seconds since 1970 on this clock, where the two can be compared. */
  fromEpoch(seconds: number): number | undefined {
    const base = this.epochSeconds;
    return base === undefined ? undefined : Math.round((seconds - base) * 1e9);
  }
}
