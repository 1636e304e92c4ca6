/** The committed sample reviews under reports/ are what the program prints today; their page is valid, and readable for everybody. `UPDATE_GOLDEN=1` rewrites them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HtmlValidate } from 'html-validate';
import { describe, expect, test } from 'vitest';
import { drawCharts } from '../../src/report/charts/draw-charts.ts';
import { REVIEW_RENDERERS } from '../../src/review/renderers/registry.ts';
import type { ReviewReport } from '../../src/review/report.ts';
import { reviewMails } from '../../src/review/review-mails.ts';
import { RULES } from '../../src/rules/registry.ts';
import { accessibilityViolations, CHROMIUM, launch, NEEDS, openPage } from './html/browser.ts';
import { type Analysed, fixture, ROOT } from './html/pages.ts';

const update = process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] === undefined;
const NAME = 'review-unlocked-final';
const validator = new HtmlValidate({ extends: ['html-validate:recommended', 'html-validate:document'] });

async function review(bytes: Uint8Array, run?: Analysed): Promise<ReviewReport> {
  const functionOf = new Map(RULES.map(({ id, qemu }) => [id, qemu.function]));
  const runs = { head: run?.report, base: undefined, diff: undefined, functionOf };
  const inputs = [{ name: `${NAME}.patch`, bytes }];
  return reviewMails({ version: '0.0.0', inputs, against: undefined, runs: async () => runs });
}

async function rendered(format: string, report: ReviewReport, run?: Analysed): Promise<string> {
  const renderer = REVIEW_RENDERERS.find(({ id }) => id === format);
  const isPage = format === 'html' && run !== undefined;
  const charts = isPage ? await drawCharts(run.report, run.timelines, { size: 'page' }) : [];
  const beside = run === undefined ? undefined : { ...run.beside, charts };
  return renderer?.render(report, { color: false, verbose: false }, beside) ?? '';
}

const sampleRun = (): Promise<Analysed> => fixture('thread-no-bql-assert', ['src.log', 'stderr.txt']);
const samplePatch = (): Uint8Array => readFileSync(join(ROOT, 'fixtures/patches', `${NAME}.patch`));

test.each([
  ['text', 'txt'],
  ['reply', 'reply.eml'],
  ['html', 'html'],
])('reports: the sample review as %s', async (format, ending) => {
  const run = await sampleRun();
  const text = await rendered(format, await review(samplePatch(), run), run);
  const place = join(ROOT, 'reports', `${NAME}.${ending}`);
  if (update) writeFileSync(place, text);
  expect(text).toBe(readFileSync(place, 'utf8'));
});

/** So many hunks, each with a remark. */
function manyHunks(count: number): Uint8Array {
  const hunk = (at: number): string =>
    `@@ -${at * 20 + 1},3 +${at * 20 + 1},4 @@ void ram_state_pending_${at}(void *opaque, MigPendingData *pending,\n     a();\n+    migration_bitmap_sync_precopy(false);\n     b();\n     c();\n`;
  const hunks = Array.from({ length: count }, (_, at) => hunk(at)).join('');
  return Buffer.from(`--- a/migration/ram.c\n+++ b/migration/ram.c\n${hunks}`);
}

const PAGES: Readonly<Record<string, () => Promise<string>>> = {
  sample: async () => {
    const run = await sampleRun();
    return rendered('html', await review(samplePatch(), run), run);
  },
  'without a trace': async () => rendered('html', await review(samplePatch())),
  thread: async () => rendered('html', await review(readFileSync(join(ROOT, 'fixtures/patches/thread.mbox')))),
  hostile: async () =>
    rendered(
      'html',
      await review(Buffer.from('--- a/<b>"\u202e.c\n+++ b/<b>"\u202e.c\n@@ -1 +1 @@ <script>\n-</td>\u0007\n+&lt;x\n')),
    ),
  long: async () => rendered('html', await review(manyHunks(300))),
};

test.each(Object.entries(PAGES))('%s: html-validate finds nothing', async (_, make) => {
  const { results } = await validator.validateString(await make());
  expect(results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => `${ruleId}: ${message}`))).toEqual([]);
});

test('a page of 20,000 hunks has its bounds, and says what is left out', async () => {
  const page = await rendered('html', await review(manyHunks(20_000)));
  expect(page.length).toBeLessThan(4_000_000);
  expect(page).toMatch(/\d+ hunks left out/);
});

describe.skipIf(CHROMIUM === undefined)(`in Chromium${NEEDS}`, () => {
  test.each(Object.entries(PAGES))('%s: quiet, and nothing that hides from a reader', async (_, make) => {
    const folder = mkdtempSync(join(tmpdir(), 'qtrace-review-'));
    const browser = await launch();
    try {
      const path = join(folder, 'page.html');
      writeFileSync(path, await make());
      for (const [width, dark] of [
        [1440, false],
        [360, true],
      ] as const) {
        const { page, complaints, close } = await openPage(browser, pathToFileURL(path).href, { width, dark });
        expect(await accessibilityViolations(page)).toEqual([]);
        expect(complaints).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        await close();
      }
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
