/** Keeps what happens around each switchover of a migration, for the chart that looks at it closely. */
import type { Switchover } from '../../replay/run.ts';
import type { LinePlace } from './line-index.ts';

/** `section` shows what a device took where QEMU does not tell it (`save`). */
export type Lane = 'vm' | 'state' | 'bql' | 'step' | 'query' | 'sync' | 'save' | 'section';

/** Something that happens at `x`, or from `x` to `endX`. */
export interface Mark {
  readonly lane: Lane;
  readonly x: number;
  readonly endX: number;
  /** What it is within its lane: a state, the kind of a query, who held the lock, a device. */
  readonly label: string;
  /** Bytes of a query, undefined elsewhere. */
  readonly bytes?: number;
  /** Of a saved device or module. */
  readonly iterable?: boolean;
  readonly place: LinePlace;
}

export interface SwitchoverView {
  readonly index: number;
  readonly checkpoint: boolean;
  readonly mode: Switchover['mode'];
  readonly endedBy: Switchover['endedBy'];
  /** From the decision, or the sync of the query that it rests on, to the end. */
  readonly from: number;
  readonly stop: number;
  readonly to: number;
  readonly marks: readonly Mark[];
  /** Marks of these that are left out. */
  readonly omitted: number;
}

/** Before the stop nobody knows that it comes. */
const KEPT_BEFORE = 96;
/** Per lane: the first and the last ones. */
const KEPT_FIRST = 160;
const KEPT_LAST = 160;
const MAX_SWITCHOVERS = 48;
const MAX_LATE = 32;

/** Where a line stands on the axis. */
export type XOf = (place: LinePlace, ns: number | undefined) => number;

class LaneMarks {
  readonly #first: Mark[] = [];
  #last: Mark[] = [];
  omitted = 0;

  add(mark: Mark): void {
    if (this.#first.length < KEPT_FIRST) {
      this.#first.push(mark);
      return;
    }
    this.#last.push(mark);
    if (this.#last.length < 2 * KEPT_LAST) return;
    this.omitted += this.#last.length - KEPT_LAST;
    this.#last = this.#last.slice(-KEPT_LAST);
  }

  get all(): readonly Mark[] {
    return [...this.#first, ...this.#last];
  }
}

class Capture {
  readonly #lanes = new Map<Lane, LaneMarks>();
  switchover: Switchover | undefined;

  add(mark: Mark): void {
    let lane = this.#lanes.get(mark.lane);
    if (lane === undefined) {
      lane = new LaneMarks();
      this.#lanes.set(mark.lane, lane);
    }
    lane.add(mark);
  }

  view(xOf: XOf, lastX: number): SwitchoverView | undefined {
    const { switchover } = this;
    if (switchover === undefined) return undefined;
    const { stop, end, decision, decidingQuery } = switchover;
    const before = [decision?.at, decidingQuery?.at, decidingQuery?.syncs[0]?.start].flatMap((at) =>
      at === undefined ? [] : [xOf(at.place, at.ns)],
    );
    const stopX = xOf(stop.place, stop.ns);
    const from = Math.min(stopX, ...before);
    const to = Math.max(stopX, end === undefined ? lastX : xOf(end.place, end.ns));
    const lanes = [...this.#lanes.values()];
    const marks = lanes.flatMap(({ all }) => all).filter(({ x, endX }) => x <= to && endX >= from);
    const { index, checkpoint, mode, endedBy } = switchover;
    const omitted = lanes.reduce((sum, lane) => sum + lane.omitted, 0);
    return { index, checkpoint, mode, endedBy, from, stop: stopX, to, marks: marks.sort(byPlace), omitted };
  }
}

export class SwitchoverRecorder {
  #before: Mark[] = [];
  readonly #captures: Capture[] = [];
  #open: Capture | undefined;
  /** The one that ended last: what a thread did in it may be told behind its end, such as the release of the lock. */
  #ended: Capture | undefined;
  #late = 0;

  /** `inSwitchover`: one is going on where this mark is told. */
  add(mark: Mark, inSwitchover: boolean): void {
    if (this.#open === undefined && inSwitchover) this.#begin();
    if (this.#open !== undefined) this.#open.add(mark);
    else if (this.#ended !== undefined && this.#late < MAX_LATE) {
      this.#late += 1;
      this.#ended.add(mark);
    }
    this.#before.push(mark);
    if (this.#before.length >= 2 * KEPT_BEFORE) this.#before = this.#before.slice(-KEPT_BEFORE);
  }

  /** It is over, and handed on. */
  ends(switchover: Switchover): void {
    this.#open ??= this.#begin();
    this.#open.switchover = switchover;
    this.#ended = this.#open;
    this.#late = 0;
    this.#open = undefined;
  }

  views(xOf: XOf, lastX: number): readonly SwitchoverView[] {
    return this.#captures.flatMap((capture) => capture.view(xOf, lastX) ?? []);
  }

  #begin(): Capture {
    const capture = new Capture();
    for (const mark of this.#before) capture.add(mark);
    if (this.#captures.length < MAX_SWITCHOVERS) this.#captures.push(capture);
    this.#open = capture;
    return capture;
  }
}

function byPlace(a: Mark, b: Mark): number {
  return a.x - b.x || a.place.input - b.place.input || a.place.line - b.place.line;
}
