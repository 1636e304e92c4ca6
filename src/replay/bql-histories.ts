/**
 * Every history of one thread and the BQL that agrees with the mutex events,
 * each with the number of mutex lines that must be missing for it. An answer
 * counts by how many lines must be missing before it is wrong.
 *
 * How QEMU prints (7.2 to 11.1): bql_lock() prints `waiting on` and then
 * `taken`, both with its caller's place; bql_unlock() prints `released` with a
 * place of its own. A condition wait prints `released` and later `taken`, both
 * with its own place. In between the thread prints nothing else, so a line of
 * the thread shows that it neither waits for the lock nor sleeps.
 */
import type { LockOperation } from '../ingest/trace-item.ts';

/** Missing mutex lines above this many are not told apart. */
export const MAX_LOST = 4;
/** A place that nothing shows. */
const ANY = 0;

const HOLDS = 0;
const OUT = 1;
const WAITS = 2;
const SLEEPS = 3;
type Kind = typeof HOLDS | typeof OUT | typeof WAITS | typeof SLEEPS;

/** `kind`, whether another thread holds the lock, and the place of a wait, in one number. */
const codeOf = (kind: Kind, other: boolean, site = ANY): number => site * 8 + (other ? 4 : 0) + kind;
const KINDS: readonly Kind[] = [HOLDS, OUT, WAITS, SLEEPS];
const kindOf = (code: number): Kind => KINDS[code & 3] ?? OUT;
const otherOf = (code: number): boolean => (code & 4) !== 0;
const siteOf = (code: number): number => Math.floor(code / 8);

export const HELD = codeOf(HOLDS, false);
export const FREE = codeOf(OUT, false);
export const OTHERS = codeOf(OUT, true);

/** Missing lines by what a history has come to. */
type Costs = ReadonlyMap<number, number>;

export type Whose = 'own' | 'another' | 'either';

/** Who can have printed `released` at this place: bql_unlock() or a condition wait. */
export interface ReleaseSite {
  /** Missing lines that it would take to be bql_unlock(), undefined where it cannot be. */
  readonly unlock: number | undefined;
  /** The same for a condition wait. */
  readonly wait: number | undefined;
}

/** What a line of the lock means. */
interface ChainEvent {
  readonly operation: LockOperation;
  readonly whose: Whose;
  /** A number for its place, from 1. */
  readonly site: number;
  readonly release: ReleaseSite;
  /** pause_all_vcpus() takes the lock again: what it would take that somebody else does. */
  readonly pausing: boolean;
  /** At most one thread was seen to wait or sleep at this place. */
  readonly single: boolean;
  /** What the place is not: `waiting on` is printed where the lock is taken, `released` where it is given up to sleep. */
  readonly never: 'lock' | 'wait' | undefined;
}

/** The same with a number of its own, so that what follows from it is found at once. */
export interface SignedEvent extends ChainEvent {
  readonly signature: number;
  /** What it followed lately, and what came of it: a log repeats itself. */
  lately: Lately | undefined;
}

/** By the last bits of the number of what came before; as worked out in this generation of the table. */
interface Lately {
  readonly from: (Histories | undefined)[];
  readonly to: (Histories | undefined)[];
  readonly generation: number;
}

const LATELY = 8;
const nothingLately = (generation: number): Lately => ({
  from: new Array<undefined>(LATELY).fill(undefined),
  to: new Array<undefined>(LATELY).fill(undefined),
  generation,
});

/** What a missing line counts: nothing while events of its kind are off. */
interface Weights {
  waiting: number;
  taken: number;
  released: number;
}

/** Another thread in the middle of pause_all_vcpus() at the same time is as unlikely as two missing lines. */
const PAUSING_ELSEWHERE = 2;

class Growing {
  readonly costs = new Map<number, number>();

  /** Something was put since this was set to false. */
  grew = false;

  put(code: number, cost: number): void {
    if (cost > MAX_LOST || cost >= (this.costs.get(code) ?? Number.POSITIVE_INFINITY)) return;
    this.costs.set(code, cost);
    this.grew = true;
  }
}

/** Adds what missing lines make possible. `alone`: only this thread's lines are looked at. */
function withLost(from: Costs, weights: Weights, alone: boolean): Costs {
  const growing = new Growing();
  const { costs } = growing;
  for (const [code, cost] of from) growing.put(code, cost);
  do {
    growing.grew = false;
    for (const [code, cost] of [...costs]) addLost(growing, code, cost, weights, alone);
  } while (growing.grew);
  return costs;
}

function addLost(growing: Growing, code: number, cost: number, weights: Weights, alone: boolean): void {
  const kind = kindOf(code);
  if (kind === HOLDS) {
    growing.put(FREE, cost + weights.released);
    growing.put(codeOf(SLEEPS, false), cost + weights.released);
    return;
  }
  const other = otherOf(code);
  if (!alone) growing.put(code ^ 4, cost + (other ? weights.released : weights.taken));
  if (kind === OUT) growing.put(codeOf(WAITS, other), cost + weights.waiting);
  else if (!other) growing.put(HELD, cost + weights.taken);
}

function advance(from: Costs, event: ChainEvent): Costs {
  const growing = new Growing();
  for (const [code, cost] of from) {
    switch (event.operation) {
      case 'waiting':
        waiting(growing, code, cost, event);
        break;
      case 'taken':
        taken(growing, code, cost, event);
        break;
      case 'released':
        released(growing, code, cost, event);
        break;
    }
  }
  return growing.costs;
}

function waiting(growing: Growing, code: number, cost: number, { whose, site, pausing }: ChainEvent): void {
  const canBeOwn = kindOf(code) === OUT && whose !== 'another';
  if (canBeOwn) growing.put(codeOf(WAITS, otherOf(code), site), cost);
  if (whose !== 'own') growing.put(code, canBeOwn && pausing ? cost + PAUSING_ELSEWHERE : cost);
}

function taken(growing: Growing, code: number, cost: number, event: ChainEvent): void {
  const { whose, site, single } = event;
  const kind = kindOf(code);
  if (kind === HOLDS || otherOf(code)) return;
  const place = siteOf(code);
  if (whose !== 'another' && canBeAt(kind, place, event)) growing.put(HELD, cost);
  // While this thread is at the place, another one needs a line of its own that shows it there.
  if (whose !== 'own') growing.put(code ^ 4, single && place === site ? cost + 1 : cost);
}

function canBeAt(kind: Kind, place: number, { site, never }: ChainEvent): boolean {
  if (kind === OUT) return false;
  if (place !== ANY) return place === site;
  return never !== (kind === WAITS ? 'lock' : 'wait');
}

function released(growing: Growing, code: number, cost: number, { whose, site, release }: ChainEvent): void {
  if (kindOf(code) === HOLDS) {
    if (whose === 'another') return;
    if (release.unlock !== undefined) growing.put(FREE, cost + release.unlock);
    if (release.wait !== undefined) growing.put(codeOf(SLEEPS, false, site), cost + release.wait);
    return;
  }
  if (otherOf(code) && whose !== 'own') growing.put(code ^ 4, cost);
}

/** What each history has come to. One object for equal ones, so that what follows is worked out once. */
export interface Histories {
  readonly costs: Costs;
  /** The least of the costs. */
  readonly least: number;
  /** What follows, by signature, as worked out in this generation of the table. */
  readonly next: Map<number, Histories>;
  generation: number;
  readonly number: number;
}

const MAX_HISTORIES = 4096;

/** Works out what follows from what, and remembers it: a log repeats itself. */
export class HistoryTable {
  readonly #alone: boolean;
  readonly #weights: Weights = { waiting: 0, taken: 0, released: 0 };
  readonly #all = new Map<string, Histories>();
  #generation = 0;

  /** `alone`: only the lines of one thread come in. */
  constructor(alone: boolean) {
    this.#alone = alone;
  }

  /** Events of this kind are on. */
  shows(operation: LockOperation): void {
    if (this.#weights[operation] > 0) return;
    this.#weights[operation] = 1;
    this.#generation += 1;
  }

  /** Nothing is known. */
  start(): Histories {
    const codes = KINDS.flatMap((kind) =>
      kind === HOLDS || this.#alone ? [codeOf(kind, false)] : [codeOf(kind, false), codeOf(kind, true)],
    );
    return this.#intern(new Map(codes.map((code) => [code, 0])));
  }

  after(histories: Histories, event: SignedEvent): Histories {
    const what = event.signature;
    return this.#known(histories, what) ?? this.#remember(histories, what, advance(this.#withLost(histories), event));
  }

  /** The same, if it was worked out before. */
  knownAfter(histories: Histories, event: SignedEvent): Histories | undefined {
    if (event.lately?.generation !== this.#generation) event.lately = nothingLately(this.#generation);
    const { lately } = event;
    const at = histories.number % LATELY;
    if (lately.from[at] === histories) return lately.to[at];
    const to = this.#known(histories, event.signature);
    lately.from[at] = to && histories;
    lately.to[at] = to;
    return to;
  }

  /** Those in which the thread neither waits nor sleeps: it prints a line. */
  awake(histories: Histories): Histories {
    const known = this.#known(histories, AWAKE);
    if (known !== undefined) return known;
    const awake = [...this.#withLost(histories)].filter(([code]) => code === HELD || code === FREE || code === OTHERS);
    return this.#remember(histories, AWAKE, new Map(awake));
  }

  /** The one in which the lock is held by the thread, free or held by another. */
  only(histories: Histories, code: number): Histories {
    const known = this.#known(histories, code);
    if (known !== undefined) return known;
    const cost = histories.costs.get(code);
    return this.#remember(histories, code, cost === undefined ? new Map() : new Map([[code, cost]]));
  }

  /** The same, the most likely counting nothing. */
  levelled(histories: Histories): Histories {
    const { least, costs } = histories;
    if (least === 0) return histories;
    const known = this.#known(histories, LEVELLED);
    return (
      known ?? this.#remember(histories, LEVELLED, new Map([...costs].map(([code, cost]) => [code, cost - least])))
    );
  }

  #withLost({ costs }: Histories): Costs {
    return withLost(costs, this.#weights, this.#alone);
  }

  /** What follows, if it was worked out since the table last changed. */
  #known(histories: Histories, what: number): Histories | undefined {
    if (histories.generation === this.#generation) return histories.next.get(what);
    histories.next.clear();
    histories.generation = this.#generation;
    return undefined;
  }

  #remember(histories: Histories, what: number, costs: Costs): Histories {
    const made = this.#intern(costs);
    histories.next.set(what, made);
    return made;
  }

  #intern(costs: Costs): Histories {
    const key = [...costs]
      .map(([code, cost]) => `${code}:${cost}`)
      .sort()
      .join(' ');
    const known = this.#all.get(key);
    if (known !== undefined) return known;
    if (this.#all.size > MAX_HISTORIES) {
      this.#all.clear();
      this.#generation += 1;
    }
    const least = Math.min(...costs.values(), Number.POSITIVE_INFINITY);
    const made = { costs, least, next: new Map(), generation: this.#generation, number: this.#all.size };
    this.#all.set(key, made);
    return made;
  }
}

/** Signatures of what is no event: below 16, as codes without a place are; those of events are above. */
const AWAKE = 8;
const LEVELLED = 9;
const OPERATIONS = { waiting: 1, taken: 2, released: 3 };
const WHOSE = { own: 0, another: 1, either: 2 };
const NEVER = 3;
const NEVER_A = { none: 0, lock: 1, wait: 2 };

/** Two bits for each of what an event is known by, and the place. */
function signatureOf({ operation, whose, site, release, pausing, single, never }: ChainEvent): number {
  const isRelease = operation === 'released';
  // Who waits somewhere else is of no interest.
  let bits = whose === 'another' ? ANY : site;
  bits = bits * 4 + OPERATIONS[operation];
  bits = bits * 4 + WHOSE[whose];
  bits = bits * 4 + (pausing ? 1 : 0) + (single ? 2 : 0);
  bits = bits * 4 + (isRelease ? (release.unlock ?? NEVER) : NEVER);
  bits = bits * 4 + (isRelease ? (release.wait ?? NEVER) : NEVER);
  bits = bits * 4 + NEVER_A[never ?? 'none'];
  return bits * 16;
}

export const signed = (event: ChainEvent): SignedEvent => ({
  ...event,
  signature: signatureOf(event),
  lately: undefined,
});
