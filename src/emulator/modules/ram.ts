/** Guest memory: a bitmap of dirty pages, syncs from the dirty log, pages in order, pages asked for first. */
import { DONE, type Steps } from '../clock/scheduler.ts';
import { PAGE_BYTES, type RamBlock } from '../guest/memory.ts';
import type { Mutex } from '../locks/mutex.ts';
import type { TracePoint } from '../process/tracer.ts';
import { BitmapSync } from './bitmap-sync.ts';
import { DirtyPages } from './dirty-pages.ts';
import { LogClear } from './log-clear.ts';
import {
  IO_ERROR,
  type Module,
  type Pending,
  type QueryKind,
  type SaveResult,
  savedAtOnce,
  type Transfer,
} from './module.ts';

/** A round ends after this long (MAX_WAIT), looked at every 64 pages. */
const MAX_WAIT_MS = 50;
const LOOK_EVERY = 64;
const PAGE_HEADER_BYTES = 8;
const ZERO_PAGE_BYTES = 9;
const END_MARK_BYTES = 8;
/** Time of a page besides its transfer, and of one without content. */
const PAGE_NS = 900;
const ZERO_PAGE_NS = 380;

export class Ram implements Module {
  readonly name = 'ram';
  readonly sectionId: number;
  readonly isPostcopiable: boolean;
  readonly isActive = true;
  readonly iterates = true;
  normalPages = 0;
  zeroPages = 0;
  requests = 0;
  readonly syncing: BitmapSync;
  readonly pages: DirtyPages;
  readonly #transfer: Transfer;
  readonly #bitmapMutex: Mutex;
  /** ram_save_pending() of 7.2 chooses when to sync. */
  readonly #decidesItself: boolean;
  readonly #printsProbe: boolean;
  /** Two, as they take turns: each prints what it printed before. */
  readonly #estimateProbe: TracePoint<'ram_state_pending_sync'>;
  readonly #exactProbe: TracePoint<'ram_state_pending_sync'>;
  readonly #logClear: LogClear;
  #lastBlock = '';
  #nameBytes = 0;

  constructor(transfer: Transfer) {
    this.#transfer = transfer;
    this.sectionId = transfer.core.version.ramSectionId;
    this.isPostcopiable = transfer.capabilities['postcopy-ram'];
    this.#bitmapMutex = transfer.core.mutex();
    const { version, tracer } = transfer.core;
    this.#decidesItself = version.decision === '7.2';
    this.#estimateProbe = tracer.point('ram_state_pending_sync');
    this.#exactProbe = tracer.point('ram_state_pending_sync');
    this.#printsProbe = version.hasFinal && this.#estimateProbe.isOn;
    this.pages = new DirtyPages(transfer.vm.memory);
    this.#logClear = new LogClear(transfer);
    this.syncing = new BitmapSync(transfer, this.#bitmapMutex, this.pages, this.#logClear);
  }

  get dirtyPages(): number {
    return this.pages.count;
  }

  get dirtyBytes(): number {
    return this.dirtyPages * PAGE_BYTES;
  }

  /** What all pages took on the stream. */
  get pageBytes(): number {
    return this.normalPages * (PAGE_HEADER_BYTES + PAGE_BYTES) + this.zeroPages * ZERO_PAGE_BYTES + this.#nameBytes;
  }

  get blocks(): readonly RamBlock[] {
    return this.#transfer.vm.memory.blocks;
  }

  *setup(): Steps {
    const { core, stream, vm, isBackgroundSnapshot } = this.#transfer;
    for (const block of this.blocks) stream.put(9 + block.name.length);
    if (isBackgroundSnapshot) return;
    vm.dirtyLogLingers = false;
    core.tracer.event('global_dirty_changed', { bitmask: vm.dirtyLogUsers(true) });
    yield* core.sleep(core.random.between(250_000, 900_000));
    // The bitmap is all ones: whatever the log holds, nothing is new.
    yield* this.sync(false);
  }

  pending(kind: QueryKind, sum: Pending): Steps {
    const synced = this.#decidesItself ? this.#syncBelowThreshold() : this.#syncFor(kind);
    if (synced !== DONE) return this.#reportLater(synced, kind, sum);
    this.#report(kind, sum);
    return DONE;
  }

  *#reportLater(synced: Steps, kind: QueryKind, sum: Pending): Steps {
    yield* synced;
    this.#report(kind, sum);
  }

  #report(kind: QueryKind, sum: Pending): void {
    if (kind === 'final' && this.#isLeftOut()) return;
    if (this.isPostcopiable) sum.postcopy += this.dirtyBytes;
    else sum.precopy += this.dirtyBytes;
  }

  /** Only where there is no other module that could be left out. */
  isAlone = true;

  #isLeftOut(): boolean {
    return this.isAlone && this.#transfer.core.faults.at.finalModules !== 'all';
  }

  #syncBelowThreshold(): Steps {
    if (this.#transfer.isInPostcopy || this.dirtyBytes >= this.#transfer.thresholdBytes) return DONE;
    return this.#lockedSync();
  }

  #syncFor(kind: QueryKind): Steps {
    const { core, isInPostcopy } = this.#transfer;
    const syncs = !isInPostcopy && this.#wantsSync(kind);
    if (this.#printsProbe) this.#printProbe(kind, isInPostcopy, syncs);
    if (!syncs) return DONE;
    if (kind !== 'final') return this.#lockedSync();
    switch (core.faults.at.finalSyncLock) {
      case 'caller':
        return this.sync(core.faults.at.finalLastStage);
      case 'handler':
        return this.#lockedSync();
      case 'dropped':
        return this.#syncWithoutBql();
    }
  }

  #printProbe(kind: QueryKind, isInPostcopy: boolean, syncs: boolean): void {
    const probe = kind === 'estimate' ? this.#estimateProbe : this.#exactProbe;
    probe.print({
      exact: kind === 'estimate' || this.#finalIsEstimate(kind) ? 0 : 1,
      final: kind === 'final' ? 1 : 0,
      in_postcopy: isInPostcopy ? 1 : 0,
      sync: syncs ? 1 : 0,
    });
  }

  #finalIsEstimate(kind: QueryKind): boolean {
    return kind === 'final' && this.#transfer.core.faults.at.finalKind === 'estimate';
  }

  #wantsSync(kind: QueryKind): boolean {
    const { at } = this.#transfer.core.faults;
    if (kind === 'estimate') return at.estimateSync;
    if (kind === 'exact') return at.exactSync;
    if (this.#finalIsEstimate(kind)) return false;
    return this.isSwitchingToPostcopy ? at.postcopyLastSync : at.precopyLastSync;
  }

  isSwitchingToPostcopy = false;

  #lockedSync(): Steps {
    const { core } = this.#transfer;
    const locked = core.lockBql('ramSync');
    if (locked !== DONE) return this.#lockedSyncLater(locked);
    const synced = this.sync(false);
    if (synced !== DONE) return this.#unlockLater(synced);
    core.unlockBql();
    return DONE;
  }

  *#lockedSyncLater(locked: Steps): Steps {
    yield* locked;
    yield* this.#unlockLater(this.sync(false));
  }

  *#unlockLater(synced: Steps): Steps {
    yield* synced;
    this.#transfer.core.unlockBql();
  }

  *#syncWithoutBql(): Steps {
    const { core } = this.#transfer;
    core.unlockBql();
    yield* this.sync(core.faults.at.finalLastStage);
    yield* core.lockBql('switchover');
  }

  sync(lastStage: boolean): Steps {
    return this.syncing.run(lastStage);
  }

  iterate(): Steps<SaveResult> {
    const locked = this.#bitmapMutex.lock('bitmapMutex');
    if (locked !== DONE) return this.#sendLater(locked);
    return this.#send();
  }

  *#sendLater(locked: Steps): Steps<SaveResult> {
    yield* locked;
    return yield* this.#send();
  }

  #send(): Steps<SaveResult> {
    return this.dirtyPages === 0 && !this.hasRequests ? this.#sendNothing() : this.#sendDirty();
  }

  /** Most rounds of a migration that polls and waits. */
  #sendNothing(): Steps<SaveResult> {
    const result = this.#transfer.rateExceeded() ? 0 : 1;
    const sent = this.#transmit(0);
    return sent === DONE ? savedAtOnce(this.#endSection(result)) : this.#endLater(sent, result);
  }

  *#endLater(sent: Steps, result: SaveResult): Steps<SaveResult> {
    yield* sent;
    return this.#endSection(result);
  }

  *#sendDirty(): Steps<SaveResult> {
    const { core, stream } = this.#transfer;
    const startNs = core.nowNs;
    let busyNs = 0;
    let result = 0;
    for (let sent = 0; !this.#transfer.rateExceeded() || this.hasRequests; sent += 1) {
      if (stream.error !== undefined) break;
      const untilLook = sent % LOOK_EVERY === 0 ? 0 : LOOK_EVERY - (sent % LOOK_EVERY);
      const zeroNs = this.#sendZeroPages(untilLook);
      if (zeroNs !== undefined) {
        busyNs += zeroNs;
        sent += untilLook - 1;
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
    return this.#endSection(result);
  }

  #endSection(result: SaveResult): SaveResult {
    const { stream } = this.#transfer;
    this.#bitmapMutex.unlock('bitmapMutex');
    stream.put(END_MARK_BYTES);
    stream.flush();
    return stream.error === undefined ? result : IO_ERROR;
  }

  *complete(): Steps<SaveResult> {
    const { core, stream, isInPostcopy } = this.#transfer;
    const { hasRamSaveComplete, hasFinal } = core.version;
    if (hasRamSaveComplete) core.tracer.event('ram_save_complete', { dirty_pages: this.dirtyPages, done: 0 });
    // Of the older code, which has no final query to sync in.
    if (!isInPostcopy && !hasFinal && core.faults.at.precopyLastSync) yield* this.sync(true);
    this.#logClear.isLastRound = !this.#transfer.isInColo;
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
  #transmit(ns: number): Steps {
    const { core } = this.#transfer;
    return ns === 0 ? core.scheduler.giveWay() : core.sleep(ns * core.random.between(0.92, 1.22));
  }

  cleanup(): void {
    // The migration switches the dirty log off.
  }

  /** The destination's guest waits for this page of the working set. */
  request(page: number): void {
    this.requests += 1;
    this.pages.ask(page);
  }

  /** With preempt the return path's thread sends the page at once, on a channel of its own. */
  sendRequested(page: number): void {
    this.requests += 1;
    if (this.pages.clear(page)) this.normalPages += 1;
  }

  get hasRequests(): boolean {
    return this.pages.hasRequests;
  }

  /** Pages that were on the way when the link failed: the destination's bitmap says that it lacks them. */
  resend(count: number): number {
    this.pages.restore(count);
    return this.dirtyPages;
  }

  /** The time of `count` pages without content, when that many come next. */
  #sendZeroPages(count: number): number | undefined {
    const first = this.pages.takeZeroPages(count);
    if (first === undefined) return undefined;
    this.#logClear.clearAround(first);
    this.#logClear.clearAround(first + count - 1);
    this.zeroPages += count;
    this.#transfer.stream.put(ZERO_PAGE_BYTES * count);
    return ZERO_PAGE_NS * count;
  }

  /** Sends a page and returns the time that took; undefined when none is dirty. */
  #sendNext(): number | undefined {
    const page = this.pages.take();
    if (page === undefined) return undefined;
    this.#logClear.clearAround(page);
    const { stream } = this.#transfer;
    const named = this.#changeBlock(page);
    if (this.pages.isZero(page)) {
      this.zeroPages += 1;
      stream.put(ZERO_PAGE_BYTES + named);
      return ZERO_PAGE_NS;
    }
    this.normalPages += 1;
    stream.put(PAGE_HEADER_BYTES + named);
    stream.putPage(PAGE_BYTES);
    return PAGE_NS + ((PAGE_HEADER_BYTES + PAGE_BYTES) * 1e9) / this.#transfer.bandwidthBytesPerSecond;
  }

  /** Bytes that name the block, where it is another than the last page's. */
  #changeBlock(page: number): number {
    const name = this.pages.blockOf(page);
    if (name === this.#lastBlock) return 0;
    this.#lastBlock = name;
    this.#nameBytes += 1 + name.length;
    return 1 + name.length;
  }
}
