/** Guest memory: a bitmap of dirty pages, syncs from the dirty log, pages in order, pages asked for first. */
import type { Steps } from '../clock/scheduler.ts';
import { PAGE_BYTES, type RamBlock } from '../guest/memory.ts';
import type { Mutex } from '../locks/mutex.ts';
import { IO_ERROR, type Module, type Pending, type QueryKind, type SaveResult, type Transfer } from './module.ts';

/** A round ends after this long (MAX_WAIT), looked at every 64 pages. */
const MAX_WAIT_MS = 50;
const LOOK_EVERY = 64;
const PAGE_HEADER_BYTES = 8;
const ZERO_PAGE_BYTES = 9;
const END_MARK_BYTES = 8;
const SYNC_PERIOD_MS = 1_000;
/** Time of a page besides its transfer, of one without content, and of a sync per 64 Ki pages. */
const PAGE_NS = 900;
const ZERO_PAGE_NS = 380;
const SYNC_NS = 12_000;
const MEMORY_SLOTS = 6;

export type PeriodEnd = (dirtiedBytes: number, sentBytes: number) => void;

export class Ram implements Module {
  readonly name = 'ram';
  readonly sectionId: number;
  readonly isPostcopiable: boolean;
  readonly isActive = true;
  readonly iterates = true;
  syncs = 0;
  dirtyPages: number;
  normalPages = 0;
  zeroPages = 0;
  /** Pages dirtied per second in the last period. */
  dirtyPagesRate = 0;
  /** Dirty bytes as of the last sync. */
  bytesAtSync = 0;
  requests = 0;
  /** Called at the end of a period of syncs, under the sync. */
  onPeriodEnd: PeriodEnd | undefined;
  readonly bitmapMutex: Mutex;
  readonly #transfer: Transfer;
  readonly #working: Uint8Array;
  readonly #staticPages: number;
  #staticSent = 0;
  #cursor = 0;
  #lastBlock = '';
  #periodStartMs: number | undefined;
  #periodPages = 0;
  #periodStartBytes = 0;
  readonly #queue: number[] = [];

  constructor(transfer: Transfer) {
    this.#transfer = transfer;
    const { memory } = transfer.vm;
    this.sectionId = transfer.core.version.ramSectionId;
    this.isPostcopiable = transfer.capabilities['postcopy-ram'];
    this.bitmapMutex = transfer.core.mutex();
    this.#working = new Uint8Array(memory.workingPages).fill(1);
    this.#staticPages = memory.usedPages + memory.zeroPages + memory.romPages;
    this.dirtyPages = memory.totalPages;
  }

  get dirtyBytes(): number {
    return this.dirtyPages * PAGE_BYTES;
  }

  get blocks(): readonly RamBlock[] {
    return this.#transfer.vm.memory.blocks;
  }

  *setup(): Steps {
    const { core, stream, vm, isBackgroundSnapshot } = this.#transfer;
    for (const block of this.blocks) stream.put(9 + block.name.length);
    if (isBackgroundSnapshot) return;
    vm.dirtyLogLingers = false;
    core.tracer.event('global_dirty_changed', { bitmask: 1 });
    yield* core.sleep(core.random.between(250_000, 900_000));
    // The bitmap is all ones: whatever the log holds, nothing is new.
    yield* this.sync(false);
  }

  *pending(kind: QueryKind, sum: Pending): Steps {
    if (this.#transfer.core.version.decision === '7.2') yield* this.#syncBelowThreshold();
    else yield* this.#syncFor(kind);
    if (kind === 'final' && this.#isLeftOut()) return;
    if (this.isPostcopiable) sum.postcopy += this.dirtyBytes;
    else sum.precopy += this.dirtyBytes;
  }

  /** Only where there is no other module that could be left out. */
  isAlone = true;

  #isLeftOut(): boolean {
    return this.isAlone && this.#transfer.core.faults.reaches('final-skips-module');
  }

  /** ram_save_pending() of 7.2 decides for itself. */
  *#syncBelowThreshold(): Steps {
    if (this.#transfer.isInPostcopy || this.dirtyBytes >= this.#transfer.thresholdBytes) return;
    yield* this.#lockedSync();
  }

  *#syncFor(kind: QueryKind): Steps {
    const { core, isInPostcopy } = this.#transfer;
    const syncs = !isInPostcopy && this.#wantsSync(kind);
    if (core.version.hasFinal) {
      core.tracer.event('ram_state_pending_sync', {
        exact: kind === 'estimate' || this.#finalIsEstimate(kind) ? 0 : 1,
        final: kind === 'final' ? 1 : 0,
        in_postcopy: isInPostcopy ? 1 : 0,
        sync: syncs ? 1 : 0,
      });
    }
    if (!syncs) return;
    if (kind !== 'final' || core.faults.reaches('handler-takes-bql')) yield* this.#lockedSync();
    else yield* this.sync(!core.faults.reaches('last-stage-false'));
  }

  #finalIsEstimate(kind: QueryKind): boolean {
    return kind === 'final' && this.#transfer.core.faults.reaches('final-estimate');
  }

  #wantsSync(kind: QueryKind): boolean {
    const { faults } = this.#transfer.core;
    if (this.#finalIsEstimate(kind)) return false;
    switch (kind) {
      case 'estimate':
        return faults.reaches('estimate-sync');
      case 'exact':
        return !faults.reaches('exact-no-sync');
      case 'final':
        return !faults.reaches(this.isSwitchingToPostcopy ? 'postcopy-no-sync' : 'precopy-no-sync');
    }
  }

  isSwitchingToPostcopy = false;

  *#lockedSync(): Steps {
    const { core } = this.#transfer;
    yield* core.lockBql('ramSync');
    yield* this.sync(false);
    core.unlockBql();
  }

  /** migration_bitmap_sync() */
  *sync(lastStage: boolean): Steps {
    const { core, vm } = this.#transfer;
    // 11.1 does not count the one of the final query.
    if (!(lastStage && core.version.passAfterQuery)) this.syncs += 1;
    this.#periodStartMs ??= core.scheduler.nowMs;
    core.tracer.mark('migration_bitmap_sync_start');
    if (core.version.hasFinal) {
      const bql = core.holdsBql ? 1 : 0;
      core.tracer.event('migration_bitmap_sync_stage', { last_stage: lastStage ? 1 : 0, bql });
    }
    for (let slot = 0; slot < MEMORY_SLOTS; slot += 1) yield* core.locked(core.slotsMutex, 'slots', 'slotsEnd', 1_500);
    yield* core.lockMutex(this.bitmapMutex, 'bitmapMutex');
    core.spend(SYNC_NS * Math.max(1, vm.memory.totalPages / 65_536));
    this.#periodPages += this.#collect();
    core.unlockMutex(this.bitmapMutex, 'bitmapMutex');
    core.tracer.event('migration_bitmap_sync_end', { dirty_pages: this.#periodPages });
    this.bytesAtSync = this.dirtyBytes;
    this.#endPeriod();
  }

  /** The log into the bitmap; returns the pages that were clean. */
  #collect(): number {
    const { vm } = this.#transfer;
    vm.catchUp();
    let fresh = 0;
    for (const { from, to } of vm.memory.takeWritten()) {
      for (let page = from; page < to; page += 1) {
        if (this.#working[page] === 1) continue;
        this.#working[page] = 1;
        fresh += 1;
      }
    }
    this.dirtyPages += fresh;
    return fresh;
  }

  #endPeriod(): void {
    const { core, stream } = this.#transfer;
    const elapsedMs = core.scheduler.nowMs - (this.#periodStartMs ?? 0);
    if (elapsedMs <= SYNC_PERIOD_MS) return;
    this.onPeriodEnd?.(this.#periodPages * PAGE_BYTES, stream.flushedBytes - this.#periodStartBytes);
    this.dirtyPagesRate = Math.floor((this.#periodPages * 1000) / elapsedMs);
    this.#periodStartMs = core.scheduler.nowMs;
    this.#periodPages = 0;
    this.#periodStartBytes = stream.flushedBytes;
  }

  *iterate(): Steps<SaveResult> {
    const { core, stream } = this.#transfer;
    const startNs = core.nowNs;
    yield* core.lockMutex(this.bitmapMutex, 'bitmapMutex');
    let busyNs = 0;
    let result = 0;
    for (let sent = 0; !this.#transfer.rateExceeded() || this.#queue.length > 0; sent += 1) {
      if (stream.error !== undefined) break;
      const zeroPages = this.#sendZeroPages(sent % LOOK_EVERY === 0 ? 0 : LOOK_EVERY - (sent % LOOK_EVERY));
      if (zeroPages > 0) {
        busyNs += zeroPages * ZERO_PAGE_NS;
        sent += zeroPages - 1;
        continue;
      }
      const pageNs = this.#sendNext();
      if (pageNs === undefined) {
        result = 1;
        break;
      }
      busyNs += pageNs;
      if (sent % LOOK_EVERY !== 0) continue;
      yield* this.#transmit(busyNs);
      busyNs = 0;
      const elapsedMs = Math.floor((core.nowNs - startNs) / 1e6);
      if (elapsedMs > MAX_WAIT_MS) {
        core.tracer.event('ram_save_iterate_big_wait', { milliconds: elapsedMs, iterations: sent });
        break;
      }
    }
    yield* this.#transmit(busyNs);
    core.unlockMutex(this.bitmapMutex, 'bitmapMutex');
    stream.put(END_MARK_BYTES);
    stream.flush();
    return stream.error === undefined ? result : IO_ERROR;
  }

  *complete(): Steps<SaveResult> {
    const { core, stream, isInPostcopy } = this.#transfer;
    const { hasRamSaveComplete, hasFinal } = core.version;
    if (hasRamSaveComplete) core.tracer.event('ram_save_complete', { dirty_pages: this.dirtyPages, done: 0 });
    // Of the older code, which has no final query to sync in.
    if (!isInPostcopy && !hasFinal && !core.faults.reaches('precopy-no-sync')) yield* this.sync(true);
    yield* this.sendAll();
    stream.put(END_MARK_BYTES);
    stream.flush();
    if (hasRamSaveComplete) core.tracer.event('ram_save_complete', { dirty_pages: this.dirtyPages, done: 1 });
    return stream.error === undefined ? 0 : IO_ERROR;
  }

  /** Everything that is left, without a rate limit. */
  *sendAll(): Steps {
    let busyNs = 0;
    for (let sent = 1; ; sent += 1) {
      const pageNs = this.#sendNext();
      if (pageNs === undefined) break;
      busyNs += pageNs;
      if (sent % LOOK_EVERY !== 0) continue;
      yield* this.#transmit(busyNs);
      busyNs = 0;
    }
    yield* this.#transmit(busyNs);
  }

  /** Links and hosts have other work too. */
  *#transmit(ns: number): Steps {
    yield* this.#transfer.core.sleep(ns * this.#transfer.core.random.between(0.92, 1.22));
  }

  cleanup(): void {
    // The migration switches the dirty log off.
  }

  /** The destination's guest waits for this page of the working set. */
  request(page: number): void {
    this.requests += 1;
    this.#queue.push(page);
  }

  /** With preempt the return path's thread sends the page at once, on a channel of its own. */
  sendRequested(page: number): void {
    this.requests += 1;
    if (this.#working[page] !== 1) return;
    this.#working[page] = 0;
    this.dirtyPages -= 1;
    this.normalPages += 1;
  }

  get hasRequests(): boolean {
    return this.#queue.length > 0;
  }

  /** A page of the working set that the destination has not got yet. */
  dirtyWorkingPage(from: number): number | undefined {
    const at = this.#working.indexOf(1, from);
    const page = at < 0 ? this.#working.indexOf(1) : at;
    return page < 0 ? undefined : page;
  }

  /** Pages that were on the way when the link failed: the destination's bitmap says that it lacks them. */
  resend(count: number): number {
    const lost = Math.min(count, this.#staticSent);
    this.#staticSent -= lost;
    this.dirtyPages += lost;
    this.#cursor = 0;
    return this.dirtyPages;
  }

  /** A run of pages without content at once, since a guest may have very many of them: all `count`, or none. */
  #sendZeroPages(count: number): number {
    const { memory } = this.#transfer.vm;
    const zeroSent = this.#staticSent - memory.usedPages;
    const isNext = this.#cursor > this.#working.length && zeroSent > 0 && this.#queue.length === 0;
    if (!isNext || zeroSent + count > memory.zeroPages) return 0;
    this.#staticSent += count;
    this.#cursor += count;
    this.dirtyPages -= count;
    this.zeroPages += count;
    this.#transfer.stream.put(ZERO_PAGE_BYTES * count);
    return count;
  }

  /** Sends a page and returns the time that took; undefined when none is dirty. */
  #sendNext(): number | undefined {
    const page = this.#take();
    if (page === undefined) return undefined;
    this.dirtyPages -= 1;
    const { stream } = this.#transfer;
    const named = this.#changeBlock(page);
    if (this.#isZero(page)) {
      this.zeroPages += 1;
      stream.put(ZERO_PAGE_BYTES + named);
      return ZERO_PAGE_NS;
    }
    this.normalPages += 1;
    stream.put(PAGE_HEADER_BYTES + named);
    stream.putPage(PAGE_BYTES);
    return PAGE_NS + ((PAGE_HEADER_BYTES + PAGE_BYTES) * 1e9) / this.#transfer.bandwidthBytesPerSecond;
  }

  /** The next dirty page: asked for, or behind the last one. */
  #take(): number | undefined {
    for (let asked = this.#queue.shift(); asked !== undefined; asked = this.#queue.shift()) {
      if (this.#working[asked] !== 1) continue;
      this.#working[asked] = 0;
      return asked;
    }
    if (this.dirtyPages <= 0) return undefined;
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

  #isZero(page: number): boolean {
    const { memory } = this.#transfer.vm;
    const at = page - memory.workingPages - memory.usedPages;
    return at >= 0 && at < memory.zeroPages;
  }

  /** Bytes that name the block, where it is another than the last page's. */
  #changeBlock(page: number): number {
    const name = this.blockOf(page);
    if (name === this.#lastBlock) return 0;
    this.#lastBlock = name;
    return 1 + name.length;
  }

  /** How many runs of pages the destination must throw away: sent before and dirty since. */
  dirtyRanges(block: RamBlock): number {
    if (block.name !== 'pc.ram') return this.#isUnsent(block) ? 1 : 0;
    let ranges = 0;
    let last = 0;
    for (const dirty of this.#working) {
      if (dirty === 1 && last === 0) ranges += 1;
      last = dirty;
    }
    const { usedPages, zeroPages } = this.#transfer.vm.memory;
    const isTailDirty = this.#staticSent < usedPages + zeroPages;
    return isTailDirty && last === 0 ? ranges + 1 : ranges;
  }

  /** A ROM none of whose pages went out yet: its dirty bits are all there. */
  #isUnsent(block: RamBlock): boolean {
    const before = this.blocks.slice(0, this.blocks.indexOf(block)).reduce((sum, { pages }) => sum + pages, 0);
    return this.#working.length + this.#staticSent < before + block.pages;
  }

  blockOf(page: number): string {
    let rest = page;
    for (const block of this.blocks) {
      if (rest < block.pages) return block.name;
      rest -= block.pages;
    }
    return 'pc.ram';
  }
}
