/**
 * One clock for the logs of one process. Times are nanoseconds since the whole
 * second of its first stamp, so that they stay exact in a `number` for 104 days.
 */
export class Clock {
  /** Whole seconds of the base, undefined until the first stamp; since 1970 unless `sinceEpoch` is false. */
  baseSeconds: number | undefined = undefined;

  /** False where the stamps count from the host's start: no time of day can be put among them. */
  sinceEpoch = true;

  toNs(seconds: number, nanos: number): number {
    this.baseSeconds ??= seconds;
    return (seconds - this.baseSeconds) * 1e9 + nanos;
  }

  /** A host time in seconds since 1970 on this clock; undefined when the log has no time stamps. */
  fromEpoch(seconds: number): number | undefined {
    return this.baseSeconds === undefined || !this.sinceEpoch
      ? undefined
      : Math.round((seconds - this.baseSeconds) * 1e9);
  }
}
