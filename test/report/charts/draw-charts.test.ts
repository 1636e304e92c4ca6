/** The charts of real runs: what is in them, what they cost, and what is absent. */
import { describe, expect, test } from 'vitest';
import type { Chart } from '../../../src/report/charts/chart.ts';
import { drawChartFiles, isChartFile } from '../../../src/report/charts/draw-charts.ts';
import { emulate } from '../../emulator/emulated.ts';
import { chartedFixture, chartedLog, chartOf, textsOf, unescapeXml } from './support.ts';
import { xmlFault } from './xml.ts';

const FIXTURES: readonly (readonly [string, ...string[]])[] = [
  ['11.1-precopy', 'src.log'],
  ['11.1-precopy-idle', 'src.log'],
  ['10.0-postcopy', 'src.log'],
  ['7.2-precopy', 'src.log'],
  ['thread-no-final', 'src.log'],
  ['thread-no-bql-assert', 'src.log', 'stderr.txt'],
  ['thread-skip-dirty-bytes', 'src.log'],
];
const ids = (charts: readonly Chart[]): readonly string[] => charts.map(({ id }) => id);
const bytesOf = (charts: readonly Chart[]): number => charts.reduce((sum, { svg }) => sum + Buffer.byteLength(svg), 0);

describe.each(FIXTURES)('%s', (folder, ...files) => {
  test('is well-formed, themable, self-contained, and small', async () => {
    const { charts } = await chartedFixture(folder, ...files);
    const page = await charts('page');
    const mail = await charts('mail');
    expect(ids(page).length).toBeGreaterThanOrEqual(3);
    expect(ids(mail)).toEqual(ids(page));
    expect(bytesOf(page)).toBeLessThan(60_000);
    expect(bytesOf(mail)).toBeLessThan(14_000);
    for (const { svg, caption, id, table } of [...page, ...mail]) {
      expect(xmlFault(svg), id).toBeUndefined();
      expect(svg).not.toMatch(/NaN|undefined|Infinity|<script|href|url\(|@import|style=|\son\w+=/);
      expect(svg).toContain(`role="img" aria-labelledby="${id}-t`);
      // Every colour is a property of the page with its light value.
      const colors = [...svg.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, color = '']) => color);
      expect(colors.filter((color) => color !== 'none' && !/^var\(--chart-[\w-]+,#[\da-f]{6}\)$/.test(color))).toEqual(
        [],
      );
      expect(caption).toMatch(/^[A-Z0-9][^\n]*\.$/);
      expect(caption).not.toMatch(/NaN|undefined|null|Infinity| {2}/);
      for (const row of table.rows) expect(row.length).toBe(table.columns.length);
      expect(JSON.stringify(table)).not.toMatch(/NaN|undefined|Infinity/);
    }
    for (const { svg, id, caption } of page) {
      expect(unescapeXml(/<desc id="([^"]*)">([^<]*)/.exec(svg)?.[2] ?? '')).toBe(caption);
      expect(svg).toContain(`<desc id="${id}-d">`);
    }
  });

  test('nothing stands outside of the picture', async () => {
    const { charts } = await chartedFixture(folder, ...files);
    for (const { svg, id } of [...(await charts('page')), ...(await charts('mail'))]) {
      const [width, height] = [...svg.matchAll(/(?:width|height)="(\d+)"/g)].map(([, size]) => Number(size));
      if (width === undefined || height === undefined) throw new Error('no size');
      const texts = [...svg.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)">/g)];
      expect(texts.length, id).toBeGreaterThan(5);
      for (const [, x, y] of texts) {
        expect(Number(x)).toBeGreaterThanOrEqual(0);
        expect(Number(x)).toBeLessThanOrEqual(width);
        expect(Number(y)).toBeGreaterThan(0);
        expect(Number(y)).toBeLessThanOrEqual(height);
      }
    }
  });
});

test.each(
  [FIXTURES[0], FIXTURES[5]].flatMap((one) => (one === undefined ? [] : [one])),
)('the same run gives the same bytes: %s', async (folder, ...files) => {
  const [one, other] = [await chartedFixture(folder, ...files), await chartedFixture(folder, ...files)];
  expect(await one.charts('page')).toEqual(await other.charts('page'));
  const [files1, files2] = [
    await drawChartFiles(one.report, one.timelines),
    await drawChartFiles(other.report, other.timelines),
  ];
  expect(files1.map(({ name }) => name)).toEqual(files2.map(({ name }) => name));
  for (const [index, { name, bytes }] of files1.entries()) {
    expect(Buffer.compare(bytes, files2[index]?.bytes ?? Buffer.alloc(0)), name).toBe(0);
  }
});

describe('what a chart shows', () => {
  test('the violated place, in the run and under the microscope', async () => {
    const charts = await (await chartedFixture('thread-no-final')).charts('page');
    for (const id of ['pending-0', 'switchover-0']) {
      const { svg, caption } = chartOf(charts, id);
      expect(textsOf(svg)).toContain('final-missing');
      expect(caption).toContain('Violated: final-missing at src.log:205 (');
    }
    expect(chartOf(charts, 'switchover-0').caption).toContain('(0 µs after the stop)');
    expect(chartOf(charts, 'switchover-0').caption).toContain('No final query in it.');
    const clean = await (await chartedFixture('11.1-precopy')).charts('page');
    for (const { svg, caption } of clean) expect(svg + caption).not.toMatch(/--chart-alarm|Violated/);
  });

  test('an abort stands where the log ends', async () => {
    const { charts } = await chartedFixture('thread-no-bql-assert', 'src.log', 'stderr.txt');
    const page = await charts('page');
    expect(ids(page)).toEqual(['pending-0', 'switchover-0', 'rounds-0']);
    for (const id of ['pending-0', 'switchover-0']) {
      expect(textsOf(chartOf(page, id).svg)).toContain('final-without-bql');
      expect(chartOf(page, id).caption).toContain('Violated: final-without-bql at stderr.txt:');
    }
  });

  test('the kinds of queries, the threshold, the syncs, the phases', async () => {
    const { charts } = await chartedFixture('11.1-precopy');
    const texts = textsOf(chartOf(await charts('page'), 'pending-0').svg);
    for (const text of ['pending, all precopy', 'estimate', 'exact', 'final', 'threshold in force', 'sync']) {
      expect(texts).toContain(text);
    }
    for (const text of ['setup', 'iterations', 'switchover']) expect(texts).toContain(text);
    expect(texts).toContain('0');
    expect(texts.some((text) => /^\d+ MiB$/.test(text))).toBe(true);
    const old = await (await chartedFixture('7.2-precopy')).charts('page');
    expect(textsOf(chartOf(old, 'pending-0').svg)).toContain('query (7.2 has one kind)');
  });

  test('a log without time stamps says that its lines are the axis', async () => {
    const { lines } = emulate('precopy', { prefix: 'none' });
    const charts = await (await chartedLog(lines)).charts('page');
    expect(ids(charts)).toEqual(['pending-0', 'switchover-0', 'rounds-0']);
    expect(textsOf(chartOf(charts, 'pending-0').svg)).toContain('line of the log (it has no time stamps)');
    expect(chartOf(charts, 'switchover-0').caption).toContain('The log has no time stamps: its lines are the axis.');
    for (const { svg } of charts)
      expect(textsOf(svg).join('\n')).not.toMatch(/\d [µm]s\b|µs since|since the first event/);
  });

  test('the place of a long pause is cut out of the microscope, and said', async () => {
    const { lines } = emulate('pause-before-switchover');
    const { caption, svg } = chartOf(await (await chartedLog(lines)).charts('page'), 'switchover-0');
    expect(caption).toMatch(/Cut out of the axis: 500\.\d{3} ms/);
    expect(textsOf(svg).some((text) => /^500 ms cut$/.test(text))).toBe(true);
  });

  test('who held the BQL, where the mutex events tell it', async () => {
    const { lines } = emulate('precopy', { events: ['recommended', 'bql'] });
    const charts = await (await chartedLog(lines)).charts('page');
    expect(textsOf(chartOf(charts, 'switchover-0').svg)).toContain('BQL');
    expect(chartOf(charts, 'switchover-0').caption).not.toContain('BQL');
    const without = await (await chartedLog(emulate('precopy').lines)).charts('page');
    expect(textsOf(chartOf(without, 'switchover-0').svg)).not.toContain('BQL');
    expect(chartOf(without, 'switchover-0').caption).toContain('No mutex event shows who held the BQL.');
  });

  test('the iterations that are drawn are told from those of the report, which end with an exact query', async () => {
    const { charts, report } = await chartedLog(emulate('precopy').lines);
    const syncs = report.migrations[0]?.syncs;
    expect(report.migrations[0]?.iterations).not.toBe(syncs);
    expect(chartOf(await charts('page'), 'rounds-0').caption).toContain(`${syncs} iterations, one for each sync`);
  });
});

describe('what is absent', () => {
  test.each([
    ['snapshot', []],
    ['unreachable', []],
    ['cancel', ['pending-0']],
    ['failure', ['pending-0']],
    ['colo', ['pending-0', 'switchover-0', 'rounds-0']],
    ['postcopy', ['pending-0', 'switchover-0', 'rounds-0', 'downtime-0']],
  ] as const)('%s has the charts %j', async (scenario, expected) => {
    const { charts } = await chartedLog(emulate(scenario).lines);
    expect(ids(await charts('page'))).toEqual(expected);
    expect(ids(await charts('mail'))).toEqual(expected);
  });

  test('with several migrations a mail shows one, the page all', async () => {
    const { charts } = await chartedLog(emulate('two-runs').lines);
    const page = ids(await charts('page'));
    expect(page.filter((id) => id.startsWith('pending'))).toEqual(['pending-0', 'pending-1']);
    expect(new Set(page).size).toBe(page.length);
    expect(ids(await charts('mail'))).toEqual(['pending-1', 'switchover-1', 'rounds-1', 'downtime-1']);
    expect(chartOf(await charts('page'), 'pending-1').title).toBe('Pending bytes over the run, migration 1');
  });
});

test('files are SVG and PNG, known as qtrace’s own', async () => {
  const { report, timelines } = await chartedFixture('11.1-precopy');
  const files = await drawChartFiles(report, timelines);
  expect(files.map(({ name }) => name)).toEqual(
    ['pending-0', 'switchover-0', 'rounds-0', 'downtime-0'].flatMap((id) => [`${id}.svg`, `${id}.png`]),
  );
  for (const { name, bytes } of files) {
    expect(isChartFile(bytes)).toBe(true);
    if (name.endsWith('.svg')) {
      expect(xmlFault(Buffer.from(bytes).toString())).toBeUndefined();
      // Programs that are no browser know no properties.
      expect(Buffer.from(bytes).toString()).not.toContain('var(');
    } else expect(Buffer.from(bytes.subarray(0, 8)).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  }
  expect(isChartFile(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toBe(false);
});
