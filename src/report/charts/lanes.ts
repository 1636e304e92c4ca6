/** What stands in the lanes of the chart of a switchover. */

import { formatBytes } from '../../base/units.ts';
import type { MigrationReport } from '../report.ts';
import { clean } from './label.ts';
import type { Paint } from './palette.ts';
import type { Mark, SwitchoverView } from './switchover-recorder.ts';
import type { Timeline } from './timeline.ts';

/** A stretch of a lane, or, with `shape`, a point. */
export interface LaneItem {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly paint: Paint;
  readonly shape?: 'circle' | 'triangle' | 'rectRot' | 'tick';
}

export interface LaneContent {
  readonly title: string;
  /** Rows of text at most; a point stands in the first that has room. */
  readonly rows: number;
  readonly items: readonly LaneItem[];
}

const HOLDER: Readonly<Record<string, { readonly text: string; readonly paint: Paint }>> = {
  'migration-thread': { text: 'migration thread', paint: '--chart-1' },
  another: { text: 'another thread', paint: '--chart-6' },
  unknown: { text: 'thread not shown', paint: '--chart-grid' },
};

const QUERY: Readonly<Record<string, Pick<LaneItem, 'paint' | 'shape'>>> = {
  exact: { paint: '--chart-ink', shape: 'triangle' },
  final: { paint: '--chart-4', shape: 'rectRot' },
};

/** From the top; those that the log does not show are absent. */
export function lanesOf(view: SwitchoverView, migration: MigrationReport, timeline: Timeline): readonly LaneContent[] {
  const of = (lane: Mark['lane']): readonly Mark[] => view.marks.filter((mark) => mark.lane === lane);
  const lanes: readonly LaneContent[] = [
    { title: 'VM', rows: 1, items: vmItems(view, of('vm')) },
    { title: 'state', rows: 1, items: stateItems(view, migration, timeline) },
    { title: 'BQL', rows: 1, items: of('bql').map((mark) => bar(view, mark, HOLDER[mark.label] ?? UNKNOWN)) },
    { title: 'steps', rows: 4, items: of('step').map((mark) => point(mark, clean(mark.label), STEP)) },
    { title: 'queries', rows: 2, items: of('query').map(queryItem) },
    { title: 'sync', rows: 1, items: of('sync').map((mark) => bar(view, mark, SYNC)) },
    { title: 'device save', rows: 1, items: savedItems(view, of('save'), of('section')) },
  ];
  return lanes.filter(({ items }) => items.length > 0);
}

const UNKNOWN = { text: 'thread not shown', paint: '--chart-grid' } as const;
const SYNC = { text: 'sync', paint: '--chart-ink' } as const;
const STEP = { paint: '--chart-muted', shape: 'tick' } as const;
const ESTIMATE = { paint: '--chart-ink', shape: 'circle' } as const;

/** As QEMU tells them (8.2 and later), else from the lines around each section. */
function savedItems(view: SwitchoverView, saves: readonly Mark[], sections: readonly Mark[]): readonly LaneItem[] {
  return (saves.length > 0 ? saves : sections).map((mark) =>
    bar(view, mark, { text: clean(mark.label), paint: mark.iterable === true ? '--chart-2' : '--chart-3' }),
  );
}

function queryItem(mark: Mark): LaneItem {
  const text = `${mark.label === 'unspecified' ? 'query' : mark.label} ${formatBytes(mark.bytes ?? 0)}`;
  return point(mark, text, QUERY[mark.label] ?? ESTIMATE);
}

function point({ x }: Mark, text: string, style: Pick<LaneItem, 'paint' | 'shape'>): LaneItem {
  return { from: x, to: x, text, ...style };
}

function bar(view: SwitchoverView, { x, endX }: Mark, style: Pick<LaneItem, 'text' | 'paint'>): LaneItem {
  return { from: Math.max(view.from, x), to: Math.min(view.to, endX), ...style };
}

/** Up to the stop it ran, where nothing tells otherwise. */
function vmItems(view: SwitchoverView, marks: readonly Mark[]): readonly LaneItem[] {
  const stopped = marks.filter(({ x }) => x >= view.from);
  const changes =
    stopped.length > 0 ? stopped.map(({ x, label }) => ({ x, label })) : [{ x: view.stop, label: 'stopped' }];
  return segments(view, [{ x: view.from, label: 'running' }, ...changes]).map(({ from, to, label }) => ({
    from,
    to,
    text: clean(label),
    paint: label === 'running' ? '--chart-3' : '--chart-5',
  }));
}

function stateItems(view: SwitchoverView, { states }: MigrationReport, timeline: Timeline): readonly LaneItem[] {
  const changes = states.flatMap(({ state, line, ns }) => {
    const x = timeline.axis === 'line' ? line : ns === null ? undefined : Number(ns);
    return x === undefined || x > view.to ? [] : [{ x, label: state }];
  });
  return segments(view, changes).map(({ from, to, label }, index) => ({
    from,
    to,
    text: clean(label),
    paint: index % 2 === 0 ? '--chart-6' : '--chart-5',
  }));
}

interface Change {
  readonly x: number;
  readonly label: string;
}

/** Each change lasts until the next one. */
function segments(view: SwitchoverView, changes: readonly Change[]) {
  return changes.flatMap(({ x, label }, index) => {
    const to = Math.min(view.to, changes[index + 1]?.x ?? view.to);
    return to < view.from || (to === view.from && index < changes.length - 1)
      ? []
      : [{ from: Math.max(view.from, x), to, label }];
  });
}
