/**
 * The downtime window and what it was spent on.
 *
 * Downtime runs from src-downtime-start to src-downtime-end (QEMU 8.2 and
 * later; the first end counts, 8.2 to 9.2 print a second one in postcopy).
 * Without these it runs from the VM stop to `completed` in precopy and to
 * qemu_savevm_send_packaged in postcopy.
 */
import type { Uint64 } from '../base/uint64.ts';
import type { Checkpoint, DeviceSave, Downtime, Moment } from './run.ts';

const MAX_CHECKPOINTS = 64;
const MAX_DEVICES = 4096;
/** Modules whose sections stand in the iterable block when only section lines show them. */
const ITERABLE = /^(?:ram|dirty-bitmap|block)$|\/vfio$/;

export class DowntimeTracker {
  readonly checkpoints: Checkpoint[] = [];
  readonly #saves: DeviceSave[] = [];
  readonly #sections: DeviceSave[] = [];
  readonly #openSections = new Map<Uint64, number>();
  readonly #instances = new Map<string, number>();
  #start: Moment | undefined;
  #end: Moment | undefined;
  #stop: Moment | undefined;
  #fallbackEnd: Moment | undefined;
  /** Postcopy runs: an end that comes only now is the second one of 8.2 to 9.2. */
  #over = false;

  checkpoint(name: string, at: Moment): void {
    if (this.checkpoints.length < MAX_CHECKPOINTS) this.checkpoints.push({ name, at });
    if (name === 'src-downtime-start') this.#start ??= at;
    if (name === 'src-downtime-end' && this.#start !== undefined && !this.#over) this.#end ??= at;
  }

  postcopyRuns(): void {
    this.#over = true;
  }

  stopped(at: Moment): void {
    this.#stop ??= at;
  }

  /** The VM runs again: what ends the migration later is no end of this stop. */
  runs(): void {
    if (this.#fallbackEnd === undefined) this.#stop = undefined;
  }

  packaged(at: Moment): void {
    if (this.#stop !== undefined) this.#fallbackEnd ??= at;
  }

  completed(at: Moment): void {
    if (this.#stop !== undefined) this.#fallbackEnd ??= at;
  }

  deviceSave(args: { type: string; idstr: string; instance_id: Uint64; downtime: Uint64 }): void {
    if (this.#saves.length >= MAX_DEVICES) return;
    const durationNs = Number(args.downtime) * 1000;
    this.#saves.push({
      iterable: args.type === 'iterable',
      idstr: args.idstr,
      instance: Number(args.instance_id),
      durationNs,
    });
  }

  sectionStart(section: Uint64, at: Moment): void {
    if (at.ns !== undefined && this.#openSections.size < MAX_DEVICES) this.#openSections.set(section, at.ns);
  }

  sectionEnd(idstr: string, section: Uint64, at: Moment): void {
    const start = this.#openSections.get(section);
    if (start === undefined || at.ns === undefined || this.#sections.length >= MAX_DEVICES) return;
    this.#openSections.delete(section);
    const instance = this.#instances.get(idstr) ?? 0;
    this.#instances.set(idstr, instance + 1);
    this.#sections.push({ iterable: ITERABLE.test(idstr), idstr, instance, durationNs: at.ns - start });
  }

  /** As QEMU measured it (8.2 and later), else between the section lines. */
  get deviceSaves(): readonly DeviceSave[] {
    return this.#saves.length > 0 ? this.#saves : this.#sections;
  }

  window(): Downtime | undefined {
    return between(this.#start, this.#end) ?? between(this.#stop, this.#fallbackEnd);
  }
}

function between(start: Moment | undefined, end: Moment | undefined): Downtime | undefined {
  if (start?.ns === undefined || end?.ns === undefined) return undefined;
  return { startNs: start.ns, endNs: end.ns, durationNs: end.ns - start.ns, start: start.place, end: end.place };
}
