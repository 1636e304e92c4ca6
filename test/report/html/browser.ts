/** A real browser for the tests of pages; where none is installed they are skipped, and say so. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const CHROMIUM = [process.env['CHROMIUM'], ...PLACES].find((path) => path !== undefined && existsSync(path));

/** Stands in the name of a test that needs it. */
export const NEEDS = CHROMIUM === undefined ? ' (SKIPPED: no Chromium is installed; CHROMIUM names one)' : '';

export async function launch(): Promise<Browser> {
  return chromium.launch({ ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }), args: ['--no-sandbox'] });
}

export interface Look {
  readonly width: number;
  readonly dark?: boolean;
  readonly script?: boolean;
}

/** What went wrong while it was open: requests to anywhere but the file, and whatever the console was told. */
export interface Opened {
  readonly page: Page;
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export async function openPage(browser: Browser, url: string, { width, dark, script }: Look): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark === true ? 'dark' : 'light',
    javaScriptEnabled: script !== false,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url.split('#')[0] && !request.url().startsWith('data:')) {
      complaints.push(`request: ${request.url()}`);
    }
  });
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds: `rule: selector`. Evaluated, for the page admits no script of others. */
export async function accessibilityViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(`axe.run(document).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target + ' ' + failureSummary)))`);
  return Array.isArray(found) ? found.map(String) : ['axe did not answer'];
}
