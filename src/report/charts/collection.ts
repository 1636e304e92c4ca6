/** Collects what the charts draw of one migration. */
import type { EventArgs } from '../../catalog/catalog.ts';
import { readTransfer } from '../../catalog/transfer.ts';
import type { EventItem, Place } from '../../ingest/trace-item.ts';
import type { Migration, Query, QueryKind, StateChange, Switchover, Sync } from '../../replay/run.ts';
import type { BqlHold } from '../../replay/sink.ts';
import { ExtremeSeries } from './extremes.ts';
import { IterationSeries } from './iterations.ts';
import { LineIndex, type LinePlace } from './line-index.ts';
import { type Mark, SwitchoverRecorder } from './switchover-recorder.ts';
import { PARTS, type Part, type QueryPoint, type SyncPoint, type ThresholdPoint, type Timeline } from './timeline.ts';

const STRETCHES = 256;
/** The same of one among many migrations, few of which are drawn. */
const BRIEF_STRETCHES = 64;
const MAX_OPEN_SECTIONS = 256;

/** All that is read of a migration and of what happens in it. */
export type Run = Pick<Migration, 'index' | 'first' | 'last' | 'openSwitchover' | 'downtimeLimitAt'>;
export type Asked = Pick<
  Query,
  'kind' | 'at' | 'precopyBytes' | 'stopcopyBytes' | 'postcopyBytes' | 'totalBytes' | 'maxBytes' | 'thresholdBytes'
>;
export type Synced = Pick<Sync, 'start' | 'end' | 'dirtyPages'>;

export class Collection {
  readonly #migration: Run;
  readonly #axis: Timeline['axis'];
  readonly #lines: LineIndex;
  readonly #queries: Readonly<Record<QueryKind, ExtremeSeries<QueryPoint>>>;
  readonly #largest: Record<Part, number> = { precopy: 0, stopcopy: 0, postcopy: 0 };
  readonly #thresholds: ExtremeSeries<ThresholdPoint>;
  readonly #syncs: ExtremeSeries<SyncPoint>;
  readonly #iterations = new IterationSeries();
  readonly #switchovers = new SwitchoverRecorder();
  #threshold: number | undefined;
  #limitMs: number | undefined;
  readonly #iterating = new Set<string>();
  readonly #openSections = new Map<string, LinePlace & { readonly x: number }>();
  #lastX: number;
  #furthestQuery = 0;

  constructor(migration: Run, brief: boolean) {
    const stretches = brief ? BRIEF_STRETCHES : STRETCHES;
    this.#queries = {
      estimate: new ExtremeSeries(stretches),
      exact: new ExtremeSeries(stretches),
      final: new ExtremeSeries(stretches),
      unspecified: new ExtremeSeries(stretches),
    };
    this.#thresholds = new ExtremeSeries(stretches);
    this.#syncs = new ExtremeSeries(stretches);
    this.#lines = new LineIndex(brief);
    this.#migration = migration;
    this.#axis = migration.first.ns === undefined ? 'line' : 'time';
    this.#lastX = this.#xOf(migration.first.place, migration.first.ns);
  }

  query(query: Asked): void {
    const { kind, at } = query;
    const x = this.#pass(at.place, at.ns);
    const point: QueryPoint = {
      x,
      y: Number(query.totalBytes),
      kind,
      precopy: Number(query.precopyBytes),
      stopcopy: Number(query.stopcopyBytes),
      postcopy: Number(query.postcopyBytes),
      input: at.place.input,
      line: at.place.line,
    };
    this.#queries[kind].add(point);
    if (x > this.#furthestQuery) this.#furthestQuery = x;
    for (const part of PARTS) {
      if (point[part] > this.#largest[part]) this.#largest[part] = point[part];
    }
    const threshold = query.maxBytes ?? query.thresholdBytes;
    if (threshold !== undefined) this.#setThreshold(x, Number(threshold));
    this.#mark({ lane: 'query', x, endX: x, label: kind, bytes: point.y, place: at.place });
  }

  sync({ start, end, dirtyPages }: Synced): void {
    const at = end ?? start;
    if (at === undefined) return;
    const endX = this.#pass(at.place, at.ns);
    const x = start === undefined ? endX : this.#xOf(start.place, start.ns);
    const pages = dirtyPages === undefined ? undefined : Number(dirtyPages);
    this.#syncs.add({ x, y: pages ?? 0 });
    this.#iterations.sync(pages, this.#migration.openSwitchover !== undefined);
    this.#mark({ lane: 'sync', x, endX, label: 'sync', place: (start ?? at).place });
  }

  state({ state, at }: StateChange): void {
    const x = this.#pass(at.place, at.ns);
    this.#mark({ lane: 'state', x, endX: x, label: state, place: at.place });
  }

  switchover(switchover: Switchover): void {
    const { stop, checkpoint } = switchover;
    const set = stop.ns === undefined ? undefined : this.#migration.downtimeLimitAt(stop.ns);
    if (!checkpoint && set !== undefined) this.#limitMs = set.ms;
    this.#switchovers.ends(switchover);
  }

  event({ event, place }: EventItem, ns: number | undefined): void {
    const x = this.#pass(place, ns);
    const step = (label: string): void => this.#mark({ lane: 'step', x, endX: x, label, place });
    switch (event.name) {
      case 'migrate_transferred': {
        const { transferredBytes, timeSpentMs, maxSizeBytes, limitMs } = readTransfer(event.args);
        this.#iterations.sent(transferredBytes, timeSpentMs);
        if (this.#migration.openSwitchover === undefined) this.#limitMs = limitMs?.low ?? this.#limitMs;
        this.#setThreshold(x, Number(maxSizeBytes));
        return;
      }
      case 'runstate_set':
        this.#mark({ lane: 'vm', x, endX: x, label: event.args.new_state_str, place });
        return;
      case 'vmstate_downtime_checkpoint':
        step(event.args.checkpoint);
        return;
      case 'migration_thread_low_pending':
      case 'postcopy_start':
      case 'ram_postcopy_send_discard_bitmap':
      case 'qemu_savevm_send_packaged':
        step(event.name);
        return;
      case 'vmstate_downtime_save':
        this.#save(event.args, x, place);
        return;
      case 'savevm_section_start':
        if (this.#openSections.size < MAX_OPEN_SECTIONS)
          this.#openSections.set(event.args.id, { input: place.input, line: place.line, x });
        return;
      case 'savevm_section_end':
        this.#section(event.args.id, x);
        return;
      default:
        return;
    }
  }

  /** A module that is asked for more in each iteration. */
  iterates(id: string): void {
    if (this.#iterating.size < MAX_OPEN_SECTIONS) this.#iterating.add(id);
  }

  bqlHold({ by, takenAt, releasedAt, startNs, endNs }: BqlHold): void {
    const x = this.#xOf(takenAt, startNs);
    this.#lines.keep(takenAt, x);
    const endX = releasedAt === undefined ? Number.POSITIVE_INFINITY : this.#xOf(releasedAt, endNs);
    if (releasedAt !== undefined) this.#lines.keep(releasedAt, endX);
    this.#mark({ lane: 'bql', x, endX, label: by, place: takenAt });
  }

  timeline(nameOf: (input: number) => string): Timeline {
    const { first, last, index } = this.#migration;
    const to = Math.max(this.#xOf(last.place, last.ns), this.#furthestQuery);
    const { estimate, exact, final, unspecified } = this.#queries;
    return {
      migration: index,
      axis: this.#axis,
      from: this.#xOf(first.place, first.ns),
      to,
      queries: {
        estimate: estimate.points(),
        exact: exact.points(),
        final: final.points(),
        unspecified: unspecified.points(),
      },
      largest: this.#largest,
      thresholds: this.#thresholds.points(),
      syncs: this.#syncs.points(),
      iterations: this.#iterations.bins(),
      switchovers: this.#switchovers.views((at, ns) => this.#xOf(at, ns), to),
      limitMs: this.#limitMs,
      find: (file, line) => this.#lines.find((input) => nameOf(input) === file, line),
      nameOf,
    };
  }

  /** Printed at its end, with the time it took in us. */
  #save(
    { type, idstr, instance_id, downtime }: EventArgs<'vmstate_downtime_save'>,
    endX: number,
    place: LinePlace,
  ): void {
    const x = this.#axis === 'time' ? endX - Number(downtime) * 1000 : endX;
    this.#mark({ lane: 'save', x, endX, label: `${idstr}:${instance_id}`, iterable: type === 'iterable', place });
  }

  #section(id: string, endX: number): void {
    const start = this.#openSections.get(id);
    if (start === undefined) return;
    this.#openSections.delete(id);
    const iterable = this.#iterating.has(id);
    this.#mark({ lane: 'section', x: start.x, endX, label: id, iterable, place: start });
  }

  #setThreshold(x: number, bytes: number): void {
    if (bytes === this.#threshold) return;
    this.#threshold = bytes;
    this.#thresholds.add({ x, y: bytes });
  }

  #mark(mark: Mark): void {
    const { openSwitchover } = this.#migration;
    if (openSwitchover !== undefined) this.#lines.keep(mark.place, mark.x);
    const { input, line } = mark.place;
    // Not the place itself: it holds the text of the line.
    this.#switchovers.add({ ...mark, place: { input, line } }, openSwitchover !== undefined);
  }

  /** Where a line stands; the lines in between will be found by it. */
  #pass(place: Place, ns: number | undefined): number {
    const x = this.#xOf(place, ns);
    this.#lastX = x;
    this.#lines.note(place, x);
    return x;
  }

  /** A line without a time stamp of its own stands where the one before it does. */
  #xOf(place: LinePlace, ns: number | undefined): number {
    return this.#axis === 'line' ? place.line : (ns ?? this.#lastX);
  }
}
