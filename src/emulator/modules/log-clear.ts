/**
 * KVM's dirty log is cleared late: a sync marks every chunk of a block, and the
 * first page of a chunk that is sent clears that chunk's log. The captured
 * mutexes of 11.1 show how often: five slots for the start of pc.ram, one for
 * pc.bios, none in the last round. Those of 10.2 show some sixty more in each
 * sync, of pieces that 11.0 joins: they are left out.
 */
import { PAGE_BYTES } from '../guest/memory.ts';
import type { Transfer } from './module.ts';

/** Pages of a chunk, as a power of two (x-clear-bitmap-shift): 1 GiB. */
const CHUNK_SHIFT = 18;
const CHUNK_PAGES = 2 ** CHUNK_SHIFT;
const CHUNK_BYTES = 2 ** 30;

/** A block that is no multiple of these is cleared while it is synced, page by page. */
const WORD_PAGES = 64;

interface Slot {
  readonly slot: number;
  readonly from: number;
  readonly to: number;
}

/** pc.ram is one slot above 1 MiB; what is below lies in pieces around the video memory and the ROMs. */
const LOW_SLOTS: readonly Slot[] = [
  { slot: 0, from: 0, to: 0xa0 },
  { slot: 3, from: 0xc0, to: 0xcb },
  { slot: 4, from: 0xcb, to: 0xf0 },
  { slot: 5, from: 0xf0, to: 0x100 },
  { slot: 1, from: 0x100, to: Number.POSITIVE_INFINITY },
];
const BIOS_SLOT = 2;

export class LogClear {
  /** Of the switchover: nothing reads the log any more. */
  isLastRound = false;
  readonly #transfer: Transfer;
  readonly #ramPages: number;
  readonly #bios: Slot;
  readonly #hasLog: boolean;
  readonly #isDue: Uint8Array;
  #isAllDue = false;
  #isBiosDue = false;

  constructor(transfer: Transfer) {
    this.#transfer = transfer;
    const { memory } = transfer.vm;
    let from = 0;
    let bios: Slot = { slot: BIOS_SLOT, from: 0, to: 0 };
    for (const { name, pages } of memory.blocks) {
      if (name === 'pc.bios') bios = { slot: BIOS_SLOT, from, to: from + pages };
      from += pages;
    }
    this.#bios = bios;
    this.#hasLog = !transfer.core.config.guest.hasDirtyRing;
    this.#ramPages = memory.blocks[0]?.pages ?? 0;
    this.#isDue = new Uint8Array(Math.ceil(this.#ramPages / CHUNK_PAGES));
  }

  /** Behind a sync every chunk's log is to be cleared once more. A dirty ring has no log that could be. */
  markAll(): void {
    if (this.#hasLog && !this.#isAllDue) this.#markAll();
  }

  #markAll(): void {
    if (this.#ramPages % WORD_PAGES === 0) this.#isDue.fill(1);
    this.#isBiosDue = true;
    this.#isAllDue = true;
  }

  /** migration_bitmap_clear_dirty(): before the page goes out. */
  clearAround(page: number): void {
    if (page < this.#ramPages) this.#clearRam(page);
    else if (this.#isBiosDue && page >= this.#bios.from && page < this.#bios.to) this.#clearBios(page);
  }

  #clears(): boolean {
    const { core, isInPostcopy } = this.#transfer;
    if (core.version.clearsLogToTheEnd) return true;
    if (isInPostcopy) return false;
    return !this.isLastRound || core.faults.at.lastRoundClears;
  }

  #clearRam(page: number): void {
    const chunk = Math.floor(page / CHUNK_PAGES);
    if (this.#isDue[chunk] !== 1 || !this.#clears()) return;
    this.#isDue[chunk] = 0;
    this.#isAllDue = false;
    const first = chunk * CHUNK_PAGES;
    this.#tell('pc.ram', first, page);
    const end = Math.min(first + CHUNK_PAGES, this.#ramPages);
    for (const { slot, from, to } of LOW_SLOTS) {
      const size = Math.min(to, end) - Math.max(from, first);
      if (size > 0)
        this.#transfer.core.tracer.event('kvm_clear_dirty_log', { slot, start: Math.max(first - from, 0), size });
    }
  }

  #clearBios(page: number): void {
    if (!this.#clears()) return;
    const { slot, from, to } = this.#bios;
    this.#isBiosDue = false;
    this.#isAllDue = false;
    this.#tell('pc.bios', 0, page - from);
    this.#transfer.core.tracer.event('kvm_clear_dirty_log', { slot, start: 0, size: to - from });
  }

  #tell(str: string, first: number, page: number): void {
    this.#transfer.core.tracer.event('migration_bitmap_clear_dirty', {
      str,
      start: first * PAGE_BYTES,
      size: CHUNK_BYTES,
      page,
    });
  }
}
