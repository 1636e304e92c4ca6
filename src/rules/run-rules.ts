/**
 * Runs every rule over every migration and adds its judgements up: violated
 * beats undecidable, undecidable beats pass. A rule that throws is undecidable
 * and never stops the others.
 */

import { Bounded } from '../base/bounded.ts';
import { messageOf } from '../base/errors.ts';
import type { EventName } from '../catalog/catalog.ts';
import type { EventItem } from '../ingest/trace-item.ts';
import type {
  AssertionFailure,
  Migration,
  ProtocolEvent,
  Query,
  StateChange,
  Switchover,
  Sync,
} from '../replay/run.ts';
import type { ReplaySink } from '../replay/sink.ts';
import type { Checker, Finding, Judgement, Rule, Severity } from './rule.ts';

const MAX_FINDINGS = 20;
const WEIGHT: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

export interface Verdict {
  readonly rule: Rule;
  /** The rule's; less where every finding weighs less. */
  readonly severity: Severity;
  readonly migration: number;
  readonly verdict: Judgement['verdict'];
  readonly reason: string;
  readonly enable: readonly string[];
  readonly findings: readonly Finding[];
  readonly findingCount: number;
}

/** Hands a unit to the method of a checker that judges it. */
type Ask<T> = (checker: Checker, unit: T) => Judgement | undefined;

const ASK_QUERY: Ask<Query> = (checker, query) => checker.query?.(query);
const ASK_QUERY_MADE: Ask<Query> = (checker, query) => checker.queryMade?.(query);
const ASK_SYNC: Ask<Sync> = (checker, sync) => checker.sync?.(sync);
const ASK_STATE: Ask<StateChange> = (checker, change) => checker.state?.(change);
const ASK_SWITCHOVER: Ask<Switchover> = (checker, switchover) => checker.switchover?.(switchover);
const ASK_ASSERTION: Ask<AssertionFailure> = (checker, failure) => checker.assertion?.(failure);
const ASK_EVENT: Ask<ProtocolEvent> = (checker, seen) => checker.event?.(seen);
const ASK_END: Ask<undefined> = (checker) => checker.end?.();

/** One rule on one migration. */
class Tally {
  readonly rule: Rule;
  readonly #migration: Migration;
  readonly #checker: Checker | undefined;
  readonly #findings = new Bounded<Finding>(MAX_FINDINGS);
  /** The greatest one among the findings. */
  #severity: Severity | undefined;
  #fault: string | undefined;
  #undecidable: { reason: string; enable: readonly string[] } | undefined;
  #passed: string | undefined;
  #notApplicable: string | undefined;

  constructor(rule: Rule, migration: Migration) {
    this.rule = rule;
    this.#migration = migration;
    try {
      this.#checker = rule.begin(migration);
    } catch (thrown) {
      this.#fault = messageOf(thrown);
    }
  }

  judge<T>(ask: Ask<T>, unit: T, hole: boolean): void {
    if (this.#checker === undefined || this.#fault !== undefined) return;
    try {
      const judgement = ask(this.#checker, unit);
      if (judgement !== undefined) this.#add(judgement, hole);
    } catch (thrown) {
      this.#fault = messageOf(thrown);
    }
  }

  judges(unit: keyof Checker): boolean {
    return this.#checker?.[unit] !== undefined;
  }

  verdict(): Verdict {
    const base = { rule: this.rule, severity: this.#severity ?? this.rule.severity, migration: this.#migration.index };
    const { items: findings, count: findingCount } = this.#findings;
    const found = { findings, findingCount };
    const [first] = findings;
    if (first !== undefined) return { ...base, ...found, verdict: 'violated', reason: first.message, enable: [] };
    const nothing = { findings: [], findingCount: 0 };
    if (this.#fault !== undefined) {
      return {
        ...base,
        ...nothing,
        verdict: 'undecidable',
        reason: `internal fault: ${this.#fault}`,
        enable: [...this.rule.needs],
      };
    }
    if (this.#undecidable !== undefined) return { ...base, ...nothing, verdict: 'undecidable', ...this.#undecidable };
    if (this.#passed !== undefined) return { ...base, ...nothing, verdict: 'pass', reason: this.#passed, enable: [] };
    const reason = this.#notApplicable ?? 'nothing in this migration has this duty';
    return { ...base, ...nothing, verdict: 'not-applicable', reason, enable: [] };
  }

  #add(judgement: Judgement, hole: boolean): void {
    switch (judgement.verdict) {
      case 'pass':
        if (hole) this.#doubt(judgement.reason);
        else this.#passed ??= judgement.reason;
        return;
      case 'violated':
        if (hole && !judgement.selfEvident) this.#doubt(judgement.finding.message);
        else this.#find(judgement.finding);
        return;
      case 'undecidable':
        this.#undecidable ??= { reason: judgement.reason, enable: judgement.enable };
        return;
      case 'not-applicable':
        this.#notApplicable ??= judgement.reason;
        return;
    }
  }

  #find(finding: Finding): void {
    const severity = finding.severity ?? this.rule.severity;
    const known = this.#severity;
    if (known === undefined || WEIGHT[severity] > WEIGHT[known]) this.#severity = severity;
    this.#findings.push(finding);
  }

  /** What is seen may look different with the lines that are missing. */
  #doubt(seen: string): void {
    const { hole } = this.#migration;
    const where = hole === undefined ? '' : ` (line ${hole.place.line}: ${hole.text})`;
    this.#undecidable ??= {
      reason: `the log has a hole here${where}; what it shows is: ${seen}`,
      enable: [...this.rule.needs],
    };
  }
}

/** The rules of one migration, by what they judge. */
class CurrentTallies {
  readonly migration: Migration;
  readonly ofQueries: readonly Tally[];
  readonly ofQueriesMade: readonly Tally[];
  readonly ofSyncs: readonly Tally[];
  readonly ofEvents = new Map<EventName, Tally[]>();

  constructor(migration: Migration, tallies: readonly Tally[]) {
    this.migration = migration;
    this.ofQueries = tallies.filter((tally) => tally.judges('query'));
    this.ofQueriesMade = tallies.filter((tally) => tally.judges('queryMade'));
    this.ofSyncs = tallies.filter((tally) => tally.judges('sync'));
    for (const tally of tallies.filter((one) => one.judges('event'))) {
      for (const name of tally.rule.reads ?? []) {
        this.ofEvents.set(name, [...(this.ofEvents.get(name) ?? []), tally]);
      }
    }
  }
}

/** Listens to the replay; `verdicts` is complete when all migrations have ended. */
export class RuleRunner implements ReplaySink {
  readonly #rules: readonly Rule[];
  readonly #tallies = new Map<Migration, readonly Tally[]>();
  /** Those of the migration that goes on, by what they judge: there may be millions of queries and syncs. */
  #current: CurrentTallies | undefined;
  readonly verdicts: Verdict[] = [];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  migrationBegins(migration: Migration): void {
    this.#tallies.set(
      migration,
      this.#rules.map((rule) => new Tally(rule, migration)),
    );
  }

  migrationEnds(migration: Migration): void {
    this.#all(migration, ASK_END, undefined, migration.hole !== undefined);
    for (const tally of this.#tallies.get(migration) ?? []) this.verdicts.push(tally.verdict());
    this.#tallies.delete(migration);
  }

  query(query: Query, migration: Migration): void {
    for (const tally of this.#of(migration).ofQueries) tally.judge(ASK_QUERY, query, query.hole);
  }

  queryMade(query: Query, migration: Migration): void {
    for (const tally of this.#of(migration).ofQueriesMade) tally.judge(ASK_QUERY_MADE, query, query.hole);
  }

  event({ event, place, thread }: EventItem, migration: Migration | undefined, ns: number | undefined): void {
    if (migration === undefined) return;
    const tallies = this.#of(migration).ofEvents.get(event.name);
    if (tallies === undefined) return;
    const { state, openSwitchover: switchover, inPostcopy } = migration;
    const seen: ProtocolEvent = { event, at: { place, ns, thread }, state, switchover, inPostcopy };
    for (const tally of tallies) tally.judge(ASK_EVENT, seen, migration.hole !== undefined);
  }

  sync(sync: Sync, migration: Migration): void {
    for (const tally of this.#of(migration).ofSyncs) tally.judge(ASK_SYNC, sync, sync.hole);
  }

  state(change: StateChange, migration: Migration): void {
    this.#all(migration, ASK_STATE, change, change.hole);
  }

  switchover(switchover: Switchover, migration: Migration): void {
    this.#all(migration, ASK_SWITCHOVER, switchover, switchover.hole);
  }

  assertion(failure: AssertionFailure, migration: Migration): void {
    this.#all(migration, ASK_ASSERTION, failure, false);
  }

  #of(migration: Migration): CurrentTallies {
    if (this.#current?.migration !== migration) {
      this.#current = new CurrentTallies(migration, this.#tallies.get(migration) ?? []);
    }
    return this.#current;
  }

  #all<T>(migration: Migration, ask: Ask<T>, unit: T, hole: boolean): void {
    for (const tally of this.#tallies.get(migration) ?? []) tally.judge(ask, unit, hole);
  }
}
