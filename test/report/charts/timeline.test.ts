/** The timeline: what it keeps of a run, and how little of a long one. */
import { describe, expect, test } from 'vitest';
import { drawCharts } from '../../../src/report/charts/draw-charts.ts';
import type { Timeline } from '../../../src/report/charts/timeline.ts';
import { TimelineCollector } from '../../../src/report/charts/timeline-collector.ts';
import { emulate } from '../../emulator/emulated.ts';
import { buildMigration, buildReport } from '../build.ts';
import { fakeQuery, fakeRun, fakeSync } from './fakes.ts';
import { chartedFixture, chartedLog, textsOf } from './support.ts';

describe('of a short run everything is kept', () => {
  test('queries, syncs, thresholds, the switchover and its devices', async () => {
    const { report, timelines } = await chartedFixture('11.1-precopy-idle');
    const [timeline] = timelines;
    const [migration] = report.migrations;
    if (timeline === undefined || migration === undefined) throw new Error('no migration');
    for (const kind of ['estimate', 'exact', 'final', 'unspecified'] as const) {
      expect(timeline.queries[kind].length, kind).toBe(migration.queries[kind]);
    }
    expect(timeline.syncs.length).toBe(migration.syncs);
    expect(timeline.iterations.length).toBe(migration.syncs);
    expect(timeline.switchovers.length).toBe(1);
    const [view] = timeline.switchovers;
    const lanes = new Set(view?.marks.map(({ lane }) => lane));
    expect([...lanes].sort()).toEqual(['query', 'save', 'section', 'state', 'step', 'sync', 'vm']);
    expect(view?.marks.filter(({ label }) => label === 'final').length).toBe(1);
    expect(view?.from).toBeLessThan(view?.stop ?? 0);
    // Each query's line is found where the query stands.
    for (const { x, line } of timeline.queries.exact) expect(timeline.find('src.log', line)).toBe(x);
    expect(timeline.find('other.log', 10)).toBeUndefined();
  });

  test('a COLO migration has a view for each checkpoint', async () => {
    const { report, timelines } = await chartedLog(emulate('colo', { set: ['checkpoints=5'] }).lines);
    const views = timelines[0]?.switchovers ?? [];
    expect(views.length).toBe(report.migrations[0]?.queries.final);
    expect(views.map(({ checkpoint }) => checkpoint)).toEqual(views.map((_, index) => index > 0));
    for (const { marks } of views) expect(marks.filter(({ label }) => label === 'final').length).toBe(1);
  });
});

describe('two million queries', () => {
  const PEAK = 777_777;

  function collect(): readonly Timeline[] {
    const collector = new TimelineCollector(() => 'src.log');
    const run = fakeRun(60e9);
    for (let index = 0; index < 1_000_000; index += 1) {
      const ns = index * 60_000;
      const line = index * 4 + 1;
      const total = index === PEAK ? 2 ** 40 : 16_900_000 + (index % 100) * 4096;
      collector.queryMade(fakeQuery('estimate', ns, line, 16_900_000), run);
      collector.syncEnds(fakeSync(ns + 10_000, ns + 20_000, line + 1, index % 9000), run);
      collector.queryMade(fakeQuery('exact', ns + 30_000, line + 3, total), run);
    }
    return collector.timelines();
  }

  const [timeline] = collect();

  test('stay within a few MB and a few hundred points, the extremes among them', async () => {
    if (timeline === undefined) throw new Error('no timeline');
    const points = [...timeline.queries.estimate, ...timeline.queries.exact];
    expect(points.length).toBeLessThan(2200);
    expect(timeline.syncs.length).toBeLessThan(1100);
    expect(timeline.iterations.length).toBeLessThan(200);
    expect(timeline.iterations.at(-1)?.last).toBe(1_000_000);
    expect(timeline.queries.exact.filter(({ y }) => y === 2 ** 40).map(({ line }) => line)).toEqual([PEAK * 4 + 4]);
    // All that is kept, as text.
    expect(JSON.stringify(timeline).length).toBeLessThan(600_000);
    const queries = { estimate: 1e6, exact: 1e6, final: 0, unspecified: 0 };
    const report = buildReport({ migrations: [buildMigration({ queries, syncs: 1e6 })] });
    for (const [size, most] of [
      ['page', 60_000],
      ['mail', 14_000],
    ] as const) {
      const charts = await drawCharts(report, [timeline], { size });
      expect(charts.map(({ id }) => id)).toEqual(['pending-0', 'rounds-0']);
      expect(charts.reduce((sum, { svg }) => sum + svg.length, 0)).toBeLessThan(most);
      expect(charts[0]?.caption).toContain('The queries are thinned out; the smallest and the largest are kept.');
      expect(textsOf(charts[0]?.svg ?? '')).toContain('1 TiB');
    }
  });

  test('every finding keeps its place', () => {
    // A line of a query that was not kept: between its neighbours, within a pixel of 860.
    for (const line of [400_001, 1_234_568, 3_999_997]) {
      expect(Math.abs((timeline?.find('src.log', line) ?? 0) - line * 15_000)).toBeLessThan(60e9 / 860);
    }
  });
});
