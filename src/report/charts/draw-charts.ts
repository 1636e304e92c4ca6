/** Draws the charts of a report. */
import type { Report } from '../report.ts';
import { drawPng, drawSvg } from './canvas.ts';
import type { Chart } from './chart.ts';
import type { Drawing, Medium } from './chart-kind.ts';
import { FONT_SIZE } from './furniture.ts';
import { light, themed } from './palette.ts';
import { signed } from './png.ts';
import { CHART_KINDS } from './registry.ts';
import type { Timeline } from './timeline.ts';
import { violationsOf } from './violations.ts';
import { escapeXml } from './xml.ts';

/** A chart as a file of its own. */
export interface ChartFile {
  /** `pending-0.svg` */
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Planned {
  readonly id: string;
  readonly migration: number;
  readonly drawing: Drawing;
}

/** Migrations with charts: a log with hundreds of them must not make a page of hundreds of MB. */
const MAX_MIGRATIONS: Readonly<Record<Medium, number>> = { page: 8, mail: 1 };

/** All pictures together: a mail has 28,000 bytes at most, and they are not all there is in it. */
const MAX_BYTES: Readonly<Record<Medium, number>> = { page: 600_000, mail: 13_900 };

/** Charts that have nothing to show, or no room left, are absent. */
export async function drawCharts(
  report: Report,
  timelines: readonly Timeline[],
  { size }: { readonly size: Medium },
): Promise<readonly Chart[]> {
  const charts: Chart[] = [];
  let left = MAX_BYTES[size];
  for (const { id, migration, drawing } of plan(report, timelines, size)) {
    const { title, caption, table } = drawing;
    const svg = await svgElement(id, drawing, size, 'themed');
    left -= svg.length;
    if (left >= 0) charts.push({ id, migration, title, caption, svg, table });
  }
  return charts;
}

/** What a chart file of qtrace holds, so that it is known again. */
const MAKER = 'chart of qtrace';

/** The name of a file of `drawChartFiles`. */
export function isChartName(name: string): boolean {
  return /^\w+-\d+\.(?:svg|png)$/.test(name) && CHART_KINDS.some(({ id }) => name.startsWith(`${id}-`));
}

/** A file that `drawChartFiles` has made, of this run or of an earlier one. */
export function isChartFile(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(MAKER);
}

/** The same as files, SVG and PNG, with fixed colours: for other programs than a browser. */
export async function drawChartFiles(report: Report, timelines: readonly Timeline[]): Promise<readonly ChartFile[]> {
  const files: ChartFile[] = [];
  for (const { id, drawing } of plan(report, timelines, 'page')) {
    const element = await svgElement(id, drawing, 'page', 'fixed');
    const svg = `<?xml version="1.0" encoding="UTF-8"?>\n<!-- ${MAKER} -->\n${element}\n`;
    files.push({ name: `${id}.svg`, bytes: Buffer.from(svg) });
    files.push({ name: `${id}.png`, bytes: signed(await drawPng(drawing.configuration, drawing.size), MAKER) });
  }
  return files;
}

function plan(report: Report, timelines: readonly Timeline[], medium: Medium): readonly Planned[] {
  return chosen(report, timelines, MAX_MIGRATIONS[medium]).flatMap((timeline) => {
    const migration = report.migrations.find(({ index }) => index === timeline.migration);
    if (migration === undefined) return [];
    const source = { migration, timeline, violations: violationsOf(report, timeline) };
    return CHART_KINDS.flatMap((kind) => {
      const drawn = kind.draw(source, medium);
      if (drawn === undefined) return [];
      const which = report.migrations.length > 1 ? `, migration ${migration.index}` : '';
      const drawing = { ...drawn, title: drawn.title + which };
      return [{ id: `${kind.id}-${migration.index}`, migration: migration.index, drawing }];
    });
  });
}

/** Those with the worst violations, then the last ones; in their order. */
function chosen(report: Report, timelines: readonly Timeline[], limit: number): readonly Timeline[] {
  if (timelines.length <= limit) return timelines;
  const weigh = (timeline: Timeline): number => {
    const [worst] = violationsOf(report, timeline);
    return worst === undefined ? 0 : worst.severity === 'error' ? 2 : 1;
  };
  const weighed = timelines.map((timeline) => ({ timeline, weight: weigh(timeline) }));
  const best = weighed.sort((a, b) => b.weight - a.weight || b.timeline.migration - a.timeline.migration);
  return best
    .slice(0, limit)
    .map(({ timeline }) => timeline)
    .sort((a, b) => a.migration - b.migration);
}

export async function svgElement(
  id: string,
  drawing: Drawing,
  medium: Medium,
  colors: 'themed' | 'fixed',
): Promise<string> {
  const { title, caption, size } = drawing;
  const ink = light('--chart-ink');
  const inherited = { fill: colors === 'themed' ? themed(ink) : ink, fontSize: FONT_SIZE[medium] };
  const markup = await drawSvg(drawing.configuration, size, { colors, inherited });
  // In a mail each byte counts, and the caption stands beside the chart anyway.
  const described = medium === 'page';
  const label = described ? `${id}-t ${id}-d` : `${id}-t`;
  const { width, height } = size;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
    ` role="img" aria-labelledby="${label}" font-family="DejaVu Sans,Verdana,sans-serif"` +
    ` font-size="${inherited.fontSize}" fill="${inherited.fill}">` +
    `<title id="${id}-t">${escapeXml(title)}</title>` +
    `${described ? `<desc id="${id}-d">${escapeXml(caption)}</desc>` : ''}${markup}</svg>`
  );
}
