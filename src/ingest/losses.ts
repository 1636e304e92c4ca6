/**
 * What the recorders print about events that they lost: the kernel's trace,
 * trace-cmd report, babeltrace, SystemTap and simpletrace.py.
 */
const LOST =
  /^CPU:\d+ \[(?:LOST )?(\d+ )?EVENTS(?: DROPPED)?\]$|^\[?warning\]?:? Tracer (?:may have )?discarded (\d+ )?(?:event|packet)|^WARNING: There were (\d+) transport failures|^WARNING: Number of errors: \d+, skipped probes: (\d+)|^Dropped_Event -?\d+\.\d+ pid=\d+ \w+=(0x[0-9a-f]+)/i;
const BUFFER_STARTS = /^##### CPU (\d+) buffer started ####/;
const RING_BUFFER = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/;

/** What a recording says of the events that it lost. */
export class Losses {
  /** CPUs whose ring buffers have begun, once the heading of the kernel's trace says that events were lost. */
  #begun: Set<number> | undefined;

  /**
   * How many events are lost where the recorder prints this line, undefined for
   * any other line. It is 0 where a ring buffer begins: the heading counts its loss.
   */
  saidBy(line: string): number | undefined {
    const ring = RING_BUFFER.exec(line);
    if (ring !== null) return this.#heading(Number(ring[2]) - Number(ring[1]));
    const cpu = BUFFER_STARTS.exec(line)?.[1];
    if (cpu !== undefined) {
      this.#begun?.add(Number(cpu));
      return 0;
    }
    const match = LOST.exec(line);
    if (match === null) return undefined;
    const count = match.slice(1).find((part) => part !== undefined);
    return count === '0' ? undefined : Number(count ?? 1);
  }

  /**
   * Each ring buffer of the kernel loses its own oldest events, and its part of
   * the trace begins in the middle of the others'. An option leaves out the lines that mark it.
   */
  ringBegins(cpu: number | undefined): boolean {
    if (this.#begun === undefined || cpu === undefined || this.#begun.has(cpu)) return false;
    this.#begun.add(cpu);
    return true;
  }

  #heading(lost: number): number | undefined {
    if (lost <= 0) return undefined;
    this.#begun = new Set();
    return lost;
  }
}
