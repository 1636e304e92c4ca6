/** The steps of one migration, folded while they come. */
import { toJsonNumber, type Uint64 } from '../../base/uint64.ts';
import type { Moment, Query } from '../../replay/run.ts';
import type { StepReport, StepSection } from '../report.ts';
import { BoundedRows } from './bounded-rows.ts';
import {
  addQuery,
  agree,
  firstLine,
  ITERATIONS,
  isExact,
  POSTCOPY_QUERIES,
  postcopyFacts,
  type Row,
  roundFacts,
  syncFact,
} from './round-row.ts';

/** A checkpoint has about ten steps. */
const MAX_CHECKPOINT = 60;

export interface Step {
  readonly name: string;
  readonly event: string;
  readonly at: Moment;
  readonly facts?: Record<string, string>;
  readonly totalBytes?: Uint64 | undefined;
}

export class StepTable {
  section: StepSection = 'setup';
  readonly #nameOf: (input: number) => string;
  readonly #rows = new BoundedRows();
  /** Rounds that may go on. */
  #rounds: Row | undefined;
  /** Polls behind the last exact query: the round that they begin. */
  #polls: Row | undefined;
  /** Commands that came in the middle of rounds. */
  #commands: Row[] = [];
  /** The COLO checkpoint in hand, and the one before it. */
  #checkpoint: Row[] | undefined;
  #lastCheckpoint: readonly Row[] = [];

  constructor(nameOf: (input: number) => string) {
    this.#nameOf = nameOf;
  }

  /** A step of its own. */
  step(step: Step): Row {
    this.#closeRounds();
    const row = this.#row(step);
    this.#push(row);
    return row;
  }

  /** Told behind the rounds in whose midst it came. */
  command(step: Step): void {
    if (this.#rounds === undefined && this.#polls === undefined) this.step(step);
    else if (this.#commands.length < MAX_CHECKPOINT) this.#commands.push(this.#row(step));
  }

  /** A query of the iteration or of postcopy. */
  round(query: Query, event: string): void {
    if (this.section === 'postcopy') this.#postcopyQuery(query, event);
    else if (isExact(query)) this.#exact(query, event);
    else this.#poll(query, event);
  }

  /** A query where each one counts. */
  query(query: Query, event: string): Row {
    const name = query.final === true ? 'final query' : isExact(query) ? 'exact query' : 'estimate query';
    const sync = syncFact(query, 'with a sync of its own');
    const facts: Record<string, string> = sync === undefined ? {} : { sync };
    if (query.final === true && query.exact !== undefined) facts['made as'] = query.exact ? 'exact' : 'estimate';
    const row = this.step({ name, event, at: query.at, facts, totalBytes: query.totalBytes });
    row.lines[0] = firstLine(query);
    return row;
  }

  beginCheckpoint(): void {
    this.#closeRounds();
    this.#closeCheckpoint();
    this.section = 'checkpoint';
    this.#checkpoint = [];
  }

  enter(section: StepSection): void {
    if (section === this.section) return;
    this.#closeRounds();
    this.#closeCheckpoint();
    this.section = section;
  }

  finish() {
    this.#closeRounds();
    this.#closeCheckpoint();
    return this.#rows.finish();
  }

  #poll(query: Query, event: string): void {
    const facts = roundFacts(query);
    if (this.#polls !== undefined && !agree(this.#polls.facts, facts)) this.#closePolls();
    this.#polls ??= this.#roundRow(ITERATIONS, query, event, facts);
    Object.assign(this.#polls.facts, facts);
    addQuery(this.#polls, query);
  }

  #exact(query: Query, event: string): void {
    const round = this.#polls ?? this.#roundRow(ITERATIONS, query, event, {});
    this.#polls = undefined;
    Object.assign(round.facts, roundFacts(query));
    round.event = event;
    addQuery(round, query);
    round.count = 1;
    this.#append(round);
  }

  /** To the rounds before it, if they were made alike. */
  #append(round: Row): void {
    const before = this.#rounds;
    if (before === undefined || !agree(before.facts, round.facts)) {
      this.#closeRow();
      this.#rounds = round;
      return;
    }
    before.count += round.count;
    Object.assign(before.facts, round.facts);
    before.lines = [before.lines[0], round.lines[1]];
    before.ns = round.ns;
    before.totalBytes = round.totalBytes;
    if (before.queries === null || round.queries === null) return;
    before.queries.estimate += round.queries.estimate;
    before.queries.exact += round.queries.exact;
    before.queries.unspecified += round.queries.unspecified;
  }

  #postcopyQuery(query: Query, event: string): void {
    const facts = postcopyFacts(query);
    if (this.#rounds === undefined) this.#rounds = this.#roundRow(POSTCOPY_QUERIES, query, event, facts);
    const row = this.#rounds;
    if (isExact(query) && facts['kinds'] !== undefined) row.facts['kinds'] = facts['kinds'];
    if (facts['syncs'] === 'some') row.facts['syncs'] = 'some';
    addQuery(row, query);
    row.count += 1;
  }

  #closePolls(): void {
    const polls = this.#polls;
    this.#polls = undefined;
    if (polls !== undefined) this.#append(polls);
  }

  #closeRow(): void {
    if (this.#rounds !== undefined) this.#push(this.#rounds);
    this.#rounds = undefined;
  }

  #closeRounds(): void {
    this.#closePolls();
    this.#closeRow();
    const commands = this.#commands;
    this.#commands = [];
    for (const command of commands) this.#push(command);
  }

  #push(row: Row): void {
    if (this.#checkpoint === undefined || this.#checkpoint.length >= MAX_CHECKPOINT) this.#rows.push(row);
    else this.#checkpoint.push(row);
  }

  /** Equal checkpoints become one. */
  #closeCheckpoint(): void {
    const rows = this.#checkpoint;
    if (rows === undefined) return;
    this.#checkpoint = undefined;
    const last = this.#lastCheckpoint;
    const equal = rows.length === last.length && rows.every((row, at) => isLike(row, last[at]));
    if (!equal) {
      for (const row of rows) this.#rows.push(row);
      this.#lastCheckpoint = rows;
      return;
    }
    for (const [at, row] of rows.entries()) {
      const kept = last[at];
      if (kept === undefined) continue;
      kept.count += 1;
      kept.lines = [kept.lines[0], row.lines[1]];
      kept.ns = row.ns;
      kept.totalBytes = row.totalBytes;
    }
  }

  #roundRow(name: string, query: Query, event: string, facts: Record<string, string>): Row {
    return { ...this.#row({ name, event, at: query.at, facts }), count: 0 };
  }

  #row({ name, event, at, facts = {}, totalBytes }: Step): Row {
    return {
      section: this.section,
      name,
      event,
      count: 1,
      file: this.#nameOf(at.place.input),
      lines: [at.place.line, at.place.line],
      ns: at.ns ?? null,
      facts: { ...facts },
      totalBytes: totalBytes === undefined ? null : toJsonNumber(totalBytes),
      queries: null,
    } satisfies StepReport;
  }
}

function isLike(a: Row, b: Row | undefined): boolean {
  if (a.name !== b?.name) return false;
  return agree(a.facts, b.facts) && Object.keys(a.facts).length === Object.keys(b.facts).length;
}
