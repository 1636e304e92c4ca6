/**
 * The moments of one side that have a counterpart on the other side, by a key
 * that both sides spell alike. Keys that begin with `>` happen on the source
 * first, keys that begin with `<` on the destination first.
 */
import type { Place } from '../../ingest/trace-item.ts';

/** A line and its time on its own side's clock. */
export interface TieMoment {
  readonly place: Place;
  readonly ns: number | undefined;
}

export interface KeptMoments {
  /** How often the key came; `moments` has the first of them. */
  readonly count: number;
  readonly moments: readonly TieMoment[];
  /** The n-th on one side is the n-th on the other, so a lost line shifts all behind it. */
  readonly counted: boolean;
}

interface Slot extends KeptMoments {
  count: number;
  readonly moments: TieMoment[];
}

/** A log of very many rounds repeats few keys; what comes at the switchover has keys of its own. */
const MAX_PER_KEY = 1024;
const BRIEF_PER_KEY = 32;
const ALWAYS_PER_KEY = 4;
/** Of all the others. */
const MAX_MOMENTS = 4096;
const MAX_KEYS = 4096;
/** idstr has 256 bytes in QEMU; what is longer is no name. */
const MAX_KEY_LENGTH = 320;
/** Each page that the destination asks for has a key: they leave room for the rest. */
const MAX_PAGE_KEYS = 1024;

/** The key of a page request begins so. */
export const PAGE = '< page';

export class MomentLog {
  readonly #slots = new Map<string, Slot>();
  readonly #perKey: number;
  #kept = 0;
  /** Nothing that is counted is taken any more: the stream broke off, and what was under way is lost. */
  frozen = false;

  /** `brief`: one of many migrations in a log; what they keep adds up. */
  constructor(brief = false) {
    this.#perKey = brief ? BRIEF_PER_KEY : MAX_PER_KEY;
  }

  add(key: string, at: TieMoment, counted: boolean): void {
    if ((counted && this.frozen) || key.length > MAX_KEY_LENGTH) return;
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      if (this.#slots.size >= (key.startsWith(PAGE) ? MAX_PAGE_KEYS : MAX_KEYS)) return;
      slot = { count: 0, moments: [], counted };
      this.#slots.set(key, slot);
    }
    slot.count += 1;
    const kept = slot.moments.length;
    if (kept >= ALWAYS_PER_KEY) {
      if (kept >= this.#perKey || this.#kept >= MAX_MOMENTS) return;
      this.#kept += 1;
    }
    slot.moments.push(at);
  }

  get(key: string): KeptMoments | undefined {
    return this.#slots.get(key);
  }

  get keys(): readonly string[] {
    return [...this.#slots.keys()];
  }
}
