/** Draws the charts of logs as `analyze` does. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyze } from '../../../src/analysis/analyze.ts';
import { planInputs } from '../../../src/analysis/replay-inputs.ts';
import type { Chart } from '../../../src/report/charts/chart.ts';
import type { Medium } from '../../../src/report/charts/chart-kind.ts';
import { drawCharts } from '../../../src/report/charts/draw-charts.ts';
import type { Timeline } from '../../../src/report/charts/timeline.ts';
import { TimelineCollector } from '../../../src/report/charts/timeline-collector.ts';
import type { Report } from '../../../src/report/report.ts';
import { RULES } from '../../../src/rules/registry.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'traces');

export interface Charted {
  readonly report: Report;
  readonly timelines: readonly Timeline[];
  readonly charts: (size: Medium) => Promise<readonly Chart[]>;
}

export function chartedFixture(folder: string, ...files: readonly string[]): Promise<Charted> {
  return charted((files.length === 0 ? ['src.log'] : files).map((file) => join(FIXTURES, folder, file)));
}

/** Of the lines of one log, or its bytes. */
export async function chartedLog(log: readonly string[] | Buffer): Promise<Charted> {
  const folder = mkdtempSync(join(tmpdir(), 'qtrace-charts-'));
  try {
    const path = join(folder, 'src.log');
    writeFileSync(path, Buffer.isBuffer(log) ? log : `${log.join('\n')}\n`);
    return await charted([path]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function charted(paths: readonly string[], qmp?: string): Promise<Charted> {
  const plan = planInputs(paths, qmp);
  const collector = new TimelineCollector(plan.nameOf);
  const request = { paths: plan.files, qmp, band: undefined, rules: RULES, fullDigest: false };
  const report = await analyze({ ...request, listener: collector, progress: () => undefined }, plan);
  const timelines = collector.timelines();
  return { report, timelines, charts: (size) => drawCharts(report, timelines, { size }) };
}

/** The one of this id. @throws Error */
export function chartOf(charts: readonly Chart[], id: string): Chart {
  const chart = charts.find((one) => one.id === id);
  if (chart === undefined) throw new Error(`no chart ${id} among ${charts.map((one) => one.id).join(', ')}`);
  return chart;
}

/** Every text of the picture, its entities resolved. */
export function textsOf(svg: string): readonly string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => unescapeXml(text));
}

export function unescapeXml(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}
