/**
 * One clock for the logs of one process. Times are nanoseconds since the whole
 * second of its first stamp, so that they stay exact in a `number` for 104 days.
 */
export class Clock {
  /** Seconds since 1970 of the base, undefined until the first stamp. */
  baseSeconds: number | undefined = undefined;

  toNs(seconds: number, nanos: number): number {
    this.baseSeconds ??= seconds;
    return (seconds - this.baseSeconds) * 1e9 + nanos;
  }

  /** A host time in seconds since 1970 on this clock; undefined when the log has no time stamps. */
  fromEpoch(seconds: number): number | undefined {
    return this.baseSeconds === undefined ? undefined : Math.round((seconds - this.baseSeconds) * 1e9);
  }
}
