/**
 * An axis of microseconds on which a long time without any event is cut short,
 * as a pause before the switchover: else the rest would be a hairline beside
 * it. Each cut is marked in the chart, with the time that it stands for.
 */
import { type Axis, decimal, roundStep, type Tick } from './scales.ts';

export interface Cut {
  readonly from: number;
  readonly to: number;
}

export interface BrokenAxis extends Axis {
  readonly cuts: readonly Cut[];
}

export interface Extent {
  readonly from: number;
  /** Where the axis says 0. */
  readonly zero: number;
  readonly to: number;
  /** Of one tick's unit on the axis of the events. */
  readonly unit: number;
}

const MAX_CUTS = 2;
/** A stretch is cut when it is so much of all that is left, and so many units long. */
const CUT_FROM = 0.6;
const MIN_CUT = 500;
/** Of the stretches that stay, so much is a cut drawn wide. */
const CUT_WIDTH = 0.1;
const MARGIN = 0.015;

interface Stretch extends Cut {
  readonly cut: boolean;
}

/** A stretch with its place on the axis. */
interface Placed extends Stretch {
  readonly at: number;
  readonly width: number;
}

/** `events`: where something happens. */
export function brokenAxis(extent: Extent, events: readonly number[], maxTicks: number): BrokenAxis {
  const { from, to, unit } = extent;
  const placed = place(cutStretches(from, to > from ? to : from + unit, events, unit * MIN_CUT), unit);
  const last = placed.at(-1);
  const length = last === undefined ? 1 : last.at + last.width;
  const at = (x: number): number => {
    const home = placed.find((stretch) => x <= stretch.to) ?? last;
    if (home === undefined) return 0;
    const share = (Math.min(Math.max(x, home.from), home.to) - home.from) / (home.to - home.from);
    return home.at + share * home.width;
  };
  const ticks = ticksOf(placed, extent, length, maxTicks);
  return { at, min: -length * MARGIN, max: length * (1 + MARGIN), ticks, cuts: placed.filter(({ cut }) => cut) };
}

function place(stretches: readonly Stretch[], unit: number): readonly Placed[] {
  const kept = stretches.reduce((sum, one) => sum + (one.cut ? 0 : one.to - one.from), 0) / unit;
  const placed: Placed[] = [];
  let at = 0;
  for (const stretch of stretches) {
    const width = stretch.cut ? kept * CUT_WIDTH : (stretch.to - stretch.from) / unit;
    placed.push({ ...stretch, at, width });
    at += width;
  }
  return placed;
}

/** Round numbers, away from the cuts: their lengths stand there. */
function ticksOf(placed: readonly Placed[], { zero, unit }: Extent, length: number, maxTicks: number): readonly Tick[] {
  const step = roundStep(length / maxTicks);
  const taken = placed.filter(({ cut }) => cut).map(({ at, width }) => at + width / 2);
  const ticks: Tick[] = [];
  for (const stretch of placed.filter(({ cut }) => !cut)) {
    const first = (stretch.from - zero) / unit;
    const last = (stretch.to - zero) / unit;
    for (let n = Math.ceil(first / step - 1e-9); n * step <= last + step * 1e-9; n += 1) {
      const value = stretch.at + n * step - first;
      if (taken.some((other) => Math.abs(other - value) < length / maxTicks / 1.5)) continue;
      taken.push(value);
      ticks.push({ value, label: decimal(n * step) });
    }
  }
  return ticks;
}

function cutStretches(from: number, to: number, events: readonly number[], least: number): readonly Stretch[] {
  const inside = events.filter((x) => x > from && x < to);
  const borders = [...new Set([from, ...inside, to])].sort((a, b) => a - b);
  const gaps = borders.slice(1).map((end, index) => ({ from: borders[index] ?? from, to: end }));
  const longest = [...gaps].sort((a, b) => b.to - b.from - (a.to - a.from));
  const cuts = new Set<Cut>();
  let left = to - from;
  for (const gap of longest.slice(0, MAX_CUTS)) {
    const length = gap.to - gap.from;
    if (length < left * CUT_FROM || length < least || length >= left) break;
    cuts.add(gap);
    left -= length;
  }
  const stretches: Stretch[] = [];
  for (const gap of gaps) {
    const last = stretches.at(-1);
    const cut = cuts.has(gap);
    if (last !== undefined && !cut && !last.cut) stretches[stretches.length - 1] = { ...last, to: gap.to };
    else stretches.push({ ...gap, cut });
  }
  return stretches;
}
