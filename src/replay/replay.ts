/**
 * Cuts the events of one process into migrations and replays each. Only what
 * the process does as a source counts; as a destination it prints the same
 * migrate_set_state and runstate_set, and those are left aside.
 */
import type { Band, Side } from '../catalog/vocabulary.ts';
import type {
  DamageItem,
  EventFilter,
  EventItem,
  LockItem,
  MessageItem,
  Place,
  TraceItem,
} from '../ingest/trace-item.ts';
import { parseAssertion } from './assertion.ts';
import { Circumstances } from './circumstances.ts';
import { Context, type ReplayOptions } from './context.ts';
import { IncomingTracker } from './destination/incoming-tracker.ts';
import { EventCounter } from './event-counter.ts';
import { comesInRounds, type EventKind, EventKinds } from './event-kinds.ts';
import { LineRuns } from './line-runs.ts';
import { MigrationBuilder } from './migration-builder.ts';
import type { AssertionFailure } from './run.ts';
import { endsIncoming, HEADER_EVENTS, isBeginning, isOfLoop, isSetup, opensMigration, sideOf } from './side.ts';
import type { BqlHold } from './sink.ts';
import { Undecided } from './undecided.ts';

export class StreamReplay {
  readonly #options: ReplayOptions;
  readonly #context: Context;
  readonly #counter: EventCounter;
  readonly #kinds: EventKinds;
  readonly #circumstances: Circumstances;
  /** A run has no events but those that were followed: a migration goes on all the while. */
  readonly #runs: LineRuns;
  /** Lets lines of events come in runs. */
  #followed: EventFilter | undefined;
  readonly #locksSeen = { waiting: false, taken: false, released: false };
  #current: MigrationBuilder | undefined;
  #undecided: Undecided | undefined;
  /** The process is the destination of a migration. */
  #incoming = false;
  #incomingOver = false;
  /** The thread of the migration makes all its queries. */
  #queryThread: number | undefined;
  #mixed = false;
  /** Where lines were first left out: whatever begins behind it is incomplete. */
  #excerpt: Place | undefined;
  #firstNs: number | undefined;
  #lastNs: number | undefined;
  #sourceEvents = 0;
  #destinationEvents = 0;
  /** Assertion failures that QEMU printed into this log. */
  readonly assertions: AssertionFailure[] = [];
  /** What the process does as a destination. */
  readonly incoming: IncomingTracker;

  constructor(stream: number, options: ReplayOptions) {
    this.#options = options;
    this.incoming = new IncomingTracker(stream);
    this.#counter = new EventCounter(options.sink);
    this.#context = new Context(stream, options, (hold) => this.#bqlHold(hold));
    this.#circumstances = new Circumstances(this.#context);
    this.#kinds = new EventKinds(this.#counter, (name) => this.#context.see(name));
    this.#runs = new LineRuns(this.#context.bql, this.#kinds, (item, kind) => this.#plain(item, kind));
  }

  get side(): Side | 'unknown' {
    if (this.#sourceEvents > 0) return 'source';
    return this.#destinationEvents > 0 ? 'destination' : 'unknown';
  }

  get band(): Band | undefined {
    return this.#context.band;
  }

  /** Gives the unfinished migration the assertion failure that ended the process. */
  abort(failure: AssertionFailure): void {
    const migration = this.unfinished;
    if (migration === undefined) return;
    migration.assertion = failure;
    this.#context.sink.assertion(failure, migration);
  }

  /** The last migration, if it has not come to an end. */
  get unfinished(): MigrationBuilder | undefined {
    return this.#current?.ended === false ? this.#current : undefined;
  }

  process(item: TraceItem): void {
    if (item.timeNs !== undefined) {
      this.#firstNs ??= item.timeNs;
      this.#lastNs = item.timeNs;
    }
    switch (item.kind) {
      case 'event':
        this.#known(item);
        return;
      case 'lock':
        this.#lock(item);
        return;
      case 'line-run':
        this.#runs.run(item.records, this.#current);
        this.#counter.addRun(item, this.#current, this.#current?.state);
        return;
      case 'other-event':
        this.#counter.add(item.name, this.#current, this.#current?.state);
        return;
      case 'message':
        this.#message(item);
        return;
      case 'sample':
        this.#sample(item.json, item.place, item.timeNs);
        return;
      case 'damage':
        this.#damage(item);
        this.incoming.damage();
        return;
    }
  }

  /** No event told the side of the migration that began last. */
  get undecided(): boolean {
    return this.#undecided !== undefined;
  }

  /** After the last item: everything of the last migration is told but its end. `sourceElsewhere`: in another input. */
  close(sourceElsewhere: boolean): void {
    if (this.#undecided !== undefined) this.#decideAtLast(this.#undecided.atLast(sourceElsewhere), sourceElsewhere);
    this.#counter.flush();
    this.#context.bql.close();
    this.#current?.finish(this.#lastNs);
    this.incoming.finish();
  }

  /** After all inputs were read and assertion failures were handed to `unfinished`. */
  conclude(): void {
    if (this.#current !== undefined) this.#context.sink.migrationEnds(this.#current);
    this.#current = undefined;
  }

  /** An event of the catalogue: there may be millions, most of which only the migration in hand looks at. */
  #known(item: EventItem): void {
    const kind = this.#kinds.of(item);
    if (kind.plain && this.#underWay) {
      this.#plain(item, kind);
      if (kind.repeats && item.filter !== undefined) {
        this.#followed = item.filter;
        item.filter.follow();
      }
    } else {
      this.#event(item);
      if (!comesInRounds(item)) this.#circumstances.after(item);
      if (!this.#underWay) this.#followed?.reset();
    }
    this.#counter.addTo(kind.count, this.#current, this.#current?.state);
  }

  /** A migration of a source goes on. */
  get #underWay(): boolean {
    return this.#undecided === undefined && !this.#incoming && this.#current?.ended === false;
  }

  #plain(item: EventItem, kind: EventKind): void {
    if (kind.ofSource) this.#sourceEvents += 1;
    this.#feed(item);
  }

  #lock(item: LockItem): void {
    const { operation } = item;
    if (!this.#locksSeen[operation]) {
      this.#locksSeen[operation] = true;
      this.#context.see(item.name);
    }
    this.#context.bql.lock(item);
    this.#counter.addLock(operation, this.#current, this.#current?.state);
  }

  #damage({ code, place }: DamageItem): void {
    // Whoever took or gave up the lock there is not known.
    this.#context.bql.forget();
    if (code !== 'excerpt' && code !== 'two-processes') {
      this.#current?.damage(code, place);
      return;
    }
    if (code === 'excerpt') this.#excerpt ??= place;
    else {
      if (!this.#mixed) this.#options.note(code, place);
      this.#mixed = true;
    }
    this.#current?.mixedUp(code, place);
  }

  #event(item: EventItem): void {
    const side = sideOf(item);
    if (side === 'source') this.#sourceEvents += 1;
    if (side === 'destination') this.#destinationEvents += 1;
    if (!comesInRounds(item)) {
      this.#circumstances.before(item, this.unfinished !== undefined);
      this.#context.limits.note(item);
    }
    if (this.#undecided !== undefined && !isSetup(item)) {
      const known = this.#undecided.add(item, side);
      if (known !== undefined) this.#decide(known);
      return;
    }
    if (isSetup(item)) this.#setup(item);
    else this.#dispatch(item, side);
  }

  #setup(item: EventItem): void {
    if (this.#undecided !== undefined) this.#decide('source');
    const current = this.#current;
    if (current !== undefined && !current.ended) {
      if (!this.#circumstances.commanded || this.#circumstances.otherMain) {
        this.#mixUp(item);
        return;
      }
      // A process refuses a second migration while one goes on, and no line of the first one's end is missing.
      const whole = current.startSeen && current.hole === undefined;
      if (whole && this.assertions.length === 0) this.#mixed = true;
    }
    const outgoing = this.#circumstances.commanded || this.#context.inSnapshot;
    this.#circumstances.commanded = false;
    // Nobody migrates a guest that is still coming in.
    if (outgoing && this.#incoming && !this.#incomingOver) this.#mixed = true;
    if (outgoing) this.#begin(item, true);
    else if (this.#circumstances.inmigrate) this.#beginIncoming([item]);
    else this.#undecided = new Undecided(item);
  }

  /** A guest that runs, lines left out, or an assertion that failed speaks for a source. */
  #decideAtLast(side: Side, sourceElsewhere: boolean): void {
    const { runstate } = this.#context;
    const source = this.#sourceEvents > 0 || this.#excerpt !== undefined || runstate !== undefined;
    const decided = source || (this.assertions.length > 0 && !sourceElsewhere) ? 'source' : side;
    if (decided === 'destination') this.#destinationEvents += 1;
    this.#decide(decided);
  }

  #decide(side: Side): void {
    const items = this.#undecided?.items ?? [];
    this.#undecided = undefined;
    const first = items[0];
    if (first === undefined) return;
    if (side === 'destination') {
      this.#beginIncoming(items);
      this.#incomingOver = items.some(endsIncoming);
      return;
    }
    this.#begin(first, true);
    for (const item of items.slice(1)) this.#feed(item);
  }

  #beginIncoming(items: readonly EventItem[]): void {
    this.#endCurrent();
    this.incoming.begin(items);
    this.#incoming = true;
    this.#incomingOver = false;
  }

  #dispatch(item: EventItem, side: Side | undefined): void {
    if (this.#incoming && this.#stillIncoming(item, side)) {
      this.incoming.event(item);
      this.#context.sink.event(item, undefined, this.#outsideNs(item), false);
      return;
    }
    const current = this.#current;
    if (side === 'destination' && current !== undefined && !current.ended) this.#mixUp(item);
    if (this.#opensImplicitly(item)) this.#begin(item, isBeginning(item));
    else if (current === undefined || current.ended) this.incoming.event(item);
    this.#feed(item);
  }

  /** A source's event in the middle of an incoming migration: two processes share the log. */
  #stillIncoming(item: EventItem, side: Side | undefined): boolean {
    const { event } = item;
    if (event.name === 'migrate_set_state') {
      if (endsIncoming(item)) this.#incomingOver = true;
      return true;
    }
    if (side !== 'source' || !opensMigration(item)) return true;
    this.#incoming = false;
    if (!this.#incomingOver) this.#mixed = true;
    return false;
  }

  /** Without a `setup`: the log begins later, or has no migrate_set_state. */
  #opensImplicitly(item: EventItem): boolean {
    const current = this.#current;
    if (current === undefined) return opensMigration(item);
    if (this.#mixed) return false;
    const { event } = item;
    if (event.name === 'migrate_set_state') return event.args.new_state === 'active' && this.#mayBegin(item, current);
    if (isOfLoop(item) && current.isLongOver(item.timeNs)) return true;
    return isBeginning(item) && current.hasBegun(item, this.#circumstances.commanded);
  }

  /** Not where the log is whole and shows the headers of attempts: with one of them this one would have begun. */
  #mayBegin({ place }: EventItem, current: MigrationBuilder): boolean {
    if (!current.ended) return false;
    if (place.input !== current.last.place.input) return true;
    return current.hole !== undefined || !HEADER_EVENTS.some((name) => this.#context.seen.has(name));
  }

  #begin(item: EventItem, startSeen: boolean): void {
    const previousOpen = this.#current?.ended === false;
    this.#endCurrent();
    this.#incoming = false;
    this.#queryThread = undefined;
    const migration = new MigrationBuilder(this.#options.nextIndex(), this.#context, item, startSeen);
    migration.previousOpen = previousOpen;
    this.#current = migration;
    if (item.timeNs !== undefined) {
      for (const sample of this.#options.samplesAfter(item.timeNs)) migration.addSample(sample);
      for (const answer of this.#options.answersAfter(item.timeNs)) migration.addAnswer(answer);
    }
    if (!startSeen) this.#options.note('starts-in-the-middle', item.place);
    this.#context.sink.migrationBegins(migration);
    if (this.#excerpt !== undefined) migration.mixedUp('excerpt', this.#excerpt);
    if (this.#mixed) this.#mixUp(item);
    if (isSetup(item)) this.#feed(item);
  }

  #mixUp(item: EventItem): void {
    this.#mixed = true;
    this.#options.note('two-processes', item.place);
    this.incoming.mixedUp();
    this.#current?.mixedUp('two-processes', item.place);
  }

  #feed(item: EventItem): void {
    if (item.group === 'query') this.#noteQueryThread(item);
    const current = this.#current;
    current?.event(item);
    if (item.group === 'query' || item.group === 'sync') return;
    const inRound = item.group === 'round' && current?.inRounds === true;
    const stored = current !== undefined && item.event.name === 'migrate_set_state';
    if (!stored) this.#context.sink.event(item, current, this.#nsOf(item), inRound);
  }

  /** A recording of the whole host holds the threads of several processes. */
  #noteQueryThread(item: EventItem): void {
    if (item.thread === undefined) return;
    this.#queryThread ??= item.thread;
    if (item.thread !== this.#queryThread && !this.#mixed) this.#mixUp(item);
  }

  #message(item: MessageItem): void {
    if (item.side !== 'destination' && !this.#incoming) {
      const failure = parseAssertion(item.message, item.place);
      if (failure !== undefined) this.assertions.push(failure);
      this.#current?.message(item);
    }
    this.#context.sink.message(item, this.#current, this.#nsOf(item));
  }

  #sample(json: string, place: Place, timeNs: number | undefined): void {
    const sample = this.#options.readSample(json, place, timeNs);
    if (sample !== undefined) this.#current?.addSample(sample);
  }

  #endCurrent(): void {
    const current = this.#current;
    if (current === undefined) return;
    current.finish(this.#lastNs);
    this.#diedIn(current);
    this.#context.sink.migrationEnds(current);
    current.forget();
    this.#current = undefined;
  }

  /** Another migration begins in this log: what aborted before it ended this one. */
  #diedIn(migration: MigrationBuilder): void {
    const failure = migration.ended ? undefined : this.assertions.shift();
    if (failure === undefined) return;
    migration.assertion = failure;
    this.#context.sink.assertion(failure, migration);
  }

  #nsOf(item: TraceItem): number | undefined {
    return this.#current === undefined ? this.#outsideNs(item) : this.#current.nsOf(item.timeNs);
  }

  #outsideNs(item: TraceItem): number | undefined {
    return item.timeNs === undefined || this.#firstNs === undefined ? undefined : item.timeNs - this.#firstNs;
  }

  #bqlHold(hold: BqlHold): void {
    const current = this.#current;
    if (current === undefined) return;
    const { by, thread, takenAt, releasedAt } = hold;
    const startNs = current.nsOf(hold.startNs);
    const endNs = current.nsOf(hold.endNs);
    this.#context.sink.bqlHold({ by, thread, takenAt, releasedAt, startNs, endNs }, current);
  }
}
