/** Collects what happens between VM stop and the end of a switchover. */
import type { BqlSnapshot } from './bql-snapshot.ts';
import type { Decision, Moment, NestedLock, Query, QueryProbes, Switchover, SwitchoverEnd, Sync } from './run.ts';

const MAX_KEPT = 20;

/** What shows that the VM is stopped. */
export type StopMark = 'runstate' | 'notify' | 'checkpoint' | 'completion' | 'colo' | 'state' | 'downtime-start';

/** What only the end of the switchover, or of the log, shows. */
export interface SwitchoverEnding {
  readonly unfinishedQuery: QueryProbes | undefined;
  readonly decision: Decision | undefined;
  /** The migration is in the state `device`. */
  readonly inDevice: boolean;
  readonly nestedLock: NestedLock | undefined;
}

export class SwitchoverBuilder {
  readonly index: number;
  readonly checkpoint: boolean;
  readonly stop: Moment;
  readonly #decidingQuery: Query | undefined;
  readonly #earlyFinals: readonly Query[];
  #unplacedFinals: number;
  /** Lines of this switchover that come once in it: another of the kind begins another one. */
  readonly #marks = new Set<StopMark>();
  readonly #finals: Query[] = [];
  readonly #syncs: Sync[] = [];
  #finalCount = 0;
  /** Made after RAM was saved. */
  readonly #lateFinals: Query[] = [];
  readonly #queriesAfterFinal: Query[] = [];
  #syncsAfterFinal: Moment[] = [];
  #finalMade = false;
  readonly #lockedSteps: { readonly name: string; readonly at: Moment; readonly snapshot: BqlSnapshot }[] = [];
  #syncCount = 0;
  #syncsBeforeDiscard = 0;
  #syncsBeforeSaving: number | undefined;
  /** Syncs of exact queries that are no final ones. */
  #syncsOfOthers = 0;
  readonly #precopyBytesSeen: boolean;
  #discardBitmap: Moment | undefined;
  #end: Moment | undefined;
  #endedBy: SwitchoverEnd = 'log-ends';
  mode: Switchover['mode'];
  ramPostcopy: Moment | undefined;
  ramEnd: Moment | undefined;
  /** A COLO checkpoint was carried through to the other side. */
  carriedThrough = false;
  queryBegan = false;
  /** Probes of a final query whose line never came, though the switchover went on. */
  lostFinal: QueryProbes | undefined;
  hole: boolean;
  /** It has been handed on. */
  emitted = false;

  constructor(options: {
    index: number;
    checkpoint: boolean;
    stop: Moment;
    mode: Switchover['mode'];
    decidingQuery: Query | undefined;
    earlyFinals: readonly Query[];
    unplacedFinals: number;
    ramPostcopy: Moment | undefined;
    precopyBytesSeen: boolean;
    hole: boolean;
  }) {
    this.index = options.index;
    this.checkpoint = options.checkpoint;
    this.stop = options.stop;
    this.mode = options.mode;
    this.#decidingQuery = options.decidingQuery;
    this.#earlyFinals = options.earlyFinals;
    this.#unplacedFinals = options.unplacedFinals;
    this.ramPostcopy = options.ramPostcopy;
    this.#precopyBytesSeen = options.precopyBytesSeen;
    this.hole = options.hole;
  }

  get open(): boolean {
    return this.#end === undefined;
  }

  /** False when a line of this kind came before. */
  mark(mark: StopMark): boolean {
    if (this.#marks.has(mark)) return false;
    this.#marks.add(mark);
    return true;
  }

  query(query: Query, ramSaved: boolean): void {
    if (query.final !== true) {
      if (this.#finalCount > 0 && this.#queriesAfterFinal.length < MAX_KEPT) this.#queriesAfterFinal.push(query);
      return;
    }
    if (ramSaved && this.#finalCount > 0) {
      // RAM was saved since: this one may belong to a checkpoint whose stop is not shown.
      this.#unplacedFinals += 1;
      if (this.#lateFinals.length < MAX_KEPT) this.#lateFinals.push(query);
      return;
    }
    this.#addFinal(query);
  }

  #addFinal(query: Query): void {
    this.#finalCount += 1;
    if (this.#finals.length < MAX_KEPT) this.#finals.push(query);
  }

  /**
   * Where the log shows such an end, it shows COLO's checkpoints, too; and in
   * another attempt other queries come before the final one.
   */
  #placeLateFinals(endedBy: SwitchoverEnd): void {
    const shown = this.checkpoint ? ['vm-running'] : ['downtime-end', 'packaged', 'colo'];
    if (!shown.includes(endedBy) || this.#queriesAfterFinal.length > 0) return;
    this.#unplacedFinals -= this.#lateFinals.length;
    for (const query of this.#lateFinals) this.#addFinal(query);
  }

  syncBegins(at: Moment): void {
    this.#syncCount += 1;
    if (this.#finalMade && this.#syncsAfterFinal.length < MAX_KEPT) this.#syncsAfterFinal.push(at);
  }

  /** At the line of a final query: the syncs before it are its own. */
  finalMade(): void {
    this.#finalMade = true;
    this.#syncsAfterFinal = [];
  }

  /** An exact query with final=0 claims its syncs: they are none of a final query whose line is lost. */
  othersSync(syncs: number): void {
    if (this.#syncsBeforeSaving === undefined) this.#syncsOfOthers += syncs;
  }

  sync(sync: Sync): void {
    if (this.#syncs.length < MAX_KEPT) this.#syncs.push(sync);
  }

  /** A line that stands behind the final query: what is synced later is not its own. */
  saving(): void {
    this.#syncsBeforeSaving ??= this.#syncCount;
  }

  /** A line that the migration thread prints under the BQL. */
  lockedStep(name: string, at: Moment, snapshot: BqlSnapshot): void {
    if (!this.checkpoint && this.#lockedSteps.length < MAX_KEPT) this.#lockedSteps.push({ name, at, snapshot });
  }

  discardBitmap(at: Moment): void {
    this.mode = 'postcopy';
    if (this.#discardBitmap !== undefined) return;
    this.#discardBitmap = at;
    this.#syncsBeforeDiscard = this.#syncCount;
  }

  close(at: Moment, endedBy: SwitchoverEnd): void {
    this.#end = at;
    this.#endedBy = endedBy;
    this.#placeLateFinals(endedBy);
    if (endedBy === 'packaged' || endedBy === 'postcopy') this.mode = 'postcopy';
    // Of postcopy it is the end of the migration: that of the switchover was not shown.
    if ((endedBy === 'completed' && this.mode !== 'postcopy') || endedBy === 'colo') this.mode = 'precopy';
  }

  build({ unfinishedQuery, decision, inDevice, nestedLock }: SwitchoverEnding): Switchover {
    const endsInFinal = this.#endsInFinal(inDevice, unfinishedQuery);
    return {
      index: this.index,
      checkpoint: this.checkpoint,
      mode: this.mode,
      stop: this.stop,
      end: this.#end,
      endedBy: this.#endedBy,
      completed: this.#completed(),
      decidingQuery: this.#decidingQuery,
      earlyFinals: this.#earlyFinals,
      unplacedFinals: this.#unplacedFinals,
      finals: this.#finals,
      finalCount: this.#finalCount,
      queriesAfterFinal: this.#queriesAfterFinal,
      syncsAfterFinal: this.#syncsAfterFinal,
      decision,
      syncs: this.#syncs,
      syncCount: this.#syncCount,
      discardBitmap: this.#discardBitmap,
      syncsBeforeDiscard: this.#discardBitmap === undefined ? this.#syncCount : this.#syncsBeforeDiscard,
      syncsBeforeSaving: (this.#syncsBeforeSaving ?? this.#syncCount) - this.#syncsOfOthers,
      precopyBytesSeen: this.#precopyBytesSeen,
      ramPostcopy: this.ramPostcopy,
      ramEnd: this.ramEnd,
      endsInFinal,
      queryBegan: this.queryBegan,
      unfinishedQuery: unfinishedQuery ?? this.lostFinal,
      nestedLock: endsInFinal ? nestedLock : undefined,
      lockedSteps: this.#lockedSteps.map(({ name, at, snapshot }) => ({ name, at, bql: snapshot.settled() })),
      hole: this.hole,
    };
  }

  /** A checkpoint has no state of its own: its sync or its probe shows that the query began. */
  #endsInFinal(inDevice: boolean, unfinished: QueryProbes | undefined): boolean {
    if (!this.open || this.#finalCount > 0 || this.#syncsBeforeSaving !== undefined || this.ramEnd !== undefined)
      return false;
    return this.checkpoint ? this.#syncCount > 0 || unfinished !== undefined : inDevice;
  }

  #completed(): Switchover['completed'] {
    switch (this.#endedBy) {
      case 'downtime-end':
      case 'packaged':
      case 'postcopy':
        return 'yes';
      case 'completed':
      case 'colo':
        // A failover ends a COLO migration in the middle of a checkpoint, too.
        return this.checkpoint ? 'not-shown' : 'yes';
      case 'vm-running':
        if (!this.checkpoint) return 'no';
        return this.carriedThrough ? 'yes' : 'not-shown';
      case 'failed':
      case 'cancelled':
        return 'no';
      case 'superseded':
      case 'log-ends':
        return 'not-shown';
    }
  }
}
