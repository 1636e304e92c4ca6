/**
 * Keeps items back until a record behind them can no longer make them
 * doubtful. QEMU writes the record of dropped events when its writing thread
 * wakes up next, not where they are missing: that is somewhere between about a
 * buffer's length before that record and its time. They can be missing only
 * where a buffer's length of records came before.
 */
import type { DamageItem, TraceItem } from '../trace-item.ts';
import { RING_BYTES } from './layout.ts';

/** The buffer once, and once more for what came while it was written out. */
const LOOK_BACK = 2 * RING_BYTES;

interface Held {
  readonly item: TraceItem;
  /** Bytes of records before it. */
  readonly offset: number;
  /** The drop that may have happened right before it. */
  doubt: DamageItem | undefined;
}

export class HeldItems {
  readonly #held: Held[] = [];
  #next = 0;
  #offset = 0;
  /** Until its time events may be missing. */
  #drop: DamageItem | undefined;

  /** Bytes of a record, before its item comes. */
  advance(bytes: number): void {
    this.#offset += bytes;
  }

  push(item: TraceItem): void {
    const isDamage = item.kind === 'damage';
    const untilNs = this.#drop?.timeNs;
    if (!isDamage && !(item.timeNs !== undefined && untilNs !== undefined && item.timeNs <= untilNs)) {
      this.#drop = undefined;
    }
    this.#held.push({ item, offset: this.#offset, doubt: isDamage ? undefined : this.#drop });
  }

  dropped(item: DamageItem): void {
    for (let at = this.#next; at < this.#held.length; at += 1) {
      const held = this.#held[at];
      if (held !== undefined && held.offset > RING_BYTES) held.doubt ??= item;
    }
    this.push(item);
    this.#drop = item;
  }

  /** The next item that nothing can change any more; all of them at the end. */
  take(atEnd: boolean): TraceItem | undefined {
    const held = this.#held[this.#next];
    if (held === undefined || (!atEnd && this.#offset - held.offset < LOOK_BACK)) return undefined;
    const { doubt } = held;
    if (doubt !== undefined) {
      held.doubt = undefined;
      return doubt;
    }
    this.#next += 1;
    // Moving the rest down costs as much as what was taken.
    if (this.#next * 2 > this.#held.length) {
      this.#held.splice(0, this.#next);
      this.#next = 0;
    }
    return held.item;
  }
}
