/**
 * The guest's memory in pages, as the migration sees it: a working set that
 * the guest writes through in a circle, then pages that stay as they are, with
 * content and without, then the ROMs. Only the working set needs a bitmap.
 */
import { REAL_ZERO } from '../clock/real-zero.ts';
import type { GuestConfig } from '../config.ts';

export const PAGE_BYTES = 4096;

export interface RamBlock {
  readonly name: string;
  readonly pages: number;
}

/** The blocks of a PC besides pc.ram, in the order of the list: 532480 bytes. */
const ROM_BLOCKS: readonly RamBlock[] = [
  { name: '/rom@etc/acpi/tables', pages: 32 },
  { name: 'pc.bios', pages: 64 },
  { name: 'pc.rom', pages: 32 },
  { name: '/rom@etc/table-loader', pages: 1 },
  { name: '/rom@etc/acpi/rsdp', pages: 1 },
];

interface Range {
  readonly from: number;
  readonly to: number;
}

const NOTHING: readonly Range[] = [];

export class GuestMemory {
  readonly blocks: readonly RamBlock[];
  readonly workingPages: number;
  readonly usedPages: number;
  readonly zeroPages: number;
  readonly romPages: number;
  readonly #config: GuestConfig;
  /** Pages written since the log was read, whole circles folded into one range. */
  #written: Range[] = [];
  #cursor = 0;
  #fraction = REAL_ZERO;
  #lastNs = REAL_ZERO;
  #rate = 0;
  #pages = 0;
  #phaseEndNs = REAL_ZERO;

  constructor(config: GuestConfig) {
    this.#config = config;
    const pages = Math.max(1, Math.floor(config.memoryBytes / PAGE_BYTES));
    const widest = Math.max(config.workingSetBytes, ...config.phases.map((phase) => phase.workingSetBytes ?? 0));
    this.workingPages = Math.min(pages, Math.floor(widest / PAGE_BYTES));
    this.usedPages = Math.min(pages - this.workingPages, Math.floor(config.usedBytes / PAGE_BYTES));
    this.zeroPages = pages - this.workingPages - this.usedPages;
    this.romPages = ROM_BLOCKS.reduce((sum, block) => sum + block.pages, 0);
    this.blocks = [{ name: 'pc.ram', pages }, ...ROM_BLOCKS];
  }

  get totalPages(): number {
    return this.workingPages + this.usedPages + this.zeroPages + this.romPages;
  }

  /** The guest ran until now with so many percent of its time and no faster than the limit, or was stopped. */
  advance(nowNs: number, percent: number, limitBytesPerSecond = Number.POSITIVE_INFINITY): void {
    const elapsedNs = nowNs - this.#lastNs;
    this.#lastNs = nowNs;
    if (nowNs >= this.#phaseEndNs) this.#enterPhase(nowNs);
    const rate = this.#rate;
    const pages = this.#pages;
    if (percent <= 0 || rate <= 0 || pages === 0) return;
    const share = percent / 100;
    const written = this.#fraction + (Math.min(rate * share, limitBytesPerSecond) * elapsedNs) / 1e9 / PAGE_BYTES;
    const whole = Math.floor(written);
    this.#fraction = written - whole;
    this.#write(whole, pages);
  }

  /** Reads the log and clears it. */
  takeWritten(): readonly Range[] {
    if (this.#written.length === 0) return NOTHING;
    const ranges = this.#written;
    this.#written = [];
    return ranges;
  }

  /** What the guest does from this time on, up to the next phase's beginning. */
  #enterPhase(nowNs: number): void {
    const { phases, dirtyRateBytesPerSecond, workingSetBytes } = this.#config;
    const phase = phases.filter(({ fromMs }) => fromMs * 1e6 <= nowNs).at(-1);
    this.#rate = phase?.dirtyRateBytesPerSecond ?? dirtyRateBytesPerSecond;
    this.#pages = Math.min(this.workingPages, Math.floor((phase?.workingSetBytes ?? workingSetBytes) / PAGE_BYTES));
    const later = phases.map(({ fromMs }) => fromMs * 1e6).filter((fromNs) => fromNs > nowNs);
    this.#phaseEndNs = Math.min(...later);
  }

  #write(count: number, pages: number): void {
    if (count === 0) return;
    if (count >= pages) {
      this.#written = [{ from: 0, to: pages }];
      this.#cursor = (this.#cursor + count) % pages;
      return;
    }
    const from = this.#cursor >= pages ? 0 : this.#cursor;
    const to = Math.min(pages, from + count);
    this.#add(from, to);
    this.#cursor = to % pages;
    if (from + count > pages) {
      this.#cursor = from + count - pages;
      this.#add(0, this.#cursor);
    }
  }

  #add(from: number, to: number): void {
    const last = this.#written.at(-1);
    if (last?.to === from) this.#written[this.#written.length - 1] = { from: last.from, to };
    else this.#written.push({ from, to });
  }
}
