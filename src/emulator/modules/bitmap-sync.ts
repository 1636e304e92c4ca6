/** migration_bitmap_sync(): the dirty log into the bitmap, and the periods that the rate of dirtying is reckoned over. */
import { REAL_ZERO } from '../clock/real-zero.ts';
import { DONE, type Steps } from '../clock/scheduler.ts';
import { PAGE_BYTES } from '../guest/memory.ts';
import type { Mutex } from '../locks/mutex.ts';
import type { TracePoint } from '../process/tracer.ts';
import type { DirtyPages } from './dirty-pages.ts';
import type { LogClear } from './log-clear.ts';
import type { Transfer } from './module.ts';

/** In whole ms, a period is longer than this. */
const PERIOD_MS = 1_000;
/** Time of a sync per 64 Ki pages, and of reading one memory slot. */
const SYNC_NS = 12_000;
const SLOT_NS = 1_500;
/** The vCPUs' rings are reaped; a guest with a dirty limit fills them all the time. */
const RING_MIN_NS = 90_000;
const RING_MAX_NS = 350_000;
const MEMORY_SLOTS = 6;

const NO_ARGS = {};

type PeriodEnd = (dirtiedBytes: number, sentBytes: number) => void;

export class BitmapSync {
  count = 0;
  /** Pages dirtied per second in the last period. */
  dirtyPagesRate = 0;
  /** Dirty bytes as of the last sync. */
  dirtyBytes = 0;
  /** Called at the end of a period of syncs, under the sync. */
  onPeriodEnd: PeriodEnd | undefined;
  readonly #transfer: Transfer;
  readonly #mutex: Mutex;
  readonly #pages: DirtyPages;
  readonly #logClear: LogClear;
  readonly #syncNs: number;
  readonly #reapsRings: boolean;
  readonly #started: TracePoint<'migration_bitmap_sync_start'>;
  readonly #ended: TracePoint<'migration_bitmap_sync_end'>;
  readonly #printsProbe: boolean;
  #periodStartMs: number | undefined;
  #periodPages = 0;
  #periodStartBytes = 0;
  #periodEndNs = REAL_ZERO;
  /** What the last line of an end said. */
  #endArgs = { dirty_pages: -1 };

  constructor(transfer: Transfer, mutex: Mutex, pages: DirtyPages, logClear: LogClear) {
    this.#transfer = transfer;
    this.#mutex = mutex;
    this.#pages = pages;
    this.#logClear = logClear;
    const { config, version, points } = transfer.core;
    this.#reapsRings = config.guest.hasDirtyRing;
    this.#started = points.migration_bitmap_sync_start;
    this.#ended = points.migration_bitmap_sync_end;
    this.#printsProbe = version.hasFinal && points.migration_bitmap_sync_stage.isOn;
    this.#syncNs = SYNC_NS * Math.max(1, transfer.vm.memory.totalPages / 65_536);
  }

  run(lastStage: boolean): Steps {
    this.#begin(lastStage);
    const read = this.#readSlots(0);
    if (read !== DONE) return this.#runLater(read);
    const locked = this.#mutex.lock('bitmapMutex');
    if (locked !== DONE) return this.#collectLater(locked);
    this.#collect();
    return DONE;
  }

  *#runLater(read: Steps): Steps {
    yield* read;
    yield* this.#collectLater(this.#mutex.lock('bitmapMutex'));
  }

  *#collectLater(locked: Steps): Steps {
    yield* locked;
    this.#collect();
  }

  #begin(lastStage: boolean): void {
    // 11.1 does not count the one of the final query.
    if (!(lastStage && this.#transfer.core.version.passAfterQuery)) this.count += 1;
    if (this.#periodStartMs === undefined) this.#startPeriod();
    if (this.#started.isOn) this.#started.print(NO_ARGS);
    if (this.#printsProbe) this.#printProbe(lastStage);
  }

  #printProbe(lastStage: boolean): void {
    const { points, holdsBql } = this.#transfer.core;
    points.migration_bitmap_sync_stage.print({ last_stage: lastStage ? 1 : 0, bql: holdsBql ? 1 : 0 });
  }

  #readSlots(from: number): Steps {
    const { slotsMutex, scheduler } = this.#transfer.core;
    if (slotsMutex.isUnnoticed) {
      scheduler.spend((MEMORY_SLOTS - from) * SLOT_NS);
      return DONE;
    }
    for (let slot = from; slot < MEMORY_SLOTS; slot += 1) {
      const locked = slotsMutex.lock('slots');
      if (locked !== DONE) return this.#readRest(locked, slot);
      this.#readSlot();
    }
    return DONE;
  }

  *#readRest(locked: Steps, slot: number): Steps {
    yield* locked;
    this.#readSlot();
    yield* this.#readSlots(slot + 1);
  }

  #readSlot(): void {
    const { scheduler, slotsMutex } = this.#transfer.core;
    scheduler.spend(SLOT_NS);
    slotsMutex.unlock('slotsEnd');
  }

  /** Under the bitmap's mutex, which it releases. */
  #collect(): void {
    const { core, vm } = this.#transfer;
    core.spend(this.#syncNs);
    if (this.#reapsRings) core.spend(core.random.between(RING_MIN_NS, RING_MAX_NS));
    vm.catchUp();
    this.#periodPages += this.#pages.collect();
    this.#logClear.markAll();
    this.#mutex.unlock('bitmapMutex');
    this.#printEnd();
    this.dirtyBytes = this.#pages.count * PAGE_BYTES;
    if (core.nowNs >= this.#periodEndNs) this.#endPeriod();
  }

  #printEnd(): void {
    if (!this.#ended.isOn) return;
    if (this.#endArgs.dirty_pages !== this.#periodPages) this.#endArgs = { dirty_pages: this.#periodPages };
    this.#ended.print(this.#endArgs);
  }

  #endPeriod(): void {
    const { core, stream } = this.#transfer;
    const elapsedMs = core.scheduler.nowMs - (this.#periodStartMs ?? 0);
    this.onPeriodEnd?.(this.#periodPages * PAGE_BYTES, stream.flushedBytes - this.#periodStartBytes);
    this.dirtyPagesRate = Math.floor((this.#periodPages * 1000) / elapsedMs);
    this.#startPeriod();
    this.#periodPages = 0;
    this.#periodStartBytes = stream.flushedBytes;
  }

  #startPeriod(): void {
    const { nowMs } = this.#transfer.core.scheduler;
    this.#periodStartMs = nowMs;
    this.#periodEndNs = (nowMs + PERIOD_MS + 1) * 1e6;
  }
}
