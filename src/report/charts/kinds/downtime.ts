/** What the downtime was spent on: its stages in their order, then the devices, the longest first. */
import type { ChartDataset, Plugin } from 'chart.js';
import { plural } from '../../../base/text.ts';
import type { DowntimeReport } from '../../report.ts';
import type { ChartTable } from '../chart.ts';
import type { ChartKind, ChartSource, Drawing, Medium } from '../chart-kind.ts';
import { type Group, type Row, rowsOf, sayRow } from '../downtime-rows.ts';
import {
  FONT_SIZE,
  type LegendEntry,
  legendOptions,
  type ScaleOptions,
  scaleOptions,
  WIDTH,
  write,
} from '../furniture.ts';
import { clean, fitted } from '../label.ts';
import { light, type Paint } from '../palette.ts';
import { sayDuration } from '../say.ts';
import { type Axis, decimal, numberAxis } from '../scales.ts';

const GROUPS: Readonly<Record<Group, { readonly text: string; readonly paint: Paint }>> = {
  downtime: { text: 'downtime', paint: '--chart-6' },
  stage: { text: 'stage', paint: '--chart-1' },
  iterable: { text: 'iterable device', paint: '--chart-2' },
  device: { text: 'non-iterable device', paint: '--chart-3' },
  destination: { text: 'on the destination', paint: '--chart-4' },
};

const DEVICES: Readonly<Record<Medium, number>> = { page: 8, mail: 4 };
const ROW_HEIGHT: Readonly<Record<Medium, number>> = { page: 20, mail: 17 };
const LABEL_LENGTH: Readonly<Record<Medium, number>> = { page: 40, mail: 29 };
/** Below and above the rows. */
const FRAME: Readonly<Record<Medium, number>> = { page: 84, mail: 70 };

export const downtimeChart: ChartKind = {
  id: 'downtime',
  draw: (source, medium) => {
    const { downtime, destination } = source.migration;
    if (downtime === null) return undefined;
    const rows = rowsOf(downtime, destination, DEVICES[medium]);
    return drawRows(source, downtime, rows, medium);
  },
};

function drawRows(source: ChartSource, downtime: DowntimeReport, rows: readonly Row[], medium: Medium): Drawing {
  const longest = rows.reduce((most, { ns }) => Math.max(most, ns), 0);
  const { unit, scale } = unitFor(longest);
  const limitNs = shownLimit(source.timeline.limitMs, longest);
  const x = scaleOptions(axisFor(rows, limitNs ?? 0, scale, medium), medium, unit);
  const labels = rows.map(({ label }) => fitted(label, LABEL_LENGTH[medium]));
  return {
    title: 'Downtime by stage and device',
    caption: captionOf(source, downtime),
    table: tableOf(downtime, rows),
    size: { width: WIDTH[medium], height: FRAME[medium] + rows.length * ROW_HEIGHT[medium] },
    configuration: {
      type: 'bar',
      data: { labels, datasets: [bars(rows, scale)] },
      options: {
        indexAxis: 'y',
        layout: { padding: { top: 6, right: 10 } },
        scales: { x, y: rowScale(medium) },
        plugins: { legend: legendOptions(legend(rows, limitNs), medium) },
      },
      plugins: [figures(rows, scale, medium), limitMark(limitNs, scale)],
    },
  };
}
function unitFor(longest: number): { readonly unit: string; readonly scale: number } {
  if (longest >= 2e9) return { unit: 's', scale: 1e9 };
  return longest >= 1e6 ? { unit: 'ms', scale: 1e6 } : { unit: '\u00b5s', scale: 1e3 };
}

function bars(rows: readonly Row[], scale: number): ChartDataset {
  return {
    type: 'bar',
    data: rows.map(({ ns, lowNs }) => (lowNs ?? ns) / scale),
    backgroundColor: rows.map(({ group }) => light(GROUPS[group].paint)),
    borderWidth: 0,
    barPercentage: 0.9,
    categoryPercentage: 0.85,
    minBarLength: 1,
  };
}

function rowScale(medium: Medium): ScaleOptions {
  return {
    type: 'category',
    grid: { display: false },
    ticks: { color: light('--chart-ink'), font: { size: FONT_SIZE[medium] }, autoSkip: false, padding: 4 },
    border: { color: light('--chart-muted') },
  };
}

function legend(rows: readonly Row[], limitNs: number | undefined): readonly LegendEntry[] {
  const groups = [...new Set(rows.map(({ group }) => group))].filter((group) => group !== 'downtime');
  const entries: LegendEntry[] = groups.map((group) => ({ ...GROUPS[group], style: 'box' }));
  if (limitNs !== undefined) entries.push({ text: 'downtime-limit', paint: '--chart-ink', style: 'tick' });
  return entries;
}

/** Each row's time behind its bar. */
function figures(rows: readonly Row[], scale: number, medium: Medium): Plugin {
  return {
    id: 'figures',
    afterDatasetsDraw: ({ ctx, scales: { x, y } }) => {
      if (x === undefined || y === undefined) return;
      for (const [at, row] of rows.entries()) {
        const { ns, lowNs = ns } = row;
        const middle = y.getPixelForValue(at);
        const [low, high] = [x.getPixelForValue(lowNs / scale), x.getPixelForValue(ns / scale)];
        ctx.fillStyle = light(GROUPS[row.group].paint);
        // Up to the upper bound: a thread.
        if (low < high) ctx.fillRect(low, middle - 1, high - low, 2);
        write(ctx, sayRow(row), high + 5, middle, { paint: '--chart-ink', size: FONT_SIZE[medium] });
      }
    },
  };
}

/** Across the first row, the downtime. */
function limitMark(limitNs: number | undefined, scale: number): Plugin {
  return {
    id: 'limit',
    afterDatasetsDraw: ({ ctx, scales: { x, y }, chartArea }) => {
      if (x === undefined || y === undefined || limitNs === undefined) return;
      const foot = (y.getPixelForValue(0) + y.getPixelForValue(1)) / 2;
      ctx.fillStyle = light('--chart-ink');
      ctx.fillRect(x.getPixelForValue(limitNs / scale) - 1, chartArea.top, 2, foot - chartArea.top);
    },
  };
}

/** A limit far beyond the downtime would leave no room for it. */
function shownLimit(limitMs: number | undefined, longest: number): number | undefined {
  return limitMs !== undefined && limitMs * 1e6 <= longest * 1.5 ? limitMs * 1e6 : undefined;
}

/** Names of rows need about so much, the rest is the plot. */
const NAMES_WIDTH: Readonly<Record<Medium, number>> = { page: 210, mail: 190 };
/** A letter of the font, as a share of its size. */
const LETTER = 0.66;

/** As long as it takes for each figure to stand behind its bar. */
function axisFor(rows: readonly Row[], limitNs: number, scale: number, medium: Medium): Axis {
  const plot = WIDTH[medium] - NAMES_WIDTH[medium];
  const ends = rows.map((row) => row.ns / (1 - (sayRow(row).length * LETTER * FONT_SIZE[medium] + 8) / plot));
  const max = Math.max(limitNs * 1.05, ...ends, 1) / scale;
  const axis = numberAxis(max, medium === 'page' ? 9 : 6, decimal);
  return { ...axis, max, ticks: axis.ticks.filter(({ value }) => value <= max) };
}

function captionOf({ timeline, migration }: ChartSource, downtime: DowntimeReport): string {
  const { checkpoints, iterable, nonIterable } = downtime;
  const total = Number(downtime.durationNs);
  const parts = [`The guest stood still for ${sayDuration(total)}.`];
  const [worst] = [...checkpoints].sort((a, b) => Number(b.durationNs) - Number(a.durationNs));
  if (worst !== undefined && total > 0) {
    const share = Math.round((Number(worst.durationNs) / total) * 100);
    parts.push(
      `The longest stage, ${clean(worst.from)} to ${clean(worst.to)}, took ${sayDuration(Number(worst.durationNs))} (${share} %).`,
    );
  }
  const [device] = [...iterable.devices, ...nonIterable.devices].sort(
    (a, b) => Number(b.durationNs) - Number(a.durationNs),
  );
  if (device !== undefined) {
    const count = [iterable, nonIterable].reduce((sum, block) => sum + block.devices.length + block.omitted, 0);
    parts.push(
      `Of ${plural(count, 'device')} ${clean(device.idstr)} took longest: ${sayDuration(Number(device.durationNs))}.`,
    );
  }
  if (timeline.limitMs !== undefined) parts.push(`The downtime-limit was ${timeline.limitMs} ms.`);
  const { lowNs = null, highNs = null } = migration.destination?.blackout ?? {};
  if (highNs !== null) {
    const low = sayDuration(Math.max(0, Number(lowNs)));
    parts.push(`From the stop here to the run on the destination it took ${low} to ${sayDuration(Number(highNs))}.`);
  }
  return parts.join(' ');
}

function tableOf(downtime: DowntimeReport, rows: readonly Row[]): ChartTable {
  const omitted = downtime.iterable.omitted + downtime.nonIterable.omitted;
  return {
    columns: ['part of the downtime', 'kind', 'time'],
    rows: rows.map((row) => [row.label, GROUPS[row.group].text, sayRow(row)]),
    omitted,
  };
}
