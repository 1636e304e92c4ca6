/**
 * Follows lines of the BQL that repeat what was read before: what they change is known, so nothing is made of them.
 * Only lines that show no thread, as nearly all are in a log of millions.
 */
import type { LockItem, RunRecords } from '../ingest/trace-item.ts';
import type { BqlChain } from './bql-chain.ts';
import { type SignedEvent, signed } from './bql-histories.ts';
import type { BqlSites, Site } from './bql-places.ts';

/** What a text means, as long as nothing new is known of the places. */
interface Known {
  readonly site: Site;
  /** By whether at most one thread was seen at its place. */
  readonly single: SignedEvent;
  readonly several: SignedEvent;
  readonly version: number;
  readonly pausing: boolean;
}

const NONE = -1;

export class BqlFollower {
  readonly #chain: BqlChain;
  readonly #sites: BqlSites;
  /** By the number of the text. */
  readonly #known: (Known | undefined)[] = [];
  /** Indices of the last such lines that were followed since they were last asked for. */
  #taken = NONE;
  #released = NONE;

  constructor(chain: BqlChain, sites: BqlSites) {
    this.#chain = chain;
    this.#sites = sites;
  }

  /** What a line says that says nothing new; undefined for any other. It counts as one that came by. */
  repeated(text: number, pausing: boolean): SignedEvent | undefined {
    const known = this.#known[text];
    if (known === undefined || known.version !== this.#sites.version || known.pausing !== pausing) return undefined;
    const { site } = known;
    const event = site.present <= 1 ? known.single : known.several;
    return this.#sites.repeats(site, event.operation) ? event : undefined;
  }

  /** Follows the event without its line. `touched`: a release now would have to be told. */
  follows(event: SignedEvent, index: number, touched: boolean): boolean {
    const { operation } = event;
    if (operation === 'released' && touched && this.#taken === NONE) return false;
    if (!this.#chain.follow(event)) return false;
    if (operation === 'taken') this.#taken = index;
    if (operation === 'released') this.#released = index;
    return true;
  }

  /** Lines with this text mean what this one meant. */
  learn(text: number, site: Site, event: SignedEvent, pausing: boolean): void {
    const [single, several] = [signed({ ...event, single: true }), signed({ ...event, single: false })];
    this.#known[text] = { site, single, several, version: this.#sites.version, pausing };
  }

  /**
   * The chain learns which lines took and released the lock last among those followed. The one that took it and did
   * not release it; `free`: it was released last; undefined: neither happened.
   */
  catchUp(locks: RunRecords): LockItem | 'free' | undefined {
    const taken = this.#taken;
    const released = this.#released;
    if (taken === NONE && released === NONE) return undefined;
    this.#taken = NONE;
    this.#released = NONE;
    if (released !== NONE) this.#chain.lastReleased = locks.lockAt(released).place;
    if (taken === NONE) return 'free';
    const item = locks.lockAt(taken);
    this.#chain.lastTaken = item.place;
    return taken > released ? item : 'free';
  }
}
