/** Draws the lanes: bars with their names where there is room, points with their names beside them. */
import type { Chart as ChartJs, Plugin } from 'chart.js';
import type { BrokenAxis } from './broken-axis.ts';
import type { Medium } from './chart-kind.ts';
import { FONT_SIZE, widthOf, write } from './furniture.ts';
import { fitted } from './label.ts';
import type { LaneContent, LaneItem } from './lanes.ts';
import { light, type Paint } from './palette.ts';

const LONGEST_NAME = 28;
const MIN_WIDTH = 1.5;
const MARK = 4;
/** No name fits into a bar of so few pixels. */
const NARROW = 14;
/** Pixels between bars that are not told apart. */
const NEAR: Readonly<Record<Medium, number>> = { page: 0.4, mail: 1.5 };

export interface PlacedLane extends LaneContent {
  /** Rows above it. */
  readonly top: number;
}

/** A letter of the font, as a share of its size: more than the mean, so that too many rows are reserved, never too few. */
const LETTER = 0.66;

/** Rows that the names of points need, as far as that can be told before the plot is laid out. */
export function rowsNeeded({ items, rows }: LaneContent, axis: BrokenAxis, plotWidth: number, medium: Medium): number {
  const perUnit = plotWidth / (axis.max - axis.min);
  const ends: number[] = [];
  for (const { from, text } of items.filter(({ shape }) => shape !== undefined)) {
    const at = (axis.at(from) - axis.min) * perUnit;
    const width = Math.min(text.length, LONGEST_NAME) * (FONT_SIZE[medium] - 1) * LETTER + 3 * MARK;
    const start = at + width > plotWidth ? at - width : at - MARK;
    const free = ends.findIndex((end) => start > end);
    ends[free < 0 ? ends.length : free] = Math.max(start + width, at);
  }
  return Math.max(1, Math.min(rows, ends.length));
}

type Context = ChartJs['ctx'];

/** A row of the plot, in pixels. */
interface Row {
  readonly top: number;
  readonly height: number;
}

export function lanePlugin(lanes: readonly PlacedLane[], axis: BrokenAxis, medium: Medium): Plugin {
  return {
    id: 'lanes',
    afterDatasetsDraw: ({ ctx, scales, chartArea }) => {
      const { x, y } = scales;
      if (x === undefined || y === undefined) return;
      const pixel = (value: number): number => x.getPixelForValue(axis.at(value));
      const row = (index: number): Row => {
        const top = y.getPixelForValue(index);
        return { top, height: y.getPixelForValue(index + 1) - top };
      };
      const right = chartArea.right;
      for (const lane of lanes) {
        const points = lane.items.filter(({ shape }) => shape !== undefined);
        drawBars(
          ctx,
          lane.items.filter(({ shape }) => shape === undefined),
          pixel,
          row(lane.top),
          medium,
        );
        drawPoints(
          ctx,
          points,
          pixel,
          Array.from({ length: lane.rows }, (_, at) => row(lane.top + at)),
          right,
          medium,
        );
      }
    },
  };
}

/** A bar in pixels. */
interface Bar {
  readonly left: number;
  right: number;
  readonly text: string;
  readonly paint: Paint;
}

function drawBars(
  ctx: Context,
  items: readonly LaneItem[],
  pixel: (value: number) => number,
  { top, height }: Row,
  medium: Medium,
): void {
  const bars = joinedBars(
    items.map(({ from, to, text, paint }) => {
      const left = pixel(from);
      return { left, right: Math.max(left + MIN_WIDTH, pixel(to)), text, paint };
    }),
    NEAR[medium],
  );
  // Those of one colour together: in SVG they are one path.
  for (const { left, right, paint } of bars.sort((a, b) => a.paint.localeCompare(b.paint) || a.left - b.left)) {
    ctx.fillStyle = light(paint);
    ctx.fillRect(left, top + 3, right - left, height - 6);
  }
  const size = FONT_SIZE[medium] - 1;
  for (const { left, right, text, paint } of bars) {
    const name = fitted(text, LONGEST_NAME);
    if (text === '' || widthOf(ctx, name, { size }) + 8 > right - left) continue;
    const style = { paint: paint === '--chart-grid' ? '--chart-ink' : '--chart-surface', size } as const;
    write(ctx, name, left + 4, top + height / 2, style);
  }
}

/** Hundreds of narrow bars may share a few pixels: those of one colour that nearly touch are one, without a name. */
function joinedBars(bars: readonly Bar[], near: number): Bar[] {
  const joined: Bar[] = [];
  const last = new Map<Paint, Bar>();
  for (const bar of bars) {
    const before = last.get(bar.paint);
    const narrow = bar.right - bar.left < NARROW;
    if (before !== undefined && narrow && before.text === '' && bar.left - before.right < near) {
      before.right = Math.max(before.right, bar.right);
      continue;
    }
    const own = narrow ? { ...bar, text: '' } : bar;
    joined.push(own);
    last.set(bar.paint, own);
  }
  return joined;
}

/** In the first row that has room for the name; where none has, a short line without one. */
function drawPoints(
  ctx: Context,
  items: readonly LaneItem[],
  pixel: (value: number) => number,
  rows: readonly Row[],
  right: number,
  medium: Medium,
): void {
  const size = FONT_SIZE[medium] - 1;
  const free = rows.map(() => Number.NEGATIVE_INFINITY);
  for (const item of items) {
    const at = pixel(item.from);
    const name = fitted(item.text, LONGEST_NAME);
    const width = widthOf(ctx, name, { size });
    const onLeft = at + MARK + 2 + width > right;
    const start = onLeft ? at - MARK - 2 - width : at - MARK;
    const index = free.findIndex((end) => start > end + 3);
    const row = rows.at(index);
    if (row === undefined) continue;
    const middle = row.top + row.height / 2;
    if (index < 0) {
      // At the foot of the lane, below the names.
      drawPoint(ctx, { ...item, shape: 'tick' }, at, row.top + row.height - 2, 8);
      continue;
    }
    drawPoint(ctx, item, at, middle, row.height);
    free[index] = onLeft ? at + MARK : at + MARK + 2 + width;
    write(ctx, name, onLeft ? at - MARK - 2 : at + MARK + 2, middle, {
      paint: '--chart-ink',
      size,
      align: onLeft ? 'right' : 'left',
    });
  }
}

function drawPoint(ctx: Context, { shape, paint }: LaneItem, x: number, y: number, height: number): void {
  ctx.fillStyle = light(paint);
  ctx.beginPath();
  switch (shape) {
    case 'tick':
      ctx.fillRect(x - 0.75, y - height / 2 + 2, 1.5, height - 4);
      return;
    case 'triangle':
      ctx.moveTo(x, y - MARK);
      ctx.lineTo(x + MARK, y + MARK - 1);
      ctx.lineTo(x - MARK, y + MARK - 1);
      ctx.closePath();
      break;
    case 'rectRot':
      ctx.moveTo(x, y - MARK - 1);
      ctx.lineTo(x + MARK + 1, y);
      ctx.lineTo(x, y + MARK + 1);
      ctx.lineTo(x - MARK - 1, y);
      ctx.closePath();
      break;
    default:
      ctx.arc(x, y, MARK - 1.5, 0, 2 * Math.PI);
  }
  ctx.fill();
}

/** Where the axis is cut short: a shade between two broken lines, and below it for how long. */
export function cutPlugin(axis: BrokenAxis, medium: Medium): Plugin {
  return {
    id: 'cuts',
    beforeDatasetsDraw: ({ ctx, scales, chartArea }) => {
      const { x } = scales;
      if (x === undefined) return;
      for (const { from, to } of axis.cuts) {
        const [left, right] = [x.getPixelForValue(axis.at(from)) + 3, x.getPixelForValue(axis.at(to)) - 3];
        ctx.fillStyle = light('--chart-shade-1');
        ctx.fillRect(left, chartArea.top, right - left, chartArea.height);
        ctx.strokeStyle = light('--chart-grid');
        ctx.lineWidth = 1.5;
        ctx.beginPath();
        for (const side of [left, right]) zigzag(ctx, side, chartArea.top, chartArea.bottom + 3);
        ctx.stroke();
        const style = { paint: '--chart-ink', size: FONT_SIZE[medium] - 1, align: 'center' } as const;
        const text = medium === 'page' ? `${roughly(to - from)} cut` : roughly(to - from);
        // Beside another cut there may be no room; the caption tells it, too.
        if (widthOf(ctx, text, style) > right - left + 10) continue;
        write(ctx, text, (left + right) / 2, chartArea.bottom + 11, style);
      }
    },
  };
}

function roughly(ns: number): string {
  if (ns >= 1e9) return `${(ns / 1e9).toFixed(1)} s`;
  return ns >= 1e6 ? `${(ns / 1e6).toFixed(0)} ms` : `${Math.round(ns / 1e3)} \u00b5s`;
}

function zigzag(ctx: Context, x: number, top: number, bottom: number): void {
  ctx.moveTo(x, top);
  const step = 5;
  for (let y = top + step, side = 1; y < bottom; y += step, side = -side) ctx.lineTo(x + side * 2, y);
  ctx.lineTo(x, bottom);
}
