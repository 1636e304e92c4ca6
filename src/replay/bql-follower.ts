/**
 * Follows lines of the BQL that repeat what was read before: what they change is known, so nothing is made of them.
 * Only lines that show no thread, as nearly all are in a log of millions.
 */
import type { LockItem, LockSequence, LockText } from '../ingest/trace-item.ts';
import { type BqlChain, type ChainEvent, signatureOf } from './bql-chain.ts';
import type { BqlSites, Site } from './bql-places.ts';

/** What a text tells, as long as nothing new is known of the places. */
interface Known {
  readonly site: Site;
  /** Signatures of the event, by whether at most one thread was seen at its place. */
  readonly single: number;
  readonly several: number;
  readonly version: number;
  readonly pausing: boolean;
}

const MAX_TEXTS = 10_000;
const NONE = -1;

export class BqlFollower {
  readonly #chain: BqlChain;
  readonly #sites: BqlSites;
  readonly #known = new Map<LockText, Known>();
  /** Indices of the last such lines that were followed since they were last asked for. */
  #taken = NONE;
  #released = NONE;

  constructor(chain: BqlChain, sites: BqlSites) {
    this.#chain = chain;
    this.#sites = sites;
  }

  /** Follows the line if it says nothing new. `touched`: a release now would have to be told. */
  follows(text: LockText, index: number, pausing: boolean, touched: boolean): boolean {
    const known = this.#known.get(text);
    if (known === undefined || known.version !== this.#sites.version || known.pausing !== pausing) return false;
    const { operation } = text;
    const { site } = known;
    if (operation === 'released' && touched && this.#taken === NONE) return false;
    if (!this.#sites.isRepeated(site, text)) return false;
    if (!this.#chain.follow(site.present <= 1 ? known.single : known.several)) return false;
    this.#sites.repeat(site, text);
    this.#sites.count(site, text);
    if (operation === 'taken') this.#taken = index;
    if (operation === 'released') this.#released = index;
    return true;
  }

  /** Lines with this text are like the event of `item`, which was read. */
  learn(text: LockText, event: ChainEvent, pausing: boolean): void {
    const site = this.#sites.find(text);
    if (site === undefined) return;
    if (this.#known.size >= MAX_TEXTS) this.#known.clear();
    this.#known.set(text, {
      site,
      single: signatureOf({ ...event, single: true }),
      several: signatureOf({ ...event, single: false }),
      version: this.#sites.version,
      pausing,
    });
  }

  /**
   * The chain learns which lines took and released the lock last among those followed. The one that took it and did
   * not release it; `free`: it was released last; undefined: neither happened.
   */
  catchUp(locks: LockSequence): LockItem | 'free' | undefined {
    const taken = this.#taken;
    const released = this.#released;
    if (taken === NONE && released === NONE) return undefined;
    this.#taken = NONE;
    this.#released = NONE;
    if (released !== NONE) this.#chain.lastReleased = locks.itemAt(released).place;
    if (taken === NONE) return 'free';
    const item = locks.itemAt(taken);
    this.#chain.lastTaken = item.place;
    return taken > released ? item : 'free';
  }
}
