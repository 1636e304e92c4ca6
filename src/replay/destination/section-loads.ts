/**
 * The sections of the stream as the destination reads them: which one begins
 * at a line, and, up to QEMU 8.1, which does not measure it itself, how long
 * each one of the switchover took to load.
 */
import type { EventItem } from '../../ingest/trace-item.ts';
import type { DeviceSave } from '../run.ts';

/** QEMU_VM_SECTION_END and QEMU_VM_SECTION_FULL: what comes with the VM stopped. */
const END = 3;
const FULL = 4;
const MAX_SECTIONS = 4096;

export interface LoadedSection {
  readonly id: number;
  readonly idstr: string;
  /** A device's one section, not a part of an iterable one. */
  readonly full: boolean;
}

interface OpenLoad {
  readonly idstr: string;
  readonly instance: number;
  readonly iterable: boolean;
  readonly ns: number;
}

export class SectionLoads {
  readonly loads: DeviceSave[] = [];
  /** No section came without its type. */
  typed = true;
  readonly #names = new Map<number, { idstr: string; instance: number }>();
  /** Per thread: in postcopy two threads load. */
  readonly #types = new Map<number | undefined, number>();
  readonly #open = new Map<number | undefined, OpenLoad>();

  /** The section that a source announces with savevm_section_start, if this line begins one. */
  event(item: EventItem, ignoreTimes: boolean): LoadedSection | undefined {
    const { event, thread } = item;
    switch (event.name) {
      case 'qemu_loadvm_state_section':
        this.#close(item);
        this.#types.set(thread, Number(event.args.section_type));
        return undefined;
      case 'qemu_loadvm_state_section_startfull': {
        const { section_id, idstr, instance_id } = event.args;
        const id = Number(section_id);
        if (this.#names.size < MAX_SECTIONS) this.#names.set(id, { idstr, instance: Number(instance_id) });
        const type = this.#takeType(thread);
        if (type !== FULL) return undefined;
        if (!ignoreTimes) this.#begin(item, id, false);
        return { id, idstr, full: true };
      }
      case 'qemu_loadvm_state_section_partend': {
        const id = Number(event.args.section_id);
        const name = this.#names.get(id);
        if (this.#takeType(thread) === END && !ignoreTimes) this.#begin(item, id, true);
        return name === undefined ? undefined : { id, idstr: name.idstr, full: false };
      }
      default:
        return undefined;
    }
  }

  #takeType(thread: number | undefined): number | undefined {
    const type = this.#types.get(thread);
    this.#types.delete(thread);
    if (type === undefined) this.typed = false;
    return type;
  }

  #begin({ timeNs, thread }: EventItem, id: number, iterable: boolean): void {
    const name = this.#names.get(id);
    if (timeNs !== undefined && name !== undefined) this.#open.set(thread, { ...name, iterable, ns: timeNs });
  }

  #close({ timeNs, thread }: EventItem): void {
    const open = this.#open.get(thread);
    this.#open.delete(thread);
    if (open === undefined || timeNs === undefined || this.loads.length >= MAX_SECTIONS) return;
    const { idstr, instance, iterable, ns } = open;
    this.loads.push({ iterable, idstr, instance, durationNs: timeNs - ns });
  }
}
