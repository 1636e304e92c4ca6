/** Who holds the BQL at one line, settled by the mutex events that follow it. */
import type { LockItem, Place } from '../ingest/trace-item.ts';
import type { BqlChain, Hypotheses } from './bql-chain.ts';
import type { SignedEvent } from './bql-histories.ts';
import type { BqlAtLine } from './run.ts';

export const NOT_SHOWN: BqlAtLine = { holder: 'not-shown', how: 'no mutex event shows the BQL', proof: [] };
const BROKEN: BqlAtLine = {
  holder: 'not-shown',
  how: 'the mutex events around it contradict each other',
  proof: [],
};

/** One missing line that nobody noticed must not make an answer of an accusation. */
const PROVEN_HELD = 2;
const PROVEN_OUT = 3;
/** What is said of a thread that does not hold the lock, until an event behind the line agrees. */
const SHOWN_OUT = 2;
/** Events that must have gone without contradiction. */
const CALM = 8;

/** Words and lines of an answer that is not yet known. */
export interface Wording {
  readonly held: Answer;
  readonly free: Answer;
  readonly others: Answer;
  /** It is the one or the other. */
  readonly notHeld: Answer;
}

export interface Answer {
  readonly holder: BqlAtLine['holder'];
  readonly how: string;
  readonly proof: readonly Place[];
}

/** An answer that the next events of the lock complete, or take back. */
export interface BqlSnapshot {
  settled(): BqlAtLine;
}

export class OpenSnapshot implements BqlSnapshot {
  #chain: BqlChain | undefined;
  #hypotheses: Hypotheses | undefined;
  #wording: Wording | undefined;
  #calm = true;
  /** An event behind the line agreed. */
  #confirmed = false;
  /** Where the thread asks for the lock, behind the line. */
  #asked: Place | undefined;
  #answer: BqlAtLine | undefined;

  /** At the line, once it is known which mutex is the BQL. */
  bind(chain: BqlChain, wording: Wording): void {
    this.#chain = chain;
    this.#hypotheses = chain.printed();
    this.#wording = wording;
    this.#calm = chain.calm >= CALM;
  }

  get open(): boolean {
    return this.#answer === undefined;
  }

  lock(chain: BqlChain, event: SignedEvent, item: LockItem): void {
    if (chain !== this.#chain || this.#answer !== undefined) return;
    const { operation, whose } = event;
    this.#hypotheses?.lock(event);
    if (operation === 'waiting') {
      if (whose !== 'own') return;
      this.#asked ??= item.place;
    }
    this.#confirmed = true;
    if (this.#isSettled()) this.#answer = this.#current();
  }

  /** It was another mutex. */
  takeBack(): void {
    this.#answer ??= BROKEN;
  }

  settled(): BqlAtLine {
    this.#answer ??= this.#current();
    return this.#answer;
  }

  /** No event to come can change the answer. */
  #isSettled(): boolean {
    if (this.#hypotheses === undefined) return false;
    const { held, out } = this.#hypotheses;
    if (Math.min(held, out) > 0) return true;
    return held < out ? out >= PROVEN_HELD : this.#outIfLost(held) >= PROVEN_OUT;
  }

  /** Missing lines that it takes before it is wrong that the thread does not hold the lock, if it is shown. */
  #outIfLost(held: number): number {
    return this.#calm && this.#confirmed ? held : SHOWN_OUT;
  }

  #current(): BqlAtLine {
    const wording = this.#wording;
    if (this.#hypotheses === undefined || wording === undefined) return NOT_SHOWN;
    const { held, free, others, out } = this.#hypotheses;
    if (Math.min(held, out) > 0) return BROKEN;
    if (held < out) return this.#say(wording.held, out);
    if (held - out < SHOWN_OUT) return unknown(wording);
    return this.#say(notHeld(wording, free, others), this.#outIfLost(held));
  }

  #say({ holder, how, proof }: Answer, wrongIfLost: number): BqlAtLine {
    if (this.#asked === undefined || holder === 'migration-thread') return { holder, how, proof, wrongIfLost };
    const asked = `${how}; the migration thread asks for it right after`;
    return { holder, how: asked, proof: [...proof, this.#asked], wrongIfLost };
  }
}

function notHeld(wording: Wording, free: number, others: number): Answer {
  if (free === others) return wording.notHeld;
  return free < others ? wording.free : wording.others;
}

function unknown({ others: { proof } }: Wording): BqlAtLine {
  return { holder: 'not-shown', how: 'the mutex events do not show which thread took it', proof };
}
