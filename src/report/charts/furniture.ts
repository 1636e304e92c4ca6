/** What charts have in common: axes, the legend, shaded stretches, and the marks of violations. */
import type { Chart as ChartJs, ChartOptions, LegendItem, Plugin } from 'chart.js';
import { FONT } from './canvas.ts';
import type { Medium } from './chart-kind.ts';
import { light, type Paint } from './palette.ts';
import type { Axis } from './scales.ts';
import type { Violation } from './violations.ts';

export const WIDTH: Readonly<Record<Medium, number>> = { page: 860, mail: 600 };
export const FONT_SIZE: Readonly<Record<Medium, number>> = { page: 12, mail: 11 };
/** Of the line above the plot that says what is drawn upwards. */
export const TITLE_HEIGHT = 26;
const LABEL_HEIGHT = 15;
const MAX_LABEL_ROWS: Readonly<Record<Medium, number>> = { page: 5, mail: 3 };
const MAX_MARKS: Readonly<Record<Medium, number>> = { page: 24, mail: 8 };

export type ScaleOptions = NonNullable<NonNullable<ChartOptions['scales']>[string]>;

/** `title` is drawn below a horizontal axis; what a vertical one shows stands above the plot. */
export function scaleOptions(axis: Axis, medium: Medium, title?: string): ScaleOptions {
  const size = FONT_SIZE[medium];
  return {
    type: 'linear',
    min: axis.min,
    max: axis.max,
    afterBuildTicks: (scale) => {
      scale.ticks = axis.ticks.map(({ value }) => ({ value }));
    },
    ticks: {
      autoSkip: false,
      maxRotation: 0,
      padding: 4,
      color: light('--chart-muted'),
      font: { size },
      callback: (_, index) => axis.ticks[index]?.label ?? '',
    },
    offset: false,
    grid: { color: light('--chart-grid'), drawTicks: false, offset: false },
    border: { color: light('--chart-muted') },
    title: { display: title !== undefined, text: title ?? '', color: light('--chart-muted'), font: { size } },
  };
}

/** A stretch of the horizontal axis with a colour behind it. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly paint: Paint;
}

/** Below everything else. A stretch is never thinner than a hair. */
export function bandsPlugin(bands: readonly Band[]): Plugin {
  return {
    id: 'bands',
    beforeDraw: ({ ctx, chartArea, scales }) => {
      const { x } = scales;
      if (x === undefined) return;
      for (const { from, to, paint } of bands) {
        const left = x.getPixelForValue(from);
        ctx.fillStyle = light(paint);
        ctx.fillRect(left, chartArea.top, Math.max(1, x.getPixelForValue(to) - left), chartArea.height);
      }
    },
  };
}

/** What the vertical axis shows, above it: there it needs no turned letters. */
export function titlePlugin(text: string, medium: Medium): Plugin {
  return {
    id: 'axis-title',
    afterDraw: ({ ctx }) => {
      write(ctx, text, 2, 9, { paint: '--chart-muted', size: FONT_SIZE[medium] });
    },
  };
}

interface TextStyle {
  readonly paint: Paint;
  readonly size: number;
  readonly bold?: boolean;
  readonly align?: 'left' | 'center' | 'right';
}

/** `y` is the middle of the line. */
export function write(ctx: ChartJs['ctx'], text: string, x: number, y: number, style: TextStyle): void {
  ctx.save();
  ctx.font = fontOf(style);
  ctx.fillStyle = light(style.paint);
  ctx.textAlign = style.align ?? 'left';
  ctx.textBaseline = 'middle';
  ctx.fillText(text, x, y);
  ctx.restore();
}

export function widthOf(ctx: ChartJs['ctx'], text: string, style: Pick<TextStyle, 'size' | 'bold'>): number {
  ctx.save();
  ctx.font = fontOf(style);
  const { width } = ctx.measureText(text);
  ctx.restore();
  return width;
}

function fontOf({ size, bold }: Pick<TextStyle, 'size' | 'bold'>): string {
  return `${bold === true ? 'bold ' : ''}${size}px "${FONT}"`;
}

/** The marks of one rule: one label, a line per place. */
interface MarkedRule {
  readonly rule: string;
  readonly places: readonly Violation[];
}

/** Marks what is violated: a line at each place, the name of the rule above the plot. */
export class ViolationMarks {
  readonly #rules: readonly MarkedRule[];
  readonly #axis: Axis;
  readonly #medium: Medium;

  constructor(violations: readonly Violation[], axis: Axis, medium: Medium) {
    const byRule = new Map<string, Violation[]>();
    for (const violation of violations) byRule.set(violation.rule, [...(byRule.get(violation.rule) ?? []), violation]);
    this.#rules = [...byRule].map(([rule, places]) => ({ rule, places: places.slice(0, MAX_MARKS[medium]) }));
    this.#axis = axis;
    this.#medium = medium;
  }

  get rows(): number {
    return Math.min(MAX_LABEL_ROWS[this.#medium], this.#rules.length);
  }

  /** Above the plot: for the labels, and whatever title there is. */
  height(title: number): number {
    return title + this.rows * LABEL_HEIGHT;
  }

  plugin(): Plugin {
    return {
      id: 'violations',
      afterDatasetsDraw: (chart) => {
        const labels = this.#labels(chart);
        for (const { places } of this.#rules) this.#lines(chart, places);
        const style = { paint: '--chart-alarm', size: FONT_SIZE[this.#medium], bold: true } as const;
        for (const { text, left, row, at } of labels) {
          const top = chart.chartArea.top - (this.rows - row) * LABEL_HEIGHT;
          // From the name down to its line, where no other name stands between.
          const free = !labels.some((other) => other.row > row && other.left - 3 < at && at < other.right + 3);
          if (free) stroke(chart.ctx, [[at, top + LABEL_HEIGHT - 1, chart.chartArea.top]]);
          write(chart.ctx, text, left, top + LABEL_HEIGHT / 2, style);
        }
      },
    };
  }

  #lines({ ctx, chartArea, scales }: ChartJs, places: readonly Violation[]): void {
    const { x } = scales;
    if (x === undefined) return;
    const pixels = new Set(places.map(({ at }) => Math.round(x.getPixelForValue(this.#axis.at(at)))));
    stroke(
      ctx,
      [...pixels].map((at) => [at, chartArea.top, chartArea.bottom] as const),
    );
  }

  /** One per rule, at its first place; the last row tells how many have none. */
  #labels({ ctx, chartArea, scales }: ChartJs) {
    const { x } = scales;
    if (x === undefined) return [];
    const more = this.#rules.length - this.rows;
    return this.#rules.slice(0, this.rows).flatMap(({ rule, places: [first] }, row) => {
      if (first === undefined) return [];
      const text = more > 0 && row === this.rows - 1 ? `${rule} and ${more} more` : rule;
      const width = widthOf(ctx, text, { size: FONT_SIZE[this.#medium], bold: true });
      const at = x.getPixelForValue(this.#axis.at(first.at));
      const left = Math.min(Math.max(chartArea.left, at - width / 2), chartArea.right - width);
      return [{ text, at, row, left, right: left + width }];
    });
  }
}

/** Upright dashed lines: where, from, to. */
function stroke(ctx: ChartJs['ctx'], lines: readonly (readonly [x: number, from: number, to: number])[]): void {
  ctx.save();
  ctx.strokeStyle = light('--chart-alarm');
  ctx.lineWidth = 1.5;
  ctx.setLineDash([4, 2]);
  ctx.beginPath();
  for (const [x, from, to] of lines) {
    ctx.moveTo(x, from);
    ctx.lineTo(x, to);
  }
  ctx.stroke();
  ctx.restore();
}

/** How an entry of the legend looks. */
export interface LegendEntry {
  readonly text: string;
  readonly paint: Paint;
  readonly style: 'line' | 'dashes' | 'circle' | 'triangle' | 'rectRot' | 'box' | 'tick';
}

/** Below the plot, so that it covers nothing. */
export function legendOptions(entries: readonly LegendEntry[], medium: Medium): LegendOptions {
  return {
    display: entries.length > 0,
    position: 'bottom',
    align: 'start',
    labels: {
      usePointStyle: true,
      boxHeight: 7,
      padding: medium === 'page' ? 12 : 8,
      color: light('--chart-ink'),
      font: { size: FONT_SIZE[medium] },
      generateLabels: () => entries.map(legendItem),
    },
  };
}

type LegendOptions = NonNullable<NonNullable<ChartOptions['plugins']>['legend']>;

function legendItem({ text, paint, style }: LegendEntry): LegendItem {
  const color = light(paint);
  const stroked = style === 'line' || style === 'dashes' || style === 'tick';
  // A shade is hard to see without an outline.
  const outlined = style === 'box' && paint.includes('shade');
  return {
    text,
    fontColor: light('--chart-ink'),
    fillStyle: stroked ? 'transparent' : color,
    strokeStyle: stroked ? color : outlined ? light('--chart-muted') : 'transparent',
    lineWidth: stroked ? 2 : outlined ? 0.5 : 0,
    lineDash: style === 'dashes' ? [4, 3] : [],
    pointStyle: stroked ? 'line' : style === 'box' ? 'rect' : style,
    rotation: style === 'tick' ? 90 : 0,
  };
}
