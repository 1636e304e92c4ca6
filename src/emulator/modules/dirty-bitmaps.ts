/** Dirty bitmaps of block devices: all of it may wait for postcopy, nothing of it is sent while the VM runs. */
import { DONE, type Steps } from '../clock/scheduler.ts';
import type { ModuleConfig } from '../config.ts';
import type { TracePoint } from '../process/tracer.ts';
import type { Module, Pending, QueryKind, SaveResult, Transfer } from './module.ts';

type Config = Extract<ModuleConfig, { kind: 'dirty-bitmaps' }>;

/** DIRTY_BITMAP_MIG_FLAG_*: a chunk of bits with its device named, and one whose bits are all zero. */
const FLAGS_BITS = 0x0c;
const CHUNK_BYTES = 1024;
/** A bit stands for 64 KiB of disk. */
const SECTORS_PER_BYTE = 1024;

export class DirtyBitmaps implements Module {
  readonly name = 'dirty-bitmap';
  readonly sectionId: number;
  readonly isPostcopiable = true;
  readonly isActive: boolean;
  readonly #transfer: Transfer;
  readonly #isOld: boolean;
  readonly #pending: TracePoint<'dirty_bitmap_state_pending'>;
  readonly #config: Config;
  #unsentBytes: number;
  /** What the last line said. */
  #printed = { pending: -1 };

  constructor(transfer: Transfer, config: Config) {
    this.#transfer = transfer;
    this.#isOld = transfer.core.version.decision === '7.2';
    this.#pending = transfer.core.points.dirty_bitmap_state_pending;
    this.#config = config;
    this.isActive = transfer.capabilities['dirty-bitmaps'] && config.bitmaps > 0;
    this.sectionId = transfer.core.version.ramSectionId + 1;
    this.#unsentBytes = config.bitmaps * config.bytesPerBitmap;
  }

  /** Only while the guest cannot write to the disks. */
  get iterates(): boolean {
    return this.isActive && !this.#transfer.vm.isRunning && this.#unsentBytes > 0;
  }

  *setup(): Steps {
    const { core, stream } = this.#transfer;
    for (let bitmap = 0; bitmap < this.#config.bitmaps; bitmap += 1) {
      core.tracer.mark('send_bitmap_header_enter');
      stream.put(40);
      yield* core.sleep(2_000);
    }
  }

  pending(kind: QueryKind, sum: Pending): Steps {
    const { core } = this.#transfer;
    if (kind === 'final') {
      if (!core.asPosted) this.#count(sum);
      return DONE;
    }
    const locked = core.lockBql('bitmapPending');
    if (locked !== DONE) return this.#countLater(locked, sum);
    this.#countLocked(sum);
    return DONE;
  }

  *#countLater(locked: Steps, sum: Pending): Steps {
    yield* locked;
    this.#countLocked(sum);
  }

  #countLocked(sum: Pending): void {
    this.#transfer.core.unlockBql();
    this.#count(sum);
  }

  #count(sum: Pending): void {
    const pending = this.#unsentBytes;
    if (this.#isOld) this.#printOld(pending);
    else if (this.#pending.isOn) this.#print(pending);
    sum.postcopy += pending;
  }

  #print(pending: number): void {
    if (this.#printed.pending !== pending) this.#printed = { pending };
    this.#pending.print(this.#printed);
  }

  #printOld(pending: number): void {
    const { core, thresholdBytes } = this.#transfer;
    core.tracer.event('dirty_bitmap_save_pending', { pending, max_size: thresholdBytes });
  }

  *iterate(): Steps<SaveResult> {
    const { core } = this.#transfer;
    core.tracer.event('dirty_bitmap_save_iterate', { in_postcopy: this.#transfer.isInPostcopy ? 1 : 0 });
    while (this.#unsentBytes > 0 && !this.#transfer.rateExceeded()) yield* this.#sendChunk();
    this.#transfer.stream.put(1);
    this.#transfer.stream.flush();
    return this.#unsentBytes === 0 ? 1 : 0;
  }

  *complete(): Steps<SaveResult> {
    const { core, stream } = this.#transfer;
    core.tracer.mark('dirty_bitmap_save_complete_enter');
    while (this.#unsentBytes > 0) yield* this.#sendChunk();
    for (let bitmap = 0; bitmap < this.#config.bitmaps; bitmap += 1) core.tracer.mark('send_bitmap_header_enter');
    stream.put(1);
    core.tracer.mark('dirty_bitmap_save_complete_finish');
    return 0;
  }

  cleanup(): void {
    this.#unsentBytes = 0;
  }

  *#sendChunk(): Steps {
    const { core, stream, bandwidthBytesPerSecond } = this.#transfer;
    const bytes = Math.min(CHUNK_BYTES, this.#unsentBytes);
    const sent = this.#config.bitmaps * this.#config.bytesPerBitmap - this.#unsentBytes;
    core.tracer.mark('send_bitmap_header_enter');
    core.tracer.event('send_bitmap_bits', {
      flags: FLAGS_BITS,
      start_sector: (sent % this.#config.bytesPerBitmap) * SECTORS_PER_BYTE,
      nr_sectors: bytes * SECTORS_PER_BYTE,
      data_size: bytes,
    });
    stream.put(bytes + 24);
    this.#unsentBytes -= bytes;
    yield* core.sleep((bytes * 1e9) / bandwidthBytesPerSecond);
  }
}
