/** Dirty pages and bandwidth, iteration by iteration: does the link keep up with the guest? */
import type { ChartDataset, Plugin } from 'chart.js';
import { formatBytes } from '../../../base/units.ts';
import type { ChartTable } from '../chart.ts';
import type { ChartKind, Medium } from '../chart-kind.ts';
import { FONT_SIZE, type LegendEntry, legendOptions, scaleOptions, WIDTH, write } from '../furniture.ts';
import { fewerBins, type IterationBin, type Range } from '../iterations.ts';
import { light, type Paint } from '../palette.ts';
import { sayCount, sayRate, sentences } from '../say.ts';
import { type Axis, byteAxis, numberAxis, roundTicks } from '../scales.ts';
import type { Timeline } from '../timeline.ts';

const HEIGHT: Readonly<Record<Medium, number>> = { page: 300, mail: 210 };
const BINS: Readonly<Record<Medium, number>> = { page: 96, mail: 24 };
const ROWS: Readonly<Record<Medium, number>> = { page: 64, mail: 12 };
/** Of a panel, for its title above the bars. */
const ROOM: Readonly<Record<Medium, number>> = { page: 1.35, mail: 1.75 };

const THICKEST = 28;
/** Beside the plot, about. */
const MARGINS = 100;

interface Panel {
  readonly id: 'pages' | 'rate';
  readonly title: string;
  readonly axis: Axis;
  readonly paint: Paint;
  readonly range: (bin: IterationBin) => Range | undefined;
}

export const roundsChart: ChartKind = {
  id: 'rounds',
  draw: ({ timeline }, medium) => {
    const bins = fewerBins(timeline.iterations, BINS[medium]);
    const panels = panelsOf(bins, medium);
    const flat = panels.every(({ axis }) => axis.ticks.length === 1);
    if (flat || timeline.iterations.length < 2) return undefined;
    const x = iterationAxis(timeline.iterations, medium);
    const perBin = bins.reduce((most, { first, last }) => Math.max(most, last - first + 1), 1);
    return {
      title: 'Dirty pages and bandwidth per iteration',
      caption: captionOf(timeline),
      table: tableOf(timeline, ROWS[medium]),
      size: { width: WIDTH[medium], height: panels.length === 2 ? HEIGHT[medium] : Math.round(HEIGHT[medium] * 0.65) },
      configuration: {
        type: 'bar',
        data: { datasets: panels.flatMap((panel) => bars(panel, bins, perBin, medium)) },
        options: {
          layout: { padding: { top: 4, right: 14 } },
          scales: {
            x: scaleOptions(x, medium, 'iteration, by the number of the sync that it begins with'),
            ...Object.fromEntries(
              panels.map(({ id, axis }) => [id, { ...scaleOptions(axis, medium), axis: 'y', stack: 'panels' }]),
            ),
          },
          plugins: { legend: legendOptions(legend(panels, bins, perBin), medium) },
        },
        plugins: [panelTitles(panels, medium)],
      },
    };
  },
};

function panelsOf(bins: readonly IterationBin[], medium: Medium): readonly Panel[] {
  const ticks = medium === 'page' ? 4 : 3;
  const most = (range: Panel['range']): number | undefined => {
    const known = bins.flatMap((bin) => range(bin)?.high ?? []);
    return known.length === 0 ? undefined : known.reduce((a, b) => Math.max(a, b), 0);
  };
  const panels: Panel[] = [];
  const rate = most(({ bandwidth }) => bandwidth);
  if (rate !== undefined) {
    const axis = withRoom(linearBytes(rate, ticks), medium);
    panels.push({
      id: 'rate',
      title: 'sent per second',
      axis,
      paint: '--chart-2',
      range: ({ bandwidth }) => bandwidth,
    });
  }
  const pages = most(({ dirtyPages }) => dirtyPages);
  if (pages !== undefined) {
    const axis = withRoom(numberAxis(pages, ticks, thousands), medium);
    panels.push({ id: 'pages', title: 'dirty pages', axis, paint: '--chart-1', range: ({ dirtyPages }) => dirtyPages });
  }
  return panels;
}

function linearBytes(most: number, ticks: number): Axis {
  const axis = byteAxis([most], ticks);
  return { ...axis, ticks: axis.ticks.map(({ value, label }) => ({ value, label: value === 0 ? '0' : `${label}/s` })) };
}

function withRoom(axis: Axis, medium: Medium): Axis {
  return { ...axis, max: axis.max * ROOM[medium] };
}

function thousands(value: number): string {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1e4 ? `${value / 1e3} k` : String(value);
}

function iterationAxis(iterations: readonly IterationBin[], medium: Medium): Axis {
  const last = iterations.at(-1)?.last ?? 1;
  const ticks = roundTicks(1, last, medium === 'page' ? 16 : 10).filter(
    (value) => Number.isInteger(value) && value > 0,
  );
  const values = last > 1 && !ticks.includes(1) ? [1, ...ticks.filter((value) => value > last / 40)] : ticks;
  return {
    at: (n) => n,
    min: 0.4,
    max: last + 0.6,
    ticks: values.map((value) => ({ value, label: thousands(value) })),
  };
}

/** A bar is one iteration; of several neighbours the smallest stands before the largest. */
function bars(panel: Panel, bins: readonly IterationBin[], perBin: number, medium: Medium): readonly ChartDataset[] {
  const thickness = Math.min(THICKEST, ((WIDTH[medium] - MARGINS) / bins.length) * 0.8);
  const known = bins.flatMap((bin) => {
    const range = panel.range(bin);
    return range === undefined ? [] : [{ bin, range }];
  });
  const dataset = (end: keyof Range, paint: Paint, own: Paint): ChartDataset => ({
    type: 'bar',
    yAxisID: panel.id,
    data: known.map(({ bin, range }) => ({ x: (bin.first + bin.last) / 2, y: range[end] })),
    backgroundColor: known.map(({ bin }) => light(bin.switchover ? own : paint)),
    grouped: false,
    borderWidth: 0,
    barThickness: thickness,
    minBarLength: 2,
    order: end === 'low' ? 0 : 1,
  });
  if (perBin === 1) return [dataset('high', panel.paint, '--chart-4')];
  return [dataset('low', panel.paint, panel.paint), dataset('high', '--chart-6', '--chart-6')];
}

function panelTitles(panels: readonly Panel[], medium: Medium): Plugin {
  return {
    id: 'panel-titles',
    afterDatasetsDraw: ({ ctx, scales, chartArea }) => {
      for (const { id, title } of panels) {
        const scale = scales[id];
        if (scale === undefined) continue;
        const size = FONT_SIZE[medium];
        write(ctx, title, chartArea.left + 8, scale.top + size, { paint: '--chart-ink', size });
      }
    },
  };
}

function legend(panels: readonly Panel[], bins: readonly IterationBin[], perBin: number): readonly LegendEntry[] {
  if (perBin > 1) {
    const many = `of each ${perBin} iterations`;
    const smallest = panels.map(
      ({ paint, title }): LegendEntry => ({ text: `${title}: smallest`, paint, style: 'box' }),
    );
    return [...smallest.reverse(), { text: `largest ${many}`, paint: '--chart-6', style: 'box' }];
  }
  if (!bins.some(({ switchover }) => switchover)) return [];
  return [{ text: 'begins with the sync of a switchover', paint: '--chart-4', style: 'box' }];
}

/** Of the target: on x86 and as a rule elsewhere. */
const PAGE_BYTES = 4096;

function captionOf({ iterations }: Timeline): string {
  const count = iterations.at(-1)?.last ?? 0;
  const worst = largestOf(iterations, ({ dirtyPages }) => dirtyPages);
  const rates = iterations.flatMap(({ bandwidth }) => bandwidth ?? []);
  const pages =
    worst === undefined
      ? ''
      : `The most dirty pages, ${sayCount(worst.value)} (${formatBytes(worst.value * PAGE_BYTES)} if a page has 4 KiB), stand at ${iterationsOf(worst.bin)}; migration_bitmap_sync_end adds them up for about a second.`;
  return sentences(
    `${sayCount(count)} iterations, one for each sync (those of setup and switchover too).`,
    pages,
    rates.length === 0
      ? ''
      : `Sent: ${sayRange({ low: Math.min(...rates.map(({ low }) => low)), high: Math.max(...rates.map(({ high }) => high)) }, sayRate)}; no bar where an iteration was shorter than the 100 ms of a measurement.`,
  );
}

function largestOf(bins: readonly IterationBin[], range: Panel['range']) {
  let largest: { readonly bin: IterationBin; readonly value: number } | undefined;
  for (const bin of bins) {
    const value = range(bin)?.high;
    if (value !== undefined && value > (largest?.value ?? -1)) largest = { bin, value };
  }
  return largest;
}

function iterationsOf({ first, last }: IterationBin): string {
  return first === last ? `iteration ${sayCount(first)}` : `iterations ${sayCount(first)} to ${sayCount(last)}`;
}

function tableOf({ iterations }: Timeline, limit: number): ChartTable {
  const bins = fewerBins(iterations, limit);
  return {
    columns: ['iteration', 'dirty pages', 'sent per second'],
    rows: bins.map(({ first, last, dirtyPages, bandwidth }) => [
      first === last ? String(first) : `${first} to ${last}`,
      sayRange(dirtyPages, sayCount),
      sayRange(bandwidth, sayRate),
    ]),
    omitted: 0,
  };
}

function sayRange(range: Range | undefined, say: (value: number) => string): string {
  if (range === undefined) return '-';
  const [low, high] = [say(range.low), say(range.high)];
  return low === high ? low : `${low} to ${high}`;
}
