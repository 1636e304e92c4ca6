/** The switchover under the microscope: who did what, in lanes over microseconds. */

import { plural } from '../../../base/text.ts';
import { formatBytes } from '../../../base/units.ts';
import { type BrokenAxis, brokenAxis } from '../broken-axis.ts';
import type { ChartTable } from '../chart.ts';
import type { ChartKind, ChartSource, Medium } from '../chart-kind.ts';
import {
  type LegendEntry,
  legendOptions,
  scaleOptions,
  TITLE_HEIGHT,
  titlePlugin,
  ViolationMarks,
  WIDTH,
} from '../furniture.ts';
import { clean } from '../label.ts';
import { cutPlugin, lanePlugin, type PlacedLane, rowsNeeded } from '../lane-plugin.ts';
import { type LaneContent, lanesOf } from '../lanes.ts';
import type { Paint } from '../palette.ts';
import { sayDuration, sayViolations, sentences } from '../say.ts';
import type { Axis } from '../scales.ts';
import type { Lane, SwitchoverView } from '../switchover-recorder.ts';
import type { Violation } from '../violations.ts';

const ROW_HEIGHT: Readonly<Record<Medium, number>> = { page: 22, mail: 18 };
const FRAME: Readonly<Record<Medium, number>> = { page: 78, mail: 64 };
const TIME_TITLE = '\u00b5s since the VM was stopped';
const LINE_TITLE = 'lines since the VM was stopped (no time stamps)';
/** Of the lanes' names, left of the plot. */
const NAMES_WIDTH = 110;
const ROWS: Readonly<Record<Medium, number>> = { page: 80, mail: 14 };

export const switchoverChart: ChartKind = {
  id: 'switchover',
  draw: (source, medium) => {
    const { timeline, migration, violations } = source;
    const view = chosenView(timeline.switchovers, violations);
    if (view === undefined) return undefined;
    const axis = axisOf(source, view, medium);
    const lanes = placed(lanesOf(view, migration, timeline), axis, medium);
    const rows = lanes.reduce((sum, lane) => sum + lane.rows, 0);
    const inside = violations.filter(({ at }) => at >= view.from && at <= view.to);
    const marks = new ViolationMarks(inside, axis, medium);
    const head = marks.height(view.checkpoint ? TITLE_HEIGHT : 6);
    return {
      title: 'The switchover under the microscope',
      caption: captionOf(source, view, axis, inside),
      table: tableOf(source, view, ROWS[medium]),
      size: { width: WIDTH[medium], height: head + rows * ROW_HEIGHT[medium] + FRAME[medium] },
      configuration: {
        type: 'scatter',
        data: { datasets: [] },
        options: {
          layout: { padding: { top: head, right: 14 } },
          scales: {
            x: scaleOptions(axis, medium, timeline.axis === 'time' ? TIME_TITLE : LINE_TITLE),
            y: { ...scaleOptions(laneAxis(lanes, rows), medium), reverse: true, grid: { display: false } },
          },
          plugins: { legend: legendOptions(legend(view), medium) },
        },
        plugins: [
          lanePlugin(lanes, axis, medium),
          titlePlugin(titleOf(view), medium),
          cutPlugin(axis, medium),
          marks.plugin(),
        ],
      },
    };
  },
};

function laneAxis(lanes: readonly PlacedLane[], rows: number): Axis {
  const ticks = lanes.map(({ top, rows: own, title }) => ({ value: top + own / 2, label: title }));
  return { at: (row) => row, min: 0, max: rows, ticks };
}

/** The first with a violation in it, else the migration's own. */
function chosenView(views: readonly SwitchoverView[], violations: readonly Violation[]): SwitchoverView | undefined {
  const violated = views.find(({ from, to }) => violations.some(({ at }) => at >= from && at <= to));
  return violated ?? views.findLast(({ checkpoint }) => !checkpoint) ?? views[0];
}

function placed(lanes: readonly LaneContent[], axis: BrokenAxis, medium: Medium): readonly PlacedLane[] {
  let top = 0;
  return lanes.map((lane) => {
    const rows = rowsNeeded(lane, axis, WIDTH[medium] - NAMES_WIDTH, medium);
    const one = { ...lane, rows, top };
    top += rows;
    return one;
  });
}

function axisOf({ timeline }: ChartSource, view: SwitchoverView, medium: Medium): BrokenAxis {
  const unit = timeline.axis === 'time' ? 1000 : 1;
  // What other threads do with the lock meanwhile is no reason to draw a pause in full.
  const marks = view.marks.filter(({ lane, label }) => lane !== 'bql' || label === 'migration-thread');
  const events = timeline.axis === 'time' ? [view.stop, ...marks.flatMap(({ x, endX }) => [x, endX])] : [];
  return brokenAxis({ from: view.from, zero: view.stop, to: view.to, unit }, events, medium === 'page' ? 9 : 6);
}

function titleOf({ checkpoint, index }: SwitchoverView): string {
  return checkpoint ? `COLO checkpoint ${index}` : '';
}

/** What the colours of the bars mean whose names find no room. */
function legend({ marks }: SwitchoverView): readonly LegendEntry[] {
  const holders = marks.filter(({ lane }) => lane === 'bql');
  const devices = marks.filter(({ lane }) => lane === 'save' || lane === 'section');
  const entries: readonly (readonly [boolean, string, Paint])[] = [
    [holders.some(({ label }) => label === 'migration-thread'), 'BQL: migration thread', '--chart-1'],
    [holders.some(({ label }) => label === 'another'), 'BQL: another thread', '--chart-6'],
    [holders.some(({ label }) => label === 'unknown'), 'BQL: thread not shown', '--chart-grid'],
    [devices.some(({ iterable }) => iterable === true), 'iterable device', '--chart-2'],
    [devices.some(({ iterable }) => iterable !== true), 'non-iterable device', '--chart-3'],
  ];
  return entries.flatMap(([shown, text, paint]) => (shown ? [{ text, paint, style: 'box' }] : []));
}

const ENDS: Readonly<Record<SwitchoverView['endedBy'], string>> = {
  'downtime-end': 'src-downtime-end',
  packaged: 'the package is sent',
  completed: 'completed',
  postcopy: 'postcopy runs',
  colo: 'COLO runs',
  failed: 'it failed',
  cancelled: 'it was cancelled',
  'vm-running': 'the VM runs again',
  superseded: 'another one begins',
  'log-ends': 'the log ends',
};

function captionOf(
  { timeline }: ChartSource,
  view: SwitchoverView,
  axis: BrokenAxis,
  inside: readonly Violation[],
): string {
  const time = timeline.axis === 'time';
  const since = (x: number): string => {
    if (!time) return `line ${Math.round(x)}`;
    return x < view.stop
      ? `${sayDuration(view.stop - x)} before the stop`
      : `${sayDuration(x - view.stop)} after the stop`;
  };
  const of = (lane: Lane) => view.marks.filter((mark) => mark.lane === lane);
  const finals = of('query').filter(({ label, x }) => label === 'final' && x >= view.stop);
  const [first] = finals;
  const synced = of('sync').filter(({ x }) => x >= view.stop);
  const count = timeline.switchovers.length;
  return sentences(
    `${view.checkpoint ? `COLO checkpoint ${view.index}` : `The ${view.mode === 'unknown' ? '' : `${view.mode} `}switchover`}${count > 1 ? `, one of ${count}` : ''}: from the stop of the VM until ${ENDS[view.endedBy]}${time ? ` ${sayDuration(view.to - view.stop)}` : ''}.`,
    first === undefined
      ? 'No final query in it.'
      : `${finals.length === 1 ? 'The final query' : `The first of ${finals.length} final queries`}, ${formatBytes(first.bytes ?? 0)}, ${since(first.x)}.`,
    synced.length === 0
      ? 'No sync behind the stop.'
      : `${plural(synced.length, 'sync')} behind the stop${time ? `, ${sayDuration(synced.reduce((sum, { x, endX }) => sum + endX - x, 0))} in all` : ''}.`,
    of('bql').length === 0 ? 'No mutex event shows who held the BQL.' : '',
    sayViolations(inside, ({ at }) => since(at)),
    axis.cuts.length === 0
      ? ''
      : `Cut out of the axis: ${axis.cuts.map(({ from, to }) => sayDuration(to - from)).join(', ')} without any event.`,
    time ? '' : 'The log has no time stamps: its lines are the axis.',
  );
}

function tableOf({ timeline }: ChartSource, view: SwitchoverView, limit: number): ChartTable {
  const time = timeline.axis === 'time';
  const rows = view.marks.map(({ lane, x, endX, label, place }) => [
    time ? String(Math.round((x - view.stop) / 1000)) : '-',
    `${clean(timeline.nameOf(place.input))}:${place.line}`,
    lane,
    clean(label),
    endX > x && Number.isFinite(endX) && time ? sayDuration(endX - x) : '-',
  ]);
  return {
    columns: ['\u00b5s since the stop', 'at', 'lane', 'what', 'took'],
    rows: rows.slice(0, limit),
    omitted: Math.max(0, rows.length - limit) + view.omitted,
  };
}
