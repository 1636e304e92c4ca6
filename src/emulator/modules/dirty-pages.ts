/**
 * The migration's bitmap: which pages are still to be sent, and in which order.
 * Pages outside the working set never become dirty again, so a count of those
 * that were sent stands for their bits.
 */
import type { GuestMemory, RamBlock } from '../guest/memory.ts';

export class DirtyPages {
  /** How many bits are set; all of them at the start. */
  count: number;
  readonly #memory: GuestMemory;
  readonly #working: Uint8Array;
  readonly #staticPages: number;
  #staticSent = 0;
  #cursor = 0;
  readonly #asked: number[] = [];

  constructor(memory: GuestMemory) {
    this.#memory = memory;
    this.#working = new Uint8Array(memory.workingPages).fill(1);
    this.#staticPages = memory.usedPages + memory.zeroPages + memory.romPages;
    this.count = memory.totalPages;
  }

  get hasRequests(): boolean {
    return this.#asked.length > 0;
  }

  /** The dirty log into the bitmap; returns the pages that were clean. */
  collect(): number {
    const written = this.#memory.takeWritten();
    if (written.length === 0) return 0;
    let fresh = 0;
    for (const { from, to } of written) {
      for (let page = from; page < to; page += 1) {
        if (this.#working[page] === 1) continue;
        this.#working[page] = 1;
        fresh += 1;
      }
    }
    this.count += fresh;
    return fresh;
  }

  /** The next dirty page, clean from now on: one that was asked for, or the next behind the last. */
  take(): number | undefined {
    const page = this.#takeAsked() ?? (this.count > 0 ? this.#takeInOrder() : undefined);
    if (page !== undefined) this.count -= 1;
    return page;
  }

  /** A run of pages without content, all `count` of them or none: a guest may have very many. Returns the first. */
  takeZeroPages(count: number): number | undefined {
    const zeroSent = this.#staticSent - this.#memory.usedPages;
    const isNext = count > 0 && zeroSent > 0 && this.#cursor > this.#working.length && !this.hasRequests;
    if (!isNext || zeroSent + count > this.#memory.zeroPages) return undefined;
    const first = this.#working.length + this.#staticSent;
    this.#staticSent += count;
    this.#cursor += count;
    this.count -= count;
    return first;
  }

  ask(page: number): void {
    this.#asked.push(page);
  }

  /** False: it was clean. */
  clear(page: number): boolean {
    if (this.#working[page] !== 1) return false;
    this.#working[page] = 0;
    this.count -= 1;
    return true;
  }

  /** A dirty page of the working set, from `from` on or before it. */
  workingPage(from: number): number | undefined {
    const at = this.#working.indexOf(1, from);
    const page = at < 0 ? this.#working.indexOf(1) : at;
    return page < 0 ? undefined : page;
  }

  /** Pages sent last are dirty again: the destination never got them. */
  restore(count: number): void {
    const lost = Math.min(count, this.#staticSent);
    this.#staticSent -= lost;
    this.count += lost;
    this.#cursor = 0;
  }

  /** Runs of dirty pages in a block. */
  runsIn(block: RamBlock): number {
    if (block.name !== 'pc.ram') return this.#isUnsent(block) ? 1 : 0;
    let runs = 0;
    let last = 0;
    for (const dirty of this.#working) {
      if (dirty === 1 && last === 0) runs += 1;
      last = dirty;
    }
    const { usedPages, zeroPages } = this.#memory;
    const isTailDirty = this.#staticSent < usedPages + zeroPages;
    return isTailDirty && last === 0 ? runs + 1 : runs;
  }

  blockOf(page: number): string {
    let rest = page;
    for (const block of this.#memory.blocks) {
      if (rest < block.pages) return block.name;
      rest -= block.pages;
    }
    return 'pc.ram';
  }

  isZero(page: number): boolean {
    const at = page - this.#memory.workingPages - this.#memory.usedPages;
    return at >= 0 && at < this.#memory.zeroPages;
  }

  #takeAsked(): number | undefined {
    for (let page = this.#asked.shift(); page !== undefined; page = this.#asked.shift()) {
      if (this.#working[page] !== 1) continue;
      this.#working[page] = 0;
      return page;
    }
    return undefined;
  }

  #takeInOrder(): number | undefined {
    return this.#takeWorking(this.#cursor) ?? this.#takeStatic() ?? this.#takeWorking(0);
  }

  #takeWorking(from: number): number | undefined {
    const page = from < this.#working.length ? this.#working.indexOf(1, from) : -1;
    if (page < 0) return undefined;
    this.#working[page] = 0;
    this.#cursor = page + 1;
    return page;
  }

  #takeStatic(): number | undefined {
    if (this.#staticSent >= this.#staticPages) return undefined;
    const page = this.#working.length + this.#staticSent;
    this.#staticSent += 1;
    this.#cursor = page + 1;
    return page;
  }

  /** A ROM that did not go out whole. */
  #isUnsent(block: RamBlock): boolean {
    const { blocks } = this.#memory;
    const before = blocks.slice(0, blocks.indexOf(block)).reduce((sum, { pages }) => sum + pages, 0);
    return this.#working.length + this.#staticSent < before + block.pages;
  }
}
