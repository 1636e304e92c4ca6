/** The steps of one migration, folded while they come. */
import { toJsonNumber, type Uint64 } from '../../base/uint64.ts';
import type { Moment, Query } from '../../replay/run.ts';
import { BoundedRows } from '../bounded-rows.ts';
import { isExact } from '../exact-query.ts';
import type { StepReport, StepSection } from '../report.ts';
import { eventOf, firstLine, Rounds, type Row, syncFact } from './round-row.ts';

const KEPT = { first: 120, last: 80 };
/** The same of one among many migrations. */
const KEPT_BRIEF = { first: 24, last: 16 };
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
  /** Rounds become rows when they are told: most of a long migration's are left out. */
  readonly #rows: BoundedRows<Row | Rounds>;
  /** Rounds that may go on. */
  #rounds: Rounds | undefined;
  /** Polls behind the last exact query: the round that they begin. */
  #polls: Rounds | undefined;
  /** Commands that came in the middle of rounds. */
  #commands: Row[] = [];
  /** The COLO checkpoint in hand, and the one before it. */
  #checkpoint: Row[] | undefined;
  #lastCheckpoint: readonly Row[] = [];

  /** `brief`: one of many migrations in a log. */
  constructor(nameOf: (input: number) => string, brief: boolean) {
    this.#nameOf = nameOf;
    const { first, last } = brief ? KEPT_BRIEF : KEPT;
    this.#rows = new BoundedRows(first, last);
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
  round(query: Query): void {
    if (this.section === 'postcopy') this.#postcopyQuery(query);
    else if (isExact(query)) this.#exact(query);
    else this.#poll(query);
  }

  /** A query where each one counts. */
  query(query: Query): Row {
    const name = query.final === true ? 'final query' : isExact(query) ? 'exact query' : 'estimate query';
    const sync = syncFact(query, 'with a sync of its own');
    const facts: Record<string, string> = sync === undefined ? {} : { sync };
    if (query.final === true && query.exact !== undefined) facts['made as'] = query.exact ? 'exact' : 'estimate';
    const row = this.step({ name, event: eventOf(query), at: query.at, facts, totalBytes: query.totalBytes });
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
    const { rows, omitted, omittedAfter } = this.#rows.finish();
    return { rows: rows.map((row) => this.#rowOf(row)), omitted, omittedAfter };
  }

  #poll(query: Query): void {
    const fact = syncFact(query, 'with a sync');
    const differs = this.#polls?.estimates !== undefined && fact !== undefined && this.#polls.estimates !== fact;
    if (differs) this.#closePolls();
    this.#polls ??= new Rounds(this.section, query);
    this.#polls.estimates ??= fact;
    this.#polls.add(query);
  }

  #exact(query: Query): void {
    const round = this.#polls ?? new Rounds(this.section, query);
    this.#polls = undefined;
    round.exacts = syncFact(query, 'with a sync of their own');
    round.add(query);
    round.count = 1;
    this.#append(round);
  }

  /** To the rounds before it, if they were made alike. */
  #append(round: Rounds): void {
    if (this.#rounds?.goesOnWith(round) === true) {
      this.#rounds.append(round);
      return;
    }
    this.#closeRow();
    this.#rounds = round;
  }

  /** In postcopy exact queries need no sync: what counts is whether anything synced. */
  #postcopyQuery(query: Query): void {
    this.#rounds ??= new Rounds(this.section, query);
    const row = this.#rounds;
    if (query.syncs.length > 0) row.estimates = 'some';
    else if (query.syncsShown) row.estimates ??= 'none';
    if (query.exact === true) row.exacts = 'estimate and exact';
    else if (query.exact === false) row.exacts ??= 'estimate';
    row.add(query);
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

  #push(row: Row | Rounds): void {
    if (this.#checkpoint === undefined || this.#checkpoint.length >= MAX_CHECKPOINT) this.#rows.push(row);
    else this.#checkpoint.push(this.#rowOf(row));
  }

  #rowOf(row: Row | Rounds): Row {
    return row instanceof Rounds ? row.row(this.#nameOf) : row;
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
  return a.name === b?.name && JSON.stringify(a.facts) === JSON.stringify(b.facts);
}
