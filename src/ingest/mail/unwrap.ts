/**
 * Puts trace lines together that a mailer has broken. It breaks at a blank,
 * which is lost or stays at the end, or in the middle of anything where a
 * terminal's width did it. Lines are joined only where the event needs it.
 */
import type { BodyLine } from './quotes.ts';
import { type Reading, readLine } from './reading.ts';

/** A query line of 11.1 has 200 characters; a mailer leaves at least 40 of them in a line. */
const MOST_LINES = 6;
const MOST_VARIANTS = 8;
/** No mailer breaks shorter lines. */
const SHORTEST_BROKEN = 50;

export interface Unwrapped {
  readonly text: string;
  readonly reading: Reading;
  /** As many lines behind the first belong to it. */
  readonly more: number;
  /** A number may go on in the next line, and nothing tells whether. */
  readonly doubtful: boolean;
}

type EventReading = Extract<Reading, { kind: 'event' }>;

/** Reads the line at `at` together with what was broken off it. */
export function unwrap(lines: readonly BodyLine[], at: number): Unwrapped {
  const first = lines[at];
  const text = first?.text ?? '';
  const reading = readLine(text, false);
  if (first === undefined || reading.kind === 'none' || reading.kind === 'stamped') {
    return { text, reading, more: 0, doubtful: false };
  }
  const joined = new Joiner(lines, at, text, reading).join();
  if (joined.reading.kind !== 'event' || joined.more > 0) return joined;
  return { ...joined, doubtful: mayGoOn(first, lines[at + 1]) };
}

class Joiner {
  readonly #lines: readonly BodyLine[];
  readonly #at: number;
  #best: Unwrapped;
  #variants: readonly string[];

  constructor(lines: readonly BodyLine[], at: number, text: string, reading: Reading) {
    this.#lines = lines;
    this.#at = at;
    this.#best = { text, reading, more: 0, doubtful: false };
    this.#variants = [text];
  }

  join(): Unwrapped {
    for (let more = 1; more < MOST_LINES; more += 1) {
      const next = this.#lines[this.#at + more];
      if (next === undefined || !this.#follows(next, more) || !this.#step(next.text, more)) break;
    }
    return this.#best;
  }

  /** It comes right behind, is quoted no deeper, and begins no event of its own. */
  #follows(next: BodyLine, more: number): boolean {
    const before = this.#lines[this.#at + more - 1];
    const first = this.#lines[this.#at];
    if (before === undefined || first === undefined || next.text === '' || next.depth > first.depth) return false;
    if (next.source.message !== before.source.message) return false;
    if (next.source.line > before.source.line + before.source.span) return false;
    if (more === 1 && first.source.raw.length + wordLength(next.text) < SHORTEST_BROKEN) return false;
    const reading = readLine(next.text, false);
    if (reading.kind === 'none') return true;
    // Behind a lone time stamp stands what looks like an event without one.
    const isStart = this.#best.reading.kind === 'partial' && this.#best.reading.bare && more === 1;
    return isStart && reading.kind !== 'stamped' && !reading.stamped;
  }

  #step(next: string, more: number): boolean {
    const read = this.#joined(next).map((text) => ({ text, reading: readLine(text, true) }));
    const going = read.filter(({ reading }) => this.#leadsOn(reading, next));
    const [best] = going
      .flatMap(({ text, reading }) => (reading.kind === 'event' ? [{ text, reading }] : []))
      .filter(({ reading }) => this.#isBetter(reading))
      .sort((a, b) => b.reading.known - a.reading.known || b.reading.declared - a.reading.declared);
    if (best !== undefined) this.#best = { ...best, more, doubtful: false };
    this.#variants = going.map(({ text }) => text).slice(0, MOST_VARIANTS);
    return going.length > 0;
  }

  /** With the blank that the mailer took, without one, and without quoted-printable's mark. */
  #joined(next: string): readonly string[] {
    const texts = this.#variants.flatMap((text) => [
      ...(text.endsWith('=') ? [text.slice(0, -1) + next] : []),
      // `(pre = 4` has a blank there, `exact=1` has none.
      ...(/[^ ]=$/.test(text) ? [] : [`${text.trimEnd()} ${next}`]),
      text.trimEnd() + next,
    ]);
    return [...new Set(texts)];
  }

  #leadsOn(reading: Reading, next: string): boolean {
    const { reading: sofar } = this.#best;
    if (reading.kind === 'partial') return sofar.kind === 'partial' || sofar.kind === 'event';
    if (reading.kind !== 'event') return false;
    if (sofar.kind !== 'event') return true;
    if (sofar.open) return !this.#best.text.endsWith('-') || /^[a-z][a-z0-9-]*$/.test(next);
    return this.#isBetter(reading);
  }

  /** What was complete is only joined with more of its own: the shorter line would be another version's. */
  #isBetter(reading: EventReading): boolean {
    const { reading: sofar } = this.#best;
    if (sofar.kind !== 'event' || sofar.open) return true;
    return reading.known > sofar.known || reading.declared > sofar.declared;
  }
}

function wordLength(text: string): number {
  return text.split(' ', 1)[0]?.length ?? 0;
}

/** `total=4239` and `360` below it: either the number was broken, or the second one is another. */
function mayGoOn(first: BodyLine, next: BodyLine | undefined): boolean {
  if (next === undefined || next.depth > first.depth || next.source.line > first.source.line + first.source.span) {
    return false;
  }
  return first.source.raw.length >= SHORTEST_BROKEN && /\d$/.test(first.text) && /^\d{1,20}$/.test(next.text);
}
