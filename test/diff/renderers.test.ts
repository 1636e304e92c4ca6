/** What is printed: for a mail, a tracker, a browser and a program. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { HtmlValidate } from 'html-validate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diff } from '../../src/diff/diff.ts';
import { drawOverlays } from '../../src/diff/overlays.ts';
import { htmlDiff } from '../../src/diff/renderers/html.ts';
import { DIFF_RENDERERS } from '../../src/diff/renderers/registry.ts';
import { textDiff } from '../../src/diff/renderers/text.ts';
import { accessibilityViolations, CHROMIUM, launch, NEEDS, openPage } from '../report/html/browser.ts';
import { compare, drawnRun, emulatedRun, whole } from './support.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qtrace-diff-page-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const render = (id: string, diff: Diff): string =>
  DIFF_RENDERERS.find((renderer) => renderer.id === id)?.render(diff, { color: false, verbose: true }) ?? '';

async function samples(): Promise<readonly Diff[]> {
  const clean = await emulatedRun('precopy');
  const others = await Promise.all([
    emulatedRun('precopy', { faults: ['no-final'] }),
    emulatedRun('precopy', { version: '10.0' }),
    emulatedRun('postcopy', { version: '7.2' }),
    emulatedRun('colo'),
    emulatedRun('cancel'),
    emulatedRun('two-runs'),
  ]);
  const many = await Promise.all([2, 3, 4, 5, 6, 7, 8].map((seed) => emulatedRun('precopy', { seed })));
  const slower = await Promise.all(
    [2, 3, 4, 5, 6, 7, 8].map((seed) => emulatedRun('precopy', { seed, set: ['downtime-limit=100'] })),
  );
  return [...others.map((head) => compare([clean], [head])), compare(many, slower), compare([clean], [clean])].map(
    whole,
  );
}

/** Raw trace lines stand whole. */
const RAW = /^ +\S+:\d+: /;

describe('text', () => {
  test('has at most 100 columns of ASCII, but for raw lines', async () => {
    for (const diff of await samples()) {
      const lines = textDiff.render(diff, { color: false, verbose: true }).split('\n');
      expect(lines.filter((line) => line.length > 100 && !RAW.test(line))).toEqual([]);
      expect(lines.filter((line) => /[^\x20-\x7e]/.test(line))).toEqual([]);
      expect(lines[0]).toMatch(/^qtrace diff: /);
    }
  });

  test('of one run a side nothing is called faster, slower or significant', async () => {
    for (const diff of (await samples()).filter(({ base }) => base.runs.length === 1)) {
      expect(diff.metrics.filter(({ significant, p }) => significant || p !== null)).toEqual([]);
      for (const { id } of DIFF_RENDERERS.filter((one) => one.id !== 'json')) {
        expect(render(id, diff)).not.toMatch(/faster|slower|significant|p=0/);
      }
    }
  });

  test('of groups it says what is noise, and n', async () => {
    const diff = (await samples()).find(({ base }) => base.runs.length > 1);
    const text = diff === undefined ? '' : textDiff.render(diff, { color: false, verbose: false });
    expect(text).toMatch(/^ {2}downtime +\S+ ms \+-\d+% +\S+ ms \+-\d+% +\+\d+\.\d % {2}\(p=0\.\d+ n=7\+7\)$/m);
    expect(text).toMatch(/ ~ {2}\(p=\d\.\d+ n=7\+7\)$/m);
  });

  test('few runs have no interval', async () => {
    const [a, b] = await Promise.all([1, 2].map((seed) => emulatedRun('precopy', { seed })));
    if (a === undefined || b === undefined) throw new Error('no runs');
    const text = textDiff.render(whole(compare([a, b], [b, a])), { color: false, verbose: false });
    expect(text).toContain('fewer than 6 runs give no 95 % interval');
  });
});

test('the same input gives the same bytes', async () => {
  const [a, b] = [await samples(), await samples()];
  for (const [at, diff] of a.entries()) {
    for (const { id } of DIFF_RENDERERS) expect(render(id, diff)).toBe(render(id, b[at] ?? diff));
  }
});

test('the JSON has the keys of the contract', async () => {
  for (const diff of await samples()) {
    const parsed = JSON.parse(render('json', diff));
    expect(parsed.schema).toBe('qtrace-diff/1');
    expect(Object.keys(parsed)).toEqual(expect.arrayContaining(['rules', 'metrics', 'steps']));
    for (const rule of parsed.rules)
      expect(Object.keys(rule)).toEqual(expect.arrayContaining(['rule', 'base', 'head', 'change']));
    const keys = ['name', 'unit', 'base', 'head', 'delta', 'ratio', 'p', 'significant'];
    for (const metric of parsed.metrics) {
      expect(Object.keys(metric)).toEqual(expect.arrayContaining(keys));
      expect(Object.keys(metric.base)).toEqual(['n', 'median', 'low', 'high']);
    }
  }
});

describe('hostile text', () => {
  const nasty = '<script>alert(1)</script>|`x` [a](http://b) @all \u202e\u001b[31m\n# h\u2028';

  async function poisoned(): Promise<Diff> {
    const diff = whole(
      compare([await emulatedRun('precopy')], [await emulatedRun('precopy', { faults: ['no-final'] })]),
    );
    const text: Diff = JSON.parse(
      JSON.stringify(diff, (key, value) => {
        const own = ['message', 'expected', 'actual', 'text', 'file', 'headReason', 'name', 'event', 'rule'].includes(
          key,
        );
        return own && typeof value === 'string' ? `${value}${nasty}` : value;
      }),
    );
    return text;
  }

  test('does nothing in a terminal, a tracker or a browser', async () => {
    const diff = await poisoned();
    for (const id of ['text', 'markdown', 'html']) {
      const out = render(id, diff);
      for (const hidden of ['\u001b', '\u202e', '\u2028']) expect(out).not.toContain(hidden);
      if (id !== 'text') expect(out).not.toContain('<script>alert');
      expect(out).not.toMatch(/^# h/m);
    }
    const markdown = render('markdown', diff);
    expect(markdown).not.toContain('http://');
    expect(markdown).not.toMatch(/(?<!\\)`x(?<!\\)`|\s@all/);
    const rows = markdown.split('\n').filter((line) => line.startsWith('| '));
    const cells = new Set(rows.map((row) => row.replaceAll(/\\./g, '').split('|').length));
    expect([...cells].sort()).toEqual([5, 7, 8]);
  });

  test('names of any length stay within the page', async () => {
    const diff = await poisoned();
    const long = JSON.parse(JSON.stringify(diff).replaceAll('src.log', 'x'.repeat(300)));
    const lines = textDiff.render(long, { color: false, verbose: true }).split('\n');
    expect(lines.filter((line) => line.length > 100 && !/^ +x+/.test(line))).toEqual([]);
  });
});

test('the page is valid, and needs nothing from elsewhere', async () => {
  const validator = new HtmlValidate({ extends: ['html-validate:recommended'], rules: { 'no-inline-style': 'off' } });
  for (const diff of await samples()) {
    const page = render('html', diff);
    const { results } = await validator.validateString(page);
    expect(results.flatMap(({ messages }) => messages.map(({ message, line }) => `${line}: ${message}`))).toEqual([]);
    expect(page).not.toMatch(/https?:\/\/|<script|<iframe| on\w+=/);
  }
});

describe('the page with its chart', () => {
  async function page(): Promise<string> {
    const [base, head] = await Promise.all([
      drawnRun({ version: '10.0' }),
      drawnRun({ faults: ['no-bql'], events: ['probe', 'bql'] }),
    ]);
    const diff = whole(compare([base], [head]));
    const charts = await drawOverlays(diff, { base: [base], head: [head] });
    expect(charts.map(({ id }) => id)).toEqual(['overlay-0']);
    return htmlDiff.render(diff, { color: false, verbose: false }, charts);
  }

  test('shows both runs, in words and numbers, too', async () => {
    const text = await page();
    expect(text).toMatch(
      /<figcaption>Each run from its own first event on; base: .*no final query.*; head: .* at the final one/,
    );
    expect(text).toMatch(/<svg [^>]*role="img"/);
    expect(text).toMatch(/<td>head<\/td><td>[\d.]+ s<\/td><td>src\.log:\d+<\/td><td>final<\/td>/);
    const { results } = await new HtmlValidate({ extends: ['html-validate:recommended'] }).validateString(text);
    expect(results.flatMap(({ messages }) => messages.map(({ message }) => message))).toEqual([]);
  });

  test('has none for a stored run', async () => {
    const [base, head] = await Promise.all([drawnRun({}), emulatedRun('precopy')]);
    expect(await drawOverlays(compare([base], [head]), { base: [base], head: [head] })).toEqual([]);
  });

  test.skipIf(CHROMIUM === undefined)(
    `is accessible, light and dark${NEEDS}`,
    async () => {
      const file = join(folder, 'diff.html');
      writeFileSync(file, await page());
      const browser = await launch();
      try {
        for (const dark of [false, true]) {
          const opened = await openPage(browser, `file://${file}`, { width: 900, dark });
          expect(await accessibilityViolations(opened.page)).toEqual([]);
          expect(opened.complaints).toEqual([]);
          await opened.close();
        }
      } finally {
        await browser.close();
      }
    },
    60_000,
  );
});

test('no diff is too strange to be printed', async () => {
  const [diff] = await samples();
  if (diff === undefined) throw new Error('no sample');
  const numbers = fc.oneof(fc.constant(null), fc.double(), fc.constantFrom(0, 1, -1, 1e300));
  fc.assert(
    fc.property(numbers, numbers, numbers, (median, delta, ratio) => {
      const metrics = diff.metrics.map((metric) => ({ ...metric, delta, ratio, head: { ...metric.head, median } }));
      for (const { id } of DIFF_RENDERERS) expect(render(id, { ...diff, metrics }).length).toBeGreaterThan(100);
    }),
    { numRuns: 30 },
  );
});
