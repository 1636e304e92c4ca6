/**
 * Who listens to the replay of an analysis. Each call stands in a place of its
 * own: made in a loop over all, it would cost several times as much, and there
 * are millions.
 */
import type { KnownEvent } from '../catalog/catalog.ts';
import type { EventItem, MessageItem } from '../ingest/trace-item.ts';
import type { AssertionFailure, Migration, Query, StateChange, Switchover, Sync } from '../replay/run.ts';
import type { BqlHold, ReplaySink } from '../replay/sink.ts';
import { fanOut } from '../replay/sinks.ts';
import type { MeasureTaker } from '../report/measures.ts';
import type { RoundFolder } from '../report/rounds.ts';
import type { StepFolder } from '../report/steps/step-folder.ts';
import type { RuleRunner } from '../rules/run-rules.ts';

export interface Parts {
  readonly rules: RuleRunner;
  readonly rounds: RoundFolder;
  readonly steps: StepFolder;
  readonly measures: MeasureTaker;
  /** Behind those. */
  readonly others: readonly ReplaySink[];
}

export class Listeners implements Required<ReplaySink> {
  readonly listensTo = { inRounds: true };
  readonly #rules: RuleRunner;
  readonly #rounds: RoundFolder;
  readonly #steps: StepFolder;
  readonly #measures: MeasureTaker;
  readonly #others: Required<ReplaySink>;
  readonly #othersListenInRounds: boolean;

  constructor({ rules, rounds, steps, measures, others }: Parts) {
    this.#rules = rules;
    this.#rounds = rounds;
    this.#steps = steps;
    this.#measures = measures;
    this.#others = fanOut(others);
    this.#othersListenInRounds = others.some(({ event, listensTo }) => event && listensTo?.inRounds !== false);
  }

  migrationBegins(migration: Migration): void {
    this.#rules.migrationBegins(migration);
    this.#steps.migrationBegins(migration);
    this.#others.migrationBegins(migration);
  }

  migrationEnds(migration: Migration): void {
    this.#rules.migrationEnds(migration);
    this.#others.migrationEnds(migration);
  }

  queryMade(query: Query, migration: Migration): void {
    this.#rules.queryMade(query, migration);
    this.#steps.queryMade(query, migration);
    this.#others.queryMade(query, migration);
  }

  syncEnds(sync: Sync, migration: Migration): void {
    this.#steps.syncEnds(sync, migration);
    this.#others.syncEnds(sync, migration);
  }

  query(query: Query, migration: Migration): void {
    this.#rules.query(query, migration);
    this.#rounds.query(query, migration);
    this.#steps.query(query, migration);
    this.#measures.query(query, migration);
    this.#others.query(query, migration);
  }

  sync(sync: Sync, migration: Migration): void {
    this.#rules.sync(sync, migration);
    this.#measures.sync(sync, migration);
    this.#others.sync(sync, migration);
  }

  state(change: StateChange, migration: Migration): void {
    this.#rules.state(change, migration);
    this.#steps.state(change, migration);
    this.#others.state(change, migration);
  }

  switchover(switchover: Switchover, migration: Migration): void {
    this.#rules.switchover(switchover, migration);
    this.#others.switchover(switchover, migration);
  }

  assertion(failure: AssertionFailure, migration: Migration): void {
    this.#rules.assertion(failure, migration);
    this.#steps.assertion(failure, migration);
    this.#others.assertion(failure, migration);
  }

  event(item: EventItem, migration: Migration | undefined, ns: number | undefined, inRound: boolean): void {
    this.#rules.event(item, migration, ns, inRound);
    if (!inRound) {
      this.#steps.event(item, migration, ns);
      this.#measures.event(item, migration);
    }
    if (!inRound || this.#othersListenInRounds) this.#others.event(item, migration, ns, inRound);
  }

  awaits(event: KnownEvent, migration: Migration): boolean {
    return (
      this.#rules.awaits(event, migration) || (this.#othersListenInRounds && this.#others.awaits(event, migration))
    );
  }

  message(item: MessageItem, migration: Migration | undefined, ns: number | undefined): void {
    this.#others.message(item, migration, ns);
  }

  counted(name: string, times: number, migration: Migration | undefined, state: string | undefined): void {
    this.#others.counted(name, times, migration, state);
  }

  bqlHold(hold: BqlHold, migration: Migration): void {
    this.#others.bqlHold(hold, migration);
  }
}
