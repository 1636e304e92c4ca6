/** What is said of the migration thread among all, as far as lines show no thread. */
import type { Place } from '../ingest/trace-item.ts';
import type { Answer, Wording } from './bql-snapshot.ts';

/** Made for every query, and its answers for few of them. */
export class MergedWording implements Wording {
  readonly #taken: Place | undefined;
  readonly #released: Place | undefined;
  readonly #othersSeen: boolean;

  constructor(taken: Place | undefined, released: Place | undefined, othersSeen: boolean) {
    this.#taken = taken;
    this.#released = released;
    this.#othersSeen = othersSeen;
  }

  get held(): Answer {
    const how = 'taken by the migration thread and followed through its waits';
    return { holder: 'migration-thread', how, proof: places(this.#taken) };
  }

  get free(): Answer {
    if (!this.#othersSeen) return this.notHeld;
    return { holder: 'free', how: 'the BQL was released and not taken again', proof: places(this.#released) };
  }

  get others(): Answer {
    return { holder: 'another', how: 'taken by another thread', proof: places(this.#taken) };
  }

  get notHeld(): Answer {
    const how = 'the migration thread had released it';
    return { holder: 'not-migration-thread', how, proof: places(this.#released) };
  }
}

export const places = (place: Place | undefined): readonly Place[] => (place === undefined ? [] : [place]);
