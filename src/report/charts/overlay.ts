/** The pending bytes of two runs in one picture, each from its own first event on. */
import type { ChartDataset } from 'chart.js';
import { visible } from '../../base/text.ts';
import { formatBytes } from '../../base/units.ts';
import type { Chart } from './chart.ts';
import type { Drawing } from './chart-kind.ts';
import { svgElement } from './draw-charts.ts';
import { thinned } from './extremes.ts';
import { type LegendEntry, legendOptions, scaleOptions, TITLE_HEIGHT, titlePlugin, WIDTH } from './furniture.ts';
import { light, type Paint } from './palette.ts';
import { sayDuration } from './say.ts';
import { type ByteAxis, byteAxis, runAxis, type TimeAxis } from './scales.ts';
import type { QueryPoint, Timeline } from './timeline.ts';

const HEIGHT = 320;
const POINTS = 480;
const ROWS = 30;
const FINAL_RADIUS = 6;
const KINDS = ['estimate', 'unspecified', 'exact', 'final'] as const;

interface Course {
  readonly name: 'base' | 'head';
  readonly timeline: Timeline;
  readonly queries: readonly QueryPoint[];
  readonly paint: Paint;
  /** Empty for a solid line. */
  readonly dash: readonly number[];
}

/** undefined where a run has no query or no time stamps. */
export async function overlayChart(pair: number, base: Timeline, head: Timeline): Promise<Chart | undefined> {
  const courses = [courseOf('base', base, '--chart-1', []), courseOf('head', head, '--chart-2', [6, 3])] as const;
  if (courses.some(({ timeline, queries }) => timeline.axis === 'line' || queries.length === 0)) return undefined;
  const id = `overlay-${pair}`;
  const drawing = draw(courses);
  const { title, caption, table } = drawing;
  const svg = await svgElement(id, drawing, 'page', 'themed');
  return { id, migration: pair, title, caption, svg, table };
}

function courseOf(name: Course['name'], timeline: Timeline, paint: Paint, dash: readonly number[]): Course {
  const queries = KINDS.flatMap((kind) => timeline.queries[kind]).sort((a, b) => a.x - b.x || a.line - b.line);
  return { name, timeline, queries, paint, dash };
}

function draw(courses: readonly Course[]): Drawing {
  const longest = Math.max(...courses.map(({ timeline }) => timeline.to - timeline.from));
  const x = runAxis('time', 0, longest, 9);
  const y = byteAxis(
    courses.flatMap(({ queries }) => queries.map((query) => query.y)),
    8,
  );
  return {
    title: 'Pending bytes of both runs',
    caption: captionOf(courses, y),
    table: tableOf(courses),
    size: { width: WIDTH.page, height: HEIGHT },
    configuration: {
      type: 'line',
      data: { datasets: [...courses.map((one) => finals(one, x, y)), ...courses.map((one) => line(one, x, y))] },
      options: {
        parsing: false,
        layout: { padding: { top: TITLE_HEIGHT, right: 14 } },
        scales: { x: scaleOptions(x, 'page', x.title), y: scaleOptions(y, 'page') },
        plugins: { legend: legendOptions(legend(courses), 'page') },
      },
      plugins: [titlePlugin(`pending${y.kind === 'log' ? ', logarithmic above 0' : ''}`, 'page')],
    },
  };
}

function points(course: Course, queries: readonly QueryPoint[], x: TimeAxis, y: ByteAxis) {
  return queries.map((query) => ({ x: x.at(query.x - course.timeline.from), y: y.at(query.y) }));
}

function line(course: Course, x: TimeAxis, y: ByteAxis): ChartDataset {
  return {
    type: 'line',
    data: points(course, thinned(course.queries, POINTS), x, y),
    borderColor: light(course.paint),
    borderDash: [...course.dash],
    borderWidth: 1.5,
    pointRadius: 0,
  };
}

function finals(course: Course, x: TimeAxis, y: ByteAxis): ChartDataset {
  return {
    type: 'line',
    data: points(course, thinned(course.timeline.queries.final, POINTS), x, y),
    showLine: false,
    backgroundColor: light(course.paint),
    borderWidth: 0,
    pointStyle: 'rectRot',
    pointRadius: FINAL_RADIUS,
    clip: false,
  };
}

function legend(courses: readonly Course[]): readonly LegendEntry[] {
  return courses.flatMap(({ name, timeline, paint, dash }): readonly LegendEntry[] => [
    { text: name, paint, style: dash.length > 0 ? 'dashes' : 'line' },
    ...(timeline.queries.final.length > 0
      ? [{ text: `final query of ${name}`, paint, style: 'rectRot' } satisfies LegendEntry]
      : []),
  ]);
}

function captionOf(courses: readonly Course[], y: ByteAxis): string {
  const parts = courses.map(({ name, timeline, queries }) => {
    const [first, last] = [queries[0], queries.at(-1)];
    const final = timeline.queries.final.at(-1);
    return [
      `${name}: ${formatBytes(first?.y ?? 0)} at the first query, ${formatBytes(last?.y ?? 0)} at the last`,
      ...(final === undefined ? ['no final query'] : [`${formatBytes(final.y)} at the final one`]),
      `in ${sayDuration(timeline.to - timeline.from)}`,
    ].join(', ');
  });
  const axis = y.kind === 'log' ? ' The axis is logarithmic, with 0 at its foot.' : '';
  return `Each run from its own first event on; ${parts.join('; ')}.${axis}`;
}

function tableOf(courses: readonly Course[]): Drawing['table'] {
  const shown = courses.map((course) => ({ course, queries: thinned(course.queries, ROWS) }));
  return {
    columns: ['run', 'time', 'at', 'query', 'total'],
    rows: shown.flatMap(({ course: { name, timeline }, queries }) =>
      queries.map((query) => [
        name,
        `${((query.x - timeline.from) / 1e9).toFixed(6)} s`,
        `${visible(timeline.nameOf(query.input))}:${query.line}`,
        query.kind,
        formatBytes(query.y),
      ]),
    ),
    omitted: shown.reduce((sum, { course, queries }) => sum + course.queries.length - queries.length, 0),
  };
}
