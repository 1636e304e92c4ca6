/**
 * Runs every rule over every migration and adds its judgements up: violated
 * beats undecidable, undecidable beats pass. A rule that throws is undecidable
 * and never stops the others.
 */

import { Bounded } from '../base/bounded.ts';
import { messageOf } from '../base/errors.ts';
import type { AssertionFailure, Migration, Query, StateChange, Switchover, Sync } from '../replay/run.ts';
import type { ReplaySink } from '../replay/sink.ts';
import type { Checker, Finding, Judgement, Rule } from './rule.ts';

const MAX_FINDINGS = 20;

export interface Verdict {
  readonly rule: Rule;
  readonly migration: number;
  readonly verdict: Judgement['verdict'];
  readonly reason: string;
  readonly enable: readonly string[];
  readonly findings: readonly Finding[];
  readonly findingCount: number;
}

/** One rule on one migration. */
class Tally {
  readonly rule: Rule;
  readonly #migration: Migration;
  readonly #checker: Checker | undefined;
  readonly #findings = new Bounded<Finding>(MAX_FINDINGS);
  #fault: string | undefined;
  #undecidable: { reason: string; enable: readonly string[] } | undefined;
  #passed: string | undefined;
  #notApplicable: string | undefined;

  constructor(rule: Rule, migration: Migration) {
    this.rule = rule;
    this.#migration = migration;
    this.#checker = this.#guard(() => rule.begin(migration));
  }

  judge(ask: (checker: Checker) => Judgement | undefined, hole: boolean): void {
    const checker = this.#checker;
    if (checker === undefined || this.#fault !== undefined) return;
    const judgement = this.#guard(() => ask(checker));
    if (judgement !== undefined) this.#add(judgement, hole);
  }

  get judgesQueries(): boolean {
    return this.#checker?.query !== undefined;
  }

  verdict(): Verdict {
    const base = { rule: this.rule, migration: this.#migration.index };
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

  #guard<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (thrown) {
      this.#fault = messageOf(thrown);
      return undefined;
    }
  }

  #add(judgement: Judgement, hole: boolean): void {
    switch (judgement.verdict) {
      case 'pass':
        if (hole) this.#doubt(judgement.reason);
        else this.#passed ??= judgement.reason;
        return;
      case 'violated':
        if (hole && !judgement.selfEvident) this.#doubt(judgement.finding.message);
        else this.#findings.push(judgement.finding);
        return;
      case 'undecidable':
        this.#undecidable ??= { reason: judgement.reason, enable: judgement.enable };
        return;
      case 'not-applicable':
        this.#notApplicable ??= judgement.reason;
        return;
    }
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

/** Listens to the replay; `verdicts` is complete when all migrations have ended. */
export class RuleRunner implements ReplaySink {
  readonly #rules: readonly Rule[];
  readonly #tallies = new Map<Migration, readonly Tally[]>();
  /** Those that judge queries, of the migration whose queries come now: there may be millions. */
  #ofQueries: { readonly migration: Migration; readonly tallies: readonly Tally[] } | undefined;
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
    this.#each(migration, (tally) => {
      tally.judge((checker) => checker.end?.(), migration.hole !== undefined);
      this.verdicts.push(tally.verdict());
    });
    this.#tallies.delete(migration);
  }

  query(query: Query, migration: Migration): void {
    if (this.#ofQueries?.migration !== migration) {
      const tallies = (this.#tallies.get(migration) ?? []).filter((tally) => tally.judgesQueries);
      this.#ofQueries = { migration, tallies };
    }
    const ask = (checker: Checker): Judgement | undefined => checker.query?.(query);
    for (const tally of this.#ofQueries.tallies) tally.judge(ask, query.hole);
  }

  sync(sync: Sync, migration: Migration): void {
    this.#each(migration, (tally) => tally.judge((checker) => checker.sync?.(sync), sync.hole));
  }

  state(change: StateChange, migration: Migration): void {
    this.#each(migration, (tally) => tally.judge((checker) => checker.state?.(change), change.hole));
  }

  switchover(switchover: Switchover, migration: Migration): void {
    this.#each(migration, (tally) => tally.judge((checker) => checker.switchover?.(switchover), switchover.hole));
  }

  assertion(failure: AssertionFailure, migration: Migration): void {
    this.#each(migration, (tally) => tally.judge((checker) => checker.assertion?.(failure), false));
  }

  #each(migration: Migration, action: (tally: Tally) => void): void {
    for (const tally of this.#tallies.get(migration) ?? []) action(tally);
  }
}
