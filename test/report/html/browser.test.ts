/** The page in a real browser: alone, quiet, readable at every width, for every reader, and on paper. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawCharts } from '../../../src/report/charts/draw-charts.ts';
import { htmlRenderer } from '../../../src/report/renderers/html.ts';
import { NOTHING_BESIDE } from '../../../src/report/renderers/renderer.ts';
import { buildMigration, buildReport, buildVerdict } from '../build.ts';
import { HOSTILE, reportFull } from '../full.ts';
import { accessibilityViolations, CHROMIUM, launch, NEEDS, openPage } from './browser.ts';
import { fixture } from './pages.ts';

const FULL = { color: false, verbose: false };
const MAIL = { ...FULL, mail: true };

async function fixturePage(folder: string, files: readonly string[], options = FULL): Promise<string> {
  const { report, beside, timelines } = await fixture(folder, files);
  const charts = await drawCharts(report, timelines, { size: options === MAIL ? 'mail' : 'page' });
  expect(charts.length, folder).toBeGreaterThan(1);
  return htmlRenderer.render(report, options, { ...beside, charts });
}

const PAGES: Readonly<Record<string, () => Promise<string>>> = {
  clean: () => fixturePage('11.1-precopy', ['src.log']),
  faulty: () => fixturePage('thread-no-final', ['src.log']),
  aborted: () => fixturePage('thread-no-bql-assert', ['src.log', 'stderr.txt']),
  postcopy: () => fixturePage('10.0-postcopy', ['src.log']),
  mail: () => fixturePage('thread-no-final', ['src.log'], MAIL),
  hostile: async () => htmlRenderer.render(reportFull(HOSTILE.map(([, text]) => text).join(' ')), FULL, NOTHING_BESIDE),
  endless: async () => htmlRenderer.render(reportFull('x'.repeat(100_000)), FULL, NOTHING_BESIDE),
  several: async () => {
    const migrations = [0, 1, 2].map((index) => buildMigration({ index }));
    const verdicts = migrations.map(({ index: migration }) =>
      buildVerdict({ migration, verdict: 'violated', severity: migration === 1 ? 'warning' : 'info' }),
    );
    return htmlRenderer.render(buildReport({ migrations, verdicts }), FULL, NOTHING_BESIDE);
  },
};

describe.skipIf(CHROMIUM === undefined)(`in Chromium${NEEDS}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'qtrace-pages-'));
  const urls = new Map<string, string>();
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch();
    for (const [name, make] of Object.entries(PAGES)) {
      const path = join(folder, `${name}.html`);
      writeFileSync(path, await make());
      urls.set(name, pathToFileURL(path).href);
    }
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const urlOf = (name: string): string => urls.get(name) ?? '';

  test.each(
    Object.keys(PAGES),
  )('%s: no request, no word on the console, nothing that hides from a reader', async (name) => {
    for (const dark of [false, true]) {
      const { page, complaints, close } = await openPage(browser, urlOf(name), { width: 1440, dark });
      expect(await accessibilityViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await close();
    }
  });

  test.each(Object.keys(PAGES))('%s: nothing sticks out, at 360 and at 1440 pixels', async (name) => {
    for (const width of [360, 1440]) {
      const { page, close } = await openPage(browser, urlOf(name), { width });
      expect(await page.evaluate('document.documentElement.scrollWidth'), `${width}`).toBe(width);
      // Letters large enough, and a line of text has its place.
      expect(await page.evaluate("getComputedStyle(document.querySelector('.raw li, p')).fontSize")).toMatch(/^1[2-9]/);
      await close();
    }
  });

  test('is complete without script', async () => {
    const { page, complaints, close } = await openPage(browser, urlOf('faulty'), { width: 1440, script: false });
    expect(await page.locator('#final-missing-0').isVisible()).toBe(true);
    expect(await page.locator('#final-missing-0 .hit').count()).toBe(2);
    expect(await page.locator('#chart-switchover-0 svg').isVisible()).toBe(true);
    await page.locator('#chart-switchover-0 summary').click();
    expect(await page.locator('#chart-switchover-0 table').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
    await close();
  });

  test('a finding can be linked to', async () => {
    const { page, close } = await openPage(browser, `${urlOf('faulty')}#final-missing-0`, { width: 1440 });
    expect(await page.evaluate("document.querySelector(':target').id")).toBe('final-missing-0');
    const top = await page.evaluate("document.querySelector(':target').getBoundingClientRect().top");
    expect(Number(top)).toBeGreaterThanOrEqual(0);
    expect(Number(top)).toBeLessThan(200);
    await close();
  });

  test('the keyboard reaches the content, every link and every box that scrolls', async () => {
    const { page, close } = await openPage(browser, urlOf('faulty'), { width: 360 });
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    const reached = new Set<string>();
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press('Tab');
      reached.add(
        String(await page.evaluate('document.activeElement.tagName + (document.activeElement.tabIndex >= 0)')),
      );
    }
    for (const kind of ['Atrue', 'SUMMARYtrue', 'DIVtrue']) expect(reached).toContain(kind);
    await close();
  });

  test('on paper: light, and nothing folded away', async () => {
    const { page, close } = await openPage(browser, urlOf('faulty'), { width: 900, dark: true });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe('rgb(255, 255, 255)');
    const heights = await page.evaluate(
      "[...document.querySelectorAll('details')].map((one) => one.getBoundingClientRect().height > 60)",
    );
    expect(heights).toSatisfy((all: unknown) => Array.isArray(all) && all.length > 3 && all.every(Boolean));
    const paper = await page.pdf({ format: 'A4' });
    expect(paper.length).toBeGreaterThan(20_000);
    await close();
  });
});
