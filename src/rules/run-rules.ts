/**
 * Runs every rule over every migration and adds its judgements up: violated
 * beats undecidable, undecidable beats pass. A rule that throws is undecidable
 * and never stops the others.
 */

import { Bounded } from '../base/bounded.ts';
import { messageOf } from '../base/errors.ts';
import type { EventName, KnownEvent } from '../catalog/catalog.ts';
import type { EventItem } from '../ingest/trace-item.ts';
import type {
  AssertionFailure,
  Migration,
  ProtocolEvent,
  Query,
  QueryKind,
  StateChange,
  Switchover,
  Sync,
} from '../replay/run.ts';
import type { EventChoice, ReplaySink } from '../replay/sink.ts';
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
/** The method itself: of some units there are millions. */
type Judge<T> = (unit: T) => Judgement | undefined;

const ASK_STATE: Ask<StateChange> = (checker, change) => checker.state?.(change);
const ASK_SWITCHOVER: Ask<Switchover> = (checker, switchover) => checker.switchover?.(switchover);
const ASK_ASSERTION: Ask<AssertionFailure> = (checker, failure) => checker.assertion?.(failure);
const ASK_END: Ask<undefined> = (checker) => checker.end?.();

/** One rule on one migration. */
class Tally {
  readonly rule: Rule;
  readonly #migration: Migration;
  readonly #checker: Checker | undefined;
  #findings = new Bounded<Finding>(MAX_FINDINGS);
  /** No line that the log has lost can change a finding. */
  #proven = false;
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
    const checker = this.#checker;
    if (checker !== undefined) this.judgeBy((one) => ask(checker, one), unit, hole);
  }

  judgeBy<T>(judge: Judge<T>, unit: T, hole: boolean): void {
    if (this.#fault !== undefined) return;
    try {
      const judgement = judge(unit);
      if (judgement !== undefined) this.#add(judgement, hole);
    } catch (thrown) {
      this.#fault = messageOf(thrown);
    }
  }

  awaits(event: KnownEvent): boolean {
    try {
      return this.#checker?.awaits?.(event) ?? true;
    } catch {
      // It shows when the rule is given the event.
      return true;
    }
  }

  get checker(): Checker | undefined {
    return this.#checker;
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
        if (hole) this.#doubt(() => judgement.reason);
        else this.#passed ??= judgement.reason;
        return;
      case 'violated':
        if (judgement.selfEvident) this.#proven = true;
        if (hole && !judgement.selfEvident) this.#doubt(() => judgement.finding.message);
        else if (this.#findings.isFull && this.#severity === this.rule.severity) this.#findings.skip();
        else this.#find(judgement.finding);
        return;
      case 'undecidable':
        if (judgement.refutes === true && !this.#takeBack()) return;
        this.#undecidable ??= { reason: judgement.reason, enable: judgement.enable };
        return;
      case 'not-applicable':
        this.#notApplicable ??= judgement.reason;
        return;
    }
  }

  /** False where there is nothing to take back. */
  #takeBack(): boolean {
    if (this.#proven || this.#findings.count === 0) return false;
    this.#findings = new Bounded<Finding>(MAX_FINDINGS);
    this.#severity = undefined;
    return true;
  }

  #find(finding: Finding): void {
    const severity = finding.severity ?? this.rule.severity;
    const known = this.#severity;
    if (known === undefined || WEIGHT[severity] > WEIGHT[known]) this.#severity = severity;
    this.#findings.push(finding);
  }

  /** What is seen may look different with the lines that are missing. */
  #doubt(seen: () => string): void {
    if (this.#undecidable !== undefined) return;
    const { hole } = this.#migration;
    const where = hole === undefined ? '' : ` (line ${hole.place.line}: ${hole.text})`;
    this.#undecidable = {
      reason: `the log has a hole here${where}; what it shows is: ${seen()}`,
      enable: [...this.rule.needs],
    };
  }
}

const NONE: readonly Jury<ProtocolEvent>[] = [];

/** One rule's judge of one kind of unit. */
class Jury<T> {
  readonly #tally: Tally;
  readonly #judge: Judge<T>;

  constructor(tally: Tally, judge: Judge<T>) {
    this.#tally = tally;
    this.#judge = judge;
  }

  judge(unit: T, hole: boolean): void {
    this.#tally.judgeBy(this.#judge, unit, hole);
  }

  /** Of an event that comes with every round: whether there is anything to judge. */
  awaits(event: KnownEvent): boolean {
    return this.#tally.awaits(event);
  }
}

/** The judges of the rules that have one; `methodOf` finds it. */
function juriesOf<T>(
  tallies: readonly Tally[],
  methodOf: (checker: Checker) => Judge<T> | undefined,
): readonly Jury<T>[] {
  return tallies.flatMap((tally) => {
    const judge = tally.checker && methodOf(tally.checker);
    return judge === undefined ? [] : [new Jury(tally, judge)];
  });
}

type ByKind = Readonly<Record<QueryKind, readonly Jury<Query>[]>>;

/** By name: a key that is a value is looked up for every query. */
function juriesOfKind(juries: ByKind, kind: QueryKind): readonly Jury<Query>[] {
  switch (kind) {
    case 'estimate':
      return juries.estimate;
    case 'exact':
      return juries.exact;
    case 'final':
      return juries.final;
    case 'unspecified':
      return juries.unspecified;
  }
}

function juriesByKind(tallies: readonly Tally[], methodOf: (checker: Checker) => Judge<Query> | undefined): ByKind {
  const of = (kind: QueryKind) =>
    juriesOf(tallies, (checker) => (checker.kinds?.includes(kind) === false ? undefined : methodOf(checker)));
  return { estimate: of('estimate'), exact: of('exact'), final: of('final'), unspecified: of('unspecified') };
}

/** The rules of one migration, by what they judge. */
class CurrentTallies {
  readonly migration: Migration;
  readonly ofQueries: ByKind;
  readonly ofQueriesMade: ByKind;
  readonly ofSyncs: readonly Jury<Sync>[];
  readonly ofEvents = new Map<EventName, Jury<ProtocolEvent>[]>();

  constructor(migration: Migration, tallies: readonly Tally[]) {
    this.migration = migration;
    this.ofQueries = juriesByKind(tallies, ({ query }) => query);
    this.ofQueriesMade = juriesByKind(tallies, ({ queryMade }) => queryMade);
    this.ofSyncs = juriesOf(tallies, ({ sync }) => sync);
    for (const tally of tallies) {
      const juries = juriesOf([tally], ({ event }) => event);
      for (const name of tally.rule.reads ?? []) {
        this.ofEvents.set(name, [...(this.ofEvents.get(name) ?? []), ...juries]);
      }
    }
  }
}

/** Listens to the replay; `verdicts` is complete when all migrations have ended. */
export class RuleRunner implements ReplaySink {
  readonly listensTo: EventChoice;
  readonly #rules: readonly Rule[];
  readonly #tallies = new Map<Migration, readonly Tally[]>();
  /** Those of the migration that goes on, by what they judge: there may be millions of queries and syncs. */
  #current: CurrentTallies | undefined;
  readonly verdicts: Verdict[] = [];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.listensTo = { names: new Set(rules.flatMap(({ reads }) => reads ?? [])), inRounds: true };
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
    for (const jury of juriesOfKind(this.#of(migration).ofQueries, query.kind)) jury.judge(query, query.hole);
  }

  queryMade(query: Query, migration: Migration): void {
    for (const jury of juriesOfKind(this.#of(migration).ofQueriesMade, query.kind)) jury.judge(query, query.hole);
  }

  event(
    { event, place, thread }: EventItem,
    migration: Migration | undefined,
    ns: number | undefined,
    inRound: boolean,
  ): void {
    if (migration === undefined) return;
    const juries = this.#of(migration).ofEvents.get(event.name);
    if (juries === undefined) return;
    const { state, openSwitchover: switchover, inPostcopy } = migration;
    const seen: ProtocolEvent = { event, at: { place, ns, thread }, state, switchover, inPostcopy };
    for (const jury of juries) {
      if (!inRound || jury.awaits(event)) jury.judge(seen, migration.hole !== undefined);
    }
  }

  awaits(event: KnownEvent, migration: Migration): boolean {
    for (const jury of this.#of(migration).ofEvents.get(event.name) ?? NONE) if (jury.awaits(event)) return true;
    return false;
  }

  sync(sync: Sync, migration: Migration): void {
    for (const jury of this.#of(migration).ofSyncs) jury.judge(sync, sync.hole);
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
