/**
 * Queries that come in numbers, as one row: the rounds of the iteration, or
 * what is asked in postcopy. A row goes on as long as the rounds are made alike.
 * There may be hundreds of thousands: numbers are counted up, nothing is made anew.
 */
import type { Mutable } from '../../base/mutable.ts';
import { toJsonNumber, type Uint64 } from '../../base/uint64.ts';
import type { Query } from '../../replay/run.ts';
import type { StepReport, StepSection } from '../report.ts';

export type Row = Mutable<Omit<StepReport, 'facts' | 'lines'>> & {
  facts: Record<string, string>;
  lines: [number, number];
};

/** The first line of the query: that of its first sync. */
export function firstLine(query: Query): number {
  const sync = query.syncs[0];
  const start = sync?.start ?? sync?.end;
  return start !== undefined && start.place.input === query.at.place.input ? start.place.line : query.at.place.line;
}

/** undefined where the log shows no syncs at all. A sync of auto-converge's timer is nobody's. */
export function syncFact(query: Query, own: string): string | undefined {
  const count = query.syncs.length - (query.timerSynced ? 1 : 0);
  if (count <= 0) return query.syncsShown ? 'without a sync' : undefined;
  return count === 1 ? own : `with ${count} syncs`;
}

/** The event that printed it. */
export function eventOf({ at, exact, final }: Query): string {
  if (exact === undefined) return 'migrate_pending';
  // Snapshots of May to July 2026 have the new event without `final=`.
  if (final !== undefined || at.place.text.includes('qemu_savevm_query')) return 'qemu_savevm_query_pending';
  return exact ? 'migrate_pending_exact' : 'migrate_pending_estimate';
}

function agree(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

export class Rounds {
  readonly section: StepSection;
  count = 0;
  /** How the estimates and the exact queries were made; undefined as long as none shows it. */
  estimates: string | undefined;
  exacts: string | undefined;
  readonly #input: number;
  readonly #first: number;
  #event: string;
  #last = 0;
  #ns: number | undefined;
  #total: Uint64 = 0;
  #estimate = 0;
  #exact = 0;
  #unspecified = 0;

  constructor(section: StepSection, query: Query) {
    this.section = section;
    this.#input = query.at.place.input;
    this.#first = firstLine(query);
    this.#event = eventOf(query);
  }

  add(query: Query): void {
    const { at, kind } = query;
    if (kind === 'estimate') this.#estimate += 1;
    else if (kind === 'exact') this.#exact += 1;
    else this.#unspecified += 1;
    this.#last = at.place.line;
    this.#ns = at.ns;
    this.#total = query.totalBytes;
  }

  goesOnWith(other: Rounds): boolean {
    return agree(this.estimates, other.estimates) && agree(this.exacts, other.exacts);
  }

  append(other: Rounds): void {
    this.count += other.count;
    this.estimates ??= other.estimates;
    if (this.exacts === undefined) this.#event = other.#event;
    this.exacts ??= other.exacts;
    this.#estimate += other.#estimate;
    this.#exact += other.#exact;
    this.#unspecified += other.#unspecified;
    this.#last = other.#last;
    this.#ns = other.#ns;
    this.#total = other.#total;
  }

  row(nameOf: (input: number) => string): Row {
    const postcopy = this.section === 'postcopy';
    const facts: Record<string, string> = {};
    if (this.estimates !== undefined) facts[postcopy ? 'syncs' : 'estimate queries'] = this.estimates;
    if (this.exacts !== undefined) facts[postcopy ? 'kinds' : 'exact queries'] = this.exacts;
    return {
      section: this.section,
      name: postcopy ? 'queries of postcopy' : 'iterations',
      event: this.#event,
      count: this.count,
      file: nameOf(this.#input),
      lines: [this.#first, this.#last],
      ns: this.#ns ?? null,
      facts,
      totalBytes: toJsonNumber(this.#total),
      queries: { estimate: this.#estimate, exact: this.#exact, unspecified: this.#unspecified },
    };
  }
}
