/**
 * A rule is one duty of the migration protocol: one file, one exported
 * constant. It sees a migration as it is replayed, unit by unit, and judges
 * each; `run-rules.ts` adds the judgements up to one verdict per migration,
 * keeps the findings bounded, and takes back what rests on a log with holes.
 */
import type { EventName, KnownEvent } from '../catalog/catalog.ts';
import type { Place } from '../ingest/trace-item.ts';
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

export type Severity = 'error' | 'warning' | 'info';

/** The lines that prove a violation: at least one, the decisive line first. */
export type Evidence = readonly [Place, ...Place[]];

export interface Finding {
  /** One sentence in the indicative: what happened, with numbers. */
  readonly message: string;
  readonly expected: string;
  readonly actual: string;
  readonly evidence: Evidence;
  /** Where it weighs less than the rule's own severity. */
  readonly severity?: Severity;
}

export type Judgement =
  | { readonly verdict: 'pass'; readonly reason: string }
  | {
      readonly verdict: 'violated';
      readonly finding: Finding;
      /** The lines prove it by themselves, whatever else the log has lost. */
      readonly selfEvident: boolean;
    }
  | {
      readonly verdict: 'undecidable';
      readonly reason: string;
      readonly enable: readonly string[];
      /** What was found before rests on lines that turned out to be lost; nothing changes where nothing was found. */
      readonly refutes?: true;
    }
  | { readonly verdict: 'not-applicable'; readonly reason: string };

export const pass = (reason: string): Judgement => ({ verdict: 'pass', reason });
export const violated = (finding: Finding): Judgement => ({ verdict: 'violated', finding, selfEvident: false });
/** The same where there may be hundreds of thousands: the words of the first ones alone are made. */
export function violatedOften(make: () => Finding): Judgement {
  return new OftenViolated(make);
}

class OftenViolated {
  readonly verdict = 'violated';
  readonly selfEvident = false;
  readonly #make: () => Finding;

  constructor(make: () => Finding) {
    this.#make = make;
  }

  get finding(): Finding {
    return this.#make();
  }
}

export const selfEvident = (finding: Finding): Judgement => ({ verdict: 'violated', finding, selfEvident: true });
export const undecidable = (reason: string, enable: readonly (EventName | SampleSource)[]): Judgement => ({
  verdict: 'undecidable',
  reason,
  enable,
});
/** Takes back the violations found before, but for those that are self-evident. */
export const refuted = (reason: string, enable: readonly (EventName | SampleSource)[]): Judgement => ({
  verdict: 'undecidable',
  reason,
  enable,
  refutes: true,
});
export const notApplicable = (reason: string): Judgement => ({ verdict: 'not-applicable', reason });

/** What decides a rule besides an event: query-migrate samples, or what QEMU printed on stderr. */
export type SampleSource = '--qmp' | 'stderr';

/**
 * Judges one migration. Each method is called in the order of the log; what it
 * returns counts for the migration's verdict, `undefined` for nothing to judge.
 * `end` comes last and alone decides when nothing was judged before.
 * They are functions without a `this`.
 */
export interface Checker {
  /** What `queryMade` and `query` are called for; all kinds where it is absent. */
  readonly kinds?: readonly QueryKind[];
  /** At the line of the query, in order with `event`; `query` follows when it is known who held the lock. */
  readonly queryMade?: (query: Query) => Judgement | undefined;
  readonly query?: (query: Query) => Judgement | undefined;
  readonly sync?: (sync: Sync) => Judgement | undefined;
  readonly state?: (change: StateChange) => Judgement | undefined;
  readonly switchover?: (switchover: Switchover) => Judgement | undefined;
  readonly assertion?: (failure: AssertionFailure) => Judgement | undefined;
  /** The events that `reads` names, at their lines: also those that come with every round. */
  readonly event?: (event: ProtocolEvent) => Judgement | undefined;
  /**
   * Whether an event that comes with every round tells it anything as things stand: it is asked before each; where it is
   * absent, each does. Only the texts among the arguments may count, for the numbers can be an earlier line's.
   */
  readonly awaits?: (event: KnownEvent) => boolean;
  readonly end?: () => Judgement | undefined;
}

/** A past bug that this rule would have shown. */
export interface PastBug {
  /** Of QEMU's repository: the fix, as its abbreviated hash. */
  readonly commit: string;
  /** What went wrong. */
  readonly what: string;
}

export interface Rule {
  /** Equals the file name. A noun for the bad state. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** What the protocol demands, in one sentence. */
  readonly demands: string;
  /** What the guest loses otherwise. */
  readonly why: string;
  /** Events without which nothing can be judged. */
  readonly needs: readonly EventName[];
  /** The C function that has the duty, and the versions that have it. */
  readonly qemu: { readonly function: string; readonly versions: string };
  readonly limits: string;
  readonly bugs?: readonly PastBug[];
  /** Events that `Checker.event` is called for: no queries, syncs, states or mutexes. */
  readonly reads?: readonly EventName[];
  begin(migration: Migration): Checker;
}

export function defineRule(rule: Rule): Rule {
  return rule;
}
