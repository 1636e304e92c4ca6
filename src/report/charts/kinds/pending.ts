/** Pending bytes over the run: what QEMU thought was left, query by query. */

import type { ChartDataset, Plugin } from 'chart.js';
import { formatBytes } from '../../../base/units.ts';
import type { QueryKind } from '../../../replay/run.ts';
import type { MigrationReport } from '../../report.ts';
import type { ChartTable } from '../chart.ts';
import type { ChartKind, ChartSource, Medium } from '../chart-kind.ts';
import { thinned } from '../extremes.ts';
import {
  bandsPlugin,
  type LegendEntry,
  legendOptions,
  scaleOptions,
  TITLE_HEIGHT,
  titlePlugin,
  ViolationMarks,
  WIDTH,
} from '../furniture.ts';
import { clean } from '../label.ts';
import { light, type Paint } from '../palette.ts';
import { type PhaseBand, phaseBands } from '../phase-bands.ts';
import { sayCount, sayDuration, sayPlace, sayQueries, sayViolations, sentences } from '../say.ts';
import { type ByteAxis, byteAxis, runAxis, type TimeAxis } from '../scales.ts';
import { PARTS, type Part, type QueryPoint, type Timeline } from '../timeline.ts';

const HEIGHT: Readonly<Record<Medium, number>> = { page: 340, mail: 220 };
/** Of each kind of query. */
const POINTS: Readonly<Record<Medium, number>> = { page: 240, mail: 28 };
const ROWS: Readonly<Record<Medium, number>> = { page: 60, mail: 12 };

const PART_PAINT: Readonly<Record<Part, Paint>> = {
  precopy: '--chart-1',
  stopcopy: '--chart-3',
  postcopy: '--chart-2',
};

const KIND_STYLE: Readonly<
  Record<QueryKind, { text: string; paint: Paint; style: 'circle' | 'triangle' | 'rectRot' }>
> = {
  estimate: { text: 'estimate', paint: '--chart-ink', style: 'circle' },
  unspecified: { text: 'query (7.2 has one kind)', paint: '--chart-ink', style: 'circle' },
  exact: { text: 'exact', paint: '--chart-ink', style: 'triangle' },
  final: { text: 'final', paint: '--chart-4', style: 'rectRot' },
};
const RADIUS = { circle: 1.6, triangle: 3.5, rectRot: 6 };
const SYNC_HEIGHT = 7;
/** Thinned-out syncs nearer than this part of the run stand for many in between. */
const JOINED_FROM = 100;
const THRESHOLD: LegendEntry = { text: 'threshold in force', paint: '--chart-5', style: 'dashes' };
const SYNC: LegendEntry = { text: 'sync', paint: '--chart-ink', style: 'tick' };
const KINDS = ['estimate', 'unspecified', 'exact', 'final'] as const;

export const pendingChart: ChartKind = {
  id: 'pending',
  draw: (source, medium) => {
    const { timeline, migration } = source;
    const queries = KINDS.flatMap((kind) => timeline.queries[kind]).sort(byPlace);
    if (queries.length === 0) return undefined;
    const parts = PARTS.filter((part) => timeline.largest[part] > 0);
    const x = runAxis(timeline.axis, timeline.from, timeline.to, medium === 'page' ? 9 : 6);
    const values = [...queries.map(({ y }) => y), ...timeline.thresholds.map(({ y }) => y)];
    if (parts.length > 1) values.push(...queries.flatMap((query) => parts.map((part) => query[part])));
    const y = byteAxis(values, medium === 'page' ? 8 : 6);
    const bands = phaseBands(migration, timeline, x);
    const marks = new ViolationMarks(source.violations, x, medium);
    return {
      title: 'Pending bytes over the run',
      caption: captionOf(source, queries, y),
      table: tableOf(source, queries, ROWS[medium]),
      size: { width: WIDTH[medium], height: marks.height(HEIGHT[medium]) },
      configuration: {
        type: 'line',
        data: { datasets: datasets(timeline, queries, parts, x, y, medium) },
        options: {
          parsing: false,
          layout: { padding: { top: marks.height(TITLE_HEIGHT), right: 14 } },
          scales: { x: scaleOptions(x, medium, x.title), y: scaleOptions(y, medium) },
          plugins: { legend: legendOptions(legend(source, parts, bands), medium) },
        },
        plugins: [
          bandsPlugin(bands.map(({ band }) => band)),
          titlePlugin(`pending${y.kind === 'log' ? ', logarithmic above 0' : ''}`, medium),
          syncMarks(source, x),
          marks.plugin(),
        ],
      },
    };
  },
};

function byPlace(a: QueryPoint, b: QueryPoint): number {
  return a.x - b.x || a.line - b.line;
}

function datasets(
  timeline: Timeline,
  queries: readonly QueryPoint[],
  parts: readonly Part[],
  x: TimeAxis,
  y: ByteAxis,
  medium: Medium,
): ChartDataset[] {
  const limit = POINTS[medium];
  const at = (point: { readonly x: number }, value: number) => ({ x: x.at(point.x), y: y.at(value) });
  const few = thinned(queries, limit * 2);
  const lines = (parts.length === 0 ? (['precopy'] as const) : parts).map(
    (part): ChartDataset => ({
      type: 'line',
      data: few.map((point) => at(point, point[part])),
      borderColor: light(PART_PAINT[part]),
      borderWidth: 1.5,
      pointRadius: 0,
    }),
  );
  const marks = KINDS.map((kind): ChartDataset => {
    const { paint, style } = KIND_STYLE[kind];
    return {
      type: 'line',
      data: thinned(timeline.queries[kind], limit).map((point) => at(point, point.y)),
      showLine: false,
      backgroundColor: light(paint),
      borderWidth: 0,
      pointStyle: style,
      pointRadius: RADIUS[style],
      clip: false,
    };
  });
  return [...marks.reverse(), thresholdLine(timeline, x, y, limit), ...lines];
}

/** In force until the next one. */
function thresholdLine(timeline: Timeline, x: TimeAxis, y: ByteAxis, limit: number): ChartDataset {
  const points = thinned(timeline.thresholds, limit);
  const last = points.at(-1);
  const data = points.map((point) => ({ x: x.at(point.x), y: y.at(point.y) }));
  if (last !== undefined) data.push({ x: x.max, y: y.at(last.y) });
  return {
    type: 'line',
    data,
    stepped: 'before' as const,
    borderColor: light('--chart-5'),
    borderDash: [5, 3],
    borderWidth: 1.5,
    pointRadius: 0,
    clip: false,
  };
}

/** A short line at the foot for each sync; a bar where they are too many to be told apart. */
function syncMarks({ timeline, migration }: ChartSource, x: TimeAxis): Plugin {
  const thinnedOut = migration.syncs > timeline.syncs.length;
  const joined = thinnedOut ? (timeline.to - timeline.from) / JOINED_FROM : 0;
  return {
    id: 'syncs',
    afterDatasetsDraw: ({ ctx, chartArea, scales }) => {
      const { x: scale } = scales;
      if (scale === undefined) return;
      const pixel = (value: number): number => Math.round(scale.getPixelForValue(x.at(value)));
      const bars: { readonly left: number; right: number }[] = [];
      for (const [index, sync] of timeline.syncs.entries()) {
        const next = timeline.syncs[index + 1];
        const left = pixel(sync.x) - 1;
        const right = next !== undefined && next.x - sync.x < joined ? pixel(next.x) : left + 2;
        const last = bars.at(-1);
        if (last !== undefined && left <= last.right) last.right = Math.max(last.right, right);
        else bars.push({ left, right });
      }
      ctx.fillStyle = light(SYNC.paint);
      for (const { left, right } of bars) {
        ctx.fillRect(left, chartArea.bottom - SYNC_HEIGHT, right - left, SYNC_HEIGHT);
      }
    },
  };
}

function legend(
  { timeline }: ChartSource,
  parts: readonly Part[],
  bands: readonly PhaseBand[],
): readonly LegendEntry[] {
  const [only] = parts;
  const lines: LegendEntry[] = parts.map((part) => ({ text: `${part} bytes`, paint: PART_PAINT[part], style: 'line' }));
  const pending: LegendEntry = { text: 'pending', paint: '--chart-1', style: 'line' };
  const total: LegendEntry = {
    text: `pending, all ${only ?? ''}`,
    paint: PART_PAINT[only ?? 'precopy'],
    style: 'line',
  };
  const shown = KINDS.filter((kind) => timeline.queries[kind].length > 0).map((kind) => KIND_STYLE[kind]);
  const phases = new Map<Paint, Set<string>>();
  for (const { name, band } of bands) phases.set(band.paint, (phases.get(band.paint) ?? new Set()).add(name));
  return [
    ...(parts.length === 0 ? [pending] : parts.length === 1 ? [total] : lines),
    ...shown,
    ...(timeline.thresholds.length > 0 ? [THRESHOLD] : []),
    ...(timeline.syncs.length > 0 ? [SYNC] : []),
    ...[...phases].map(([paint, names]): LegendEntry => ({ text: [...names].join(', '), paint, style: 'box' })),
  ];
}

function captionOf(source: ChartSource, queries: readonly QueryPoint[], y: ByteAxis): string {
  const { migration, timeline, violations } = source;
  const { estimate, exact, final, unspecified } = migration.queries;
  const made = [
    estimate > 0 ? sayQueries(estimate, 'estimate') : '',
    exact > 0 ? sayQueries(exact, 'exact') : '',
    final > 0 ? sayQueries(final, 'final') : '',
    unspecified > 0 ? sayQueries(unspecified, '') : '',
  ].filter((part) => part !== '');
  const span = timeline.axis === 'time' ? ` in ${sayDuration(timeline.to - timeline.from)}` : '';
  return sentences(
    `${made.join(', ')} and ${sayCount(migration.syncs)} ${migration.syncs === 1 ? 'sync' : 'syncs'}${span}.`,
    courseOf(timeline, queries),
    violations.length === 0 ? '' : sayViolations(violations, ({ at }) => sayPlace(timeline, at)),
    queries.length < countOf(migration) ? 'The queries are thinned out; the smallest and the largest are kept.' : '',
    y.kind === 'log' ? 'The axis is logarithmic, with 0 at its foot.' : '',
    timeline.axis === 'line' ? 'The log has no time stamps: its lines are the axis.' : '',
  );
}

function countOf({ queries }: MigrationReport): number {
  return queries.estimate + queries.exact + queries.final + queries.unspecified;
}

/** From the first query to the last ones. */
function courseOf({ queries: kinds, thresholds }: Timeline, queries: readonly QueryPoint[]): string {
  const [first, exact, final] = [queries[0], kinds.exact.at(-1), kinds.final.at(-1)];
  const last = queries.at(-1);
  const threshold = thresholds.at(-1);
  const parts = [
    first === undefined ? '' : `${formatBytes(first.y)} at the first query`,
    exact === undefined ? '' : `${formatBytes(exact.y)} at the last exact one`,
    final === undefined ? '' : `${formatBytes(final.y)} at the ${kinds.final.length > 1 ? 'last ' : ''}final one`,
    last === undefined || last === first || last === exact || last === final
      ? ''
      : `${formatBytes(last.y)} at the last`,
    threshold === undefined ? '' : `the last threshold ${formatBytes(threshold.y)}`,
  ];
  return `Pending: ${parts.filter((part) => part !== '').join(', ')}.`;
}

function tableOf({ migration, timeline }: ChartSource, queries: readonly QueryPoint[], limit: number): ChartTable {
  const shown = thinned(queries, limit);
  return {
    columns: [timeline.axis === 'time' ? 'time' : 'place', 'at', 'query', 'precopy', 'stopcopy', 'postcopy', 'total'],
    rows: shown.map((query) => [
      sayPlace(timeline, query.x),
      `${clean(timeline.nameOf(query.input))}:${query.line}`,
      query.kind,
      formatBytes(query.precopy),
      formatBytes(query.stopcopy),
      formatBytes(query.postcopy),
      formatBytes(query.y),
    ]),
    omitted: Math.max(0, countOf(migration) - shown.length),
  };
}
