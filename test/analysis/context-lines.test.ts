/** The lines around the proof: of the files that were judged, bounded, and none rather than wrong ones. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readContext } from '../../src/analysis/context-lines.ts';
import { planInputs } from '../../src/analysis/replay-inputs.ts';
import { AROUND, MAX_CHARACTERS } from '../../src/report/context-lines.ts';
import type { Report } from '../../src/report/report.ts';
import { buildFinding, buildLine, buildReport, buildVerdict } from '../report/build.ts';
import { fixture, ROOT } from '../report/html/pages.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qtrace-context-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

function write(name: string, lines: readonly string[]): string {
  writeFileSync(at(name), lines.map((line) => `${line}\n`).join(''));
  return at(name);
}

function reportOf(...evidence: readonly (readonly [number, string])[]): Report {
  const lines = evidence.map(([line, text]) => buildLine({ file: 'a.log', line, text }));
  return buildReport({
    verdicts: [buildVerdict({ verdict: 'violated', findings: [buildFinding({ evidence: lines })] })],
  });
}

async function around(report: Report, path: string): Promise<readonly (readonly [number, string])[] | undefined> {
  const lines = (await readContext(report, planInputs([path], undefined))).get('a.log');
  return lines === undefined
    ? undefined
    : [...lines].map(([line, { head, omitted, tail }]) => [line, `${head}${omitted > 0 ? `[${omitted}]` : ''}${tail}`]);
}

const TEN = Array.from({ length: 10 }, (_, index) => `line ${index + 1}`);

test('three lines before and behind each', async () => {
  const found = await around(reportOf([5, 'line 5']), write('a.log', TEN));
  expect(found).toEqual([2, 3, 4, 5, 6, 7, 8].map((line) => [line, `line ${line}`]));
  expect(AROUND).toBe(3);
});

test('at the beginning and at the end what is there', async () => {
  const found = await around(reportOf([1, 'line 1'], [10, 'line 10']), write('a.log', TEN));
  expect(found?.map(([line]) => line)).toEqual([1, 2, 3, 4, 7, 8, 9, 10]);
});

test('of a packed log, too', async () => {
  const { report, beside } = await fixture('thread-no-final');
  copyFileSync(join(ROOT, 'fixtures/traces/thread-no-final/src.log'), at('src.log'));
  writeFileSync(at('src.log.gz'), gzipSync(readFileSync(at('src.log'))));
  for (const name of ['src.log', 'src.log.gz']) {
    const plan = { ...planInputs([at(name)], undefined), names: ['src.log'] };
    expect([...(await readContext(report, plan))]).toEqual([...beside.context]);
  }
});

test('none of a log that holds other lines by now', async () => {
  expect(await around(reportOf([5, 'line 5'], [6, 'line six']), write('a.log', TEN))).toBeUndefined();
  expect(await around(reportOf([5, '']), write('a.log', TEN))).toBeUndefined();
});

test('none of standard input, of what is gone, and of what is no input', async () => {
  const report = reportOf([5, 'line 5']);
  const plan = planInputs([write('a.log', TEN)], undefined);
  expect((await readContext(report, { ...plan, files: ['-'] })).size).toBe(0);
  expect((await readContext(report, { ...plan, names: ['b.log'] })).size).toBe(0);
  rmSync(at('a.log'));
  expect((await readContext(report, plan)).size).toBe(0);
});

test('of a long line the beginning and the end, and how much is between; an endless one is left out', async () => {
  const log = write('a.log', ['y'.repeat(3_000_000), 'z'.repeat(10_000), 'x']);
  const found = await around(reportOf([3, 'x']), log);
  const [head, tail] = ['z'.repeat(MAX_CHARACTERS * 0.75), 'z'.repeat(MAX_CHARACTERS / 4)];
  expect(found).toEqual([
    [2, `${head}[${10_000 - MAX_CHARACTERS}]${tail}`],
    [3, 'x'],
  ]);
});

test('without a violation nothing is opened', async () => {
  const plan = planInputs([write('a.log', TEN)], undefined);
  rmSync(at('a.log'));
  expect((await readContext(buildReport({ verdicts: [buildVerdict()] }), plan)).size).toBe(0);
});
