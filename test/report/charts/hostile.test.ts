/** A guest chooses names of devices, and whoever names a file chooses that: in a picture they are text and no more. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drawChartFiles, drawCharts } from '../../../src/report/charts/draw-charts.ts';
import type { Report } from '../../../src/report/report.ts';
import { buildFinding, buildLine, buildMigration, buildReport, buildVerdict } from '../build.ts';
import { chartedFixture, chartedLog, chartOf, textsOf } from './support.ts';
import { xmlFault } from './xml.ts';

const CLEAN = join(import.meta.dirname, '../../../fixtures/traces/11.1-precopy/src.log');

/** The log of a clean run in which a device of this name is saved for 900 us. */
function logWith(name: Buffer): Buffer {
  const text = readFileSync(CLEAN, 'latin1');
  const end = /^(\S+) vmstate_downtime_checkpoint src-non-iterable-saved$/m.exec(text);
  if (end === null) throw new Error('no checkpoint in the fixture');
  const head = `${end[1]} vmstate_downtime_save type=non-iterable idstr=`;
  return Buffer.concat([
    Buffer.from(text.slice(0, end.index), 'latin1'),
    Buffer.from(head, 'latin1'),
    name,
    Buffer.from(' instance_id=0 downtime=900\n', 'latin1'),
    Buffer.from(text.slice(end.index), 'latin1'),
  ]);
}

describe('a device of an odd name', () => {
  test.each([
    ['markup', Buffer.from('</script><img src=x onerror=alert(1)>'), '</script><img src=x onerror=alert(1)>:0'],
    ['quotes', Buffer.from('a"b\'c&amp;d'), 'a"b\'c&amp;d:0'],
    ['control characters', Buffer.from('a\u0007b\u001b[2J'), 'a\\x07b\\x1b[2J:0'],
    ['a right-to-left override', Buffer.from('a\u202eb'), 'a\\u202eb:0'],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff, 0x62]), 'a\ufffdb:0'],
    ['a noncharacter', Buffer.from('a\ufffeb'), 'a\ufffeb:0'],
    ['comment', Buffer.from('--><svg>]]>'), '--><svg>]]>:0'],
  ])('%s', async (_, name, shown) => {
    const { report, timelines } = await chartedLog(logWith(name));
    const charts = await drawCharts(report, timelines, { size: 'page' });
    for (const { svg, id } of charts) expect(xmlFault(svg), id).toBeUndefined();
    const { svg, table } = chartOf(charts, 'downtime-0');
    // A noncharacter is no XML; the table, which is none, has the name itself.
    const drawn = textsOf(svg).map((text) => text.replaceAll('\\ufffe', '\ufffe'));
    expect(drawn.some((text) => text === shown || text.includes('\u2026'))).toBe(true);
    expect(table.rows.map(([first]) => first)).toContain(shown);
    for (const { name: file, bytes } of await drawChartFiles(report, timelines)) {
      if (file.endsWith('.svg')) expect(xmlFault(Buffer.from(bytes).toString()), file).toBeUndefined();
    }
  });

  test('a very long one is cut in the middle', async () => {
    const { charts } = await chartedLog(logWith(Buffer.from(`begin${'x'.repeat(5000)}end`)));
    const { svg, table } = chartOf(await charts('page'), 'downtime-0');
    expect(textsOf(svg).find((text) => text.startsWith('beginx'))).toMatch(/^beginx+\u2026x+end:0$/);
    expect(svg.length).toBeLessThan(20_000);
    for (const row of table.rows) for (const cell of row) expect(cell.length).toBeLessThan(300);
  });
});

test.each([
  '</svg>',
  'x"y',
  'a\u0007\u202eb',
  '\ud800',
  '\uffff',
  '{{x}}',
  'z'.repeat(3000),
])('the same text wherever a report takes text from a trace: %j', async (text) => {
  const { timelines, report } = await chartedFixture('11.1-precopy');
  const line = buildLine({ file: text, text });
  const devices = { totalNs: 2e6, devices: [{ idstr: text, instance: 0, durationNs: 1e6 }], omitted: 2 };
  const hostile: Report = buildReport({
    migrations: [
      buildMigration({
        states: [{ state: text, file: text, line: 1, ns: 0 }],
        phases: [{ name: text, startNs: 0, endNs: 1e9, lines: [1, 2] }],
        downtime: {
          ...{ durationNs: 4e6, start: line, end: line, iterable: devices, nonIterable: devices },
          checkpoints: [{ from: text, to: text, durationNs: 4e6 }],
        },
      }),
    ],
    verdicts: [
      buildVerdict({
        rule: text,
        verdict: 'violated',
        findings: [buildFinding({ evidence: [{ ...line, file: 'src.log', line: 60 }] })],
      }),
    ],
  });
  expect(report.migrations.length).toBe(1);
  for (const size of ['page', 'mail'] as const) {
    const charts = await drawCharts(hostile, timelines, { size });
    expect(charts.length).toBe(4);
    for (const { svg, caption, title, table } of charts) {
      expect(xmlFault(svg)).toBeUndefined();
      const all = [caption, title, ...table.columns, ...table.rows.flat()];
      expect(all.join('')).not.toMatch(/[\p{Cc}\p{Cs}\u202e]/u);
      expect(Math.max(...all.map(({ length }) => length))).toBeLessThan(2000);
    }
    expect(charts.reduce((sum, { svg }) => sum + svg.length, 0)).toBeLessThan(size === 'page' ? 60_000 : 14_000);
  }
});
