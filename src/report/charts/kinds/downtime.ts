/** What the downtime was spent on: its stages in their order, then the devices, the longest first. */
import { plural, visible } from '../../../base/text.ts';
import type { DestinationReport, DeviceBlock, DowntimeReport } from '../../report.ts';
import type { ChartTable } from '../chart.ts';
import type { ChartKind, ChartSource, Drawing, Medium } from '../chart-kind.ts';
import { FONT_SIZE, type LegendEntry, legendOptions, scaleOptions, WIDTH, write } from '../furniture.ts';
import { fitted } from '../label.ts';
import { light, type Paint } from '../palette.ts';
import { sayDuration } from '../say.ts';
import { type Axis, decimal, numberAxis } from '../scales.ts';

type Group = 'downtime' | 'stage' | 'iterable' | 'device' | 'destination';

interface Row {
  readonly group: Group;
  readonly label: string;
  readonly ns: number;
}

const GROUPS: Readonly<Record<Group, { readonly text: string; readonly paint: Paint }>> = {
  downtime: { text: 'downtime', paint: '--chart-6' },
  stage: { text: 'stage', paint: '--chart-1' },
  iterable: { text: 'iterable device', paint: '--chart-2' },
  device: { text: 'non-iterable device', paint: '--chart-3' },
  destination: { text: 'stage on the destination', paint: '--chart-4' },
};

const DEVICES: Readonly<Record<Medium, number>> = { page: 8, mail: 4 };
const ROW_HEIGHT: Readonly<Record<Medium, number>> = { page: 20, mail: 17 };
const LABEL_LENGTH: Readonly<Record<Medium, number>> = { page: 40, mail: 26 };
/** Below and above the rows. */
const FRAME: Readonly<Record<Medium, number>> = { page: 84, mail: 70 };
/** Of the plot, for the figures behind the bars. */
const ROOM = 1.18;

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
  const [unit, scale] =
    longest >= 2e9 ? (['s', 1e9] as const) : longest >= 1e6 ? (['ms', 1e6] as const) : (['\u00b5s', 1e3] as const);
  const limitNs = shownLimit(source.timeline.limitMs, longest);
  const axis = axisTo(Math.max(longest, limitNs ?? 0) / scale, medium);
  const groups = [...new Set(rows.map(({ group }) => group))].filter((group) => group !== 'downtime');
  const legend: LegendEntry[] = groups.map((group) => ({ ...GROUPS[group], style: 'box' }));
  if (limitNs !== undefined) legend.push({ text: 'downtime-limit', paint: '--chart-ink', style: 'tick' });
  return {
    title: 'Downtime by stage and device',
    caption: captionOf(source, downtime),
    table: tableOf(downtime, rows),
    size: { width: WIDTH[medium], height: FRAME[medium] + rows.length * ROW_HEIGHT[medium] },
    configuration: {
      type: 'bar',
      data: {
        labels: rows.map(({ label }) => fitted(label, LABEL_LENGTH[medium])),
        datasets: [
          {
            type: 'bar',
            data: rows.map(({ ns }) => ns / scale),
            backgroundColor: rows.map(({ group }) => light(GROUPS[group].paint)),
            borderWidth: 0,
            barPercentage: 0.9,
            categoryPercentage: 0.85,
            minBarLength: 1,
          },
        ],
      },
      options: {
        indexAxis: 'y',
        layout: { padding: { top: 6, right: 10 } },
        scales: {
          x: scaleOptions(axis, medium, unit),
          y: {
            type: 'category',
            grid: { display: false },
            ticks: { color: light('--chart-ink'), font: { size: FONT_SIZE[medium] }, autoSkip: false, padding: 4 },
            border: { color: light('--chart-muted') },
          },
        },
        plugins: { legend: legendOptions(legend, medium) },
      },
      plugins: [
        {
          id: 'figures',
          afterDatasetsDraw: ({ ctx, scales, chartArea }) => {
            const { x, y } = scales;
            if (x === undefined || y === undefined) return;
            const size = FONT_SIZE[medium];
            for (const [at, { ns }] of rows.entries()) {
              const text = sayDuration(ns);
              write(ctx, text, x.getPixelForValue(ns / scale) + 5, y.getPixelForValue(at), {
                paint: '--chart-ink',
                size,
              });
            }
            if (limitNs === undefined) return;
            const left = x.getPixelForValue(limitNs / scale);
            ctx.save();
            ctx.strokeStyle = light('--chart-ink');
            ctx.lineWidth = 2;
            ctx.beginPath();
            ctx.moveTo(left, chartArea.top);
            ctx.lineTo(left, (y.getPixelForValue(0) + y.getPixelForValue(1)) / 2);
            ctx.stroke();
            ctx.restore();
          },
        },
      ],
    },
  };
}

/** A limit far beyond the downtime would leave no room for it. */
function shownLimit(limitMs: number | undefined, longest: number): number | undefined {
  return limitMs !== undefined && limitMs * 1e6 <= longest * 1.5 ? limitMs * 1e6 : undefined;
}

function axisTo(longest: number, medium: Medium): Axis {
  const axis = numberAxis(longest, medium === 'page' ? 9 : 6, decimal);
  const max = Math.max(longest * ROOM, Number.MIN_VALUE);
  return { ...axis, max, ticks: axis.ticks.filter(({ value }) => value <= max) };
}

function rowsOf(downtime: DowntimeReport, destination: DestinationReport | null, devices: number): readonly Row[] {
  const stages = downtime.checkpoints.map(
    ({ to, durationNs }): Row => ({ group: 'stage', label: `to ${visible(to)}`, ns: Number(durationNs) }),
  );
  const there = (destination?.checkpoints ?? []).flatMap(({ to, durationNs }): Row[] =>
    durationNs === null ? [] : [{ group: 'destination', label: `to ${visible(to)}`, ns: Number(durationNs) }],
  );
  return [
    { group: 'downtime', label: 'downtime', ns: Number(downtime.durationNs) },
    ...stages,
    ...deviceRows(downtime.iterable, 'iterable', Math.max(1, Math.floor(devices / 4))),
    ...deviceRows(downtime.nonIterable, 'device', devices - Math.max(1, Math.floor(devices / 4))),
    ...there,
  ];
}

/** Those beyond the limit, and those that took no time, are one row. */
function deviceRows(block: DeviceBlock, group: Group, limit: number): readonly Row[] {
  const shown = block.devices.filter(({ durationNs }) => Number(durationNs) > 0).slice(0, limit);
  const rest = block.devices.length + block.omitted - shown.length;
  const rows = shown.map(
    ({ idstr, instance, durationNs }): Row => ({
      group,
      label: `${visible(idstr)}:${instance}`,
      ns: Number(durationNs),
    }),
  );
  const restNs = Number(block.totalNs) - rows.reduce((sum, { ns }) => sum + ns, 0);
  if (rest === 0 || restNs <= 0) return rows;
  return [...rows, { group, label: plural(rest, 'other device'), ns: restNs }];
}

function captionOf({ timeline }: ChartSource, downtime: DowntimeReport): string {
  const { checkpoints, iterable, nonIterable } = downtime;
  const total = Number(downtime.durationNs);
  const parts = [`The guest stood still for ${sayDuration(total)}.`];
  const [worst] = [...checkpoints].sort((a, b) => Number(b.durationNs) - Number(a.durationNs));
  if (worst !== undefined && total > 0) {
    const share = Math.round((Number(worst.durationNs) / total) * 100);
    parts.push(
      `The longest stage, ${visible(worst.from)} to ${visible(worst.to)}, took ${sayDuration(Number(worst.durationNs))} (${share} %).`,
    );
  }
  const [device] = [...iterable.devices, ...nonIterable.devices].sort(
    (a, b) => Number(b.durationNs) - Number(a.durationNs),
  );
  if (device !== undefined) {
    const count = [iterable, nonIterable].reduce((sum, block) => sum + block.devices.length + block.omitted, 0);
    parts.push(
      `Of ${plural(count, 'device')} ${visible(device.idstr)} took longest: ${sayDuration(Number(device.durationNs))}.`,
    );
  }
  if (timeline.limitMs !== undefined) parts.push(`The downtime-limit was ${timeline.limitMs} ms.`);
  return parts.join(' ');
}

function tableOf(downtime: DowntimeReport, rows: readonly Row[]): ChartTable {
  const omitted = downtime.iterable.omitted + downtime.nonIterable.omitted;
  return {
    columns: ['part of the downtime', 'kind', 'time'],
    rows: rows.map(({ group, label, ns }) => [label, GROUPS[group].text, sayDuration(ns)]),
    omitted,
  };
}
