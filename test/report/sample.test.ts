/** The committed samples under reports/ are what the program prints today. `UPDATE_GOLDEN=1 npm test` rewrites them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HtmlValidate } from 'html-validate';
import { expect, test } from 'vitest';
import { drawCharts } from '../../src/report/charts/draw-charts.ts';
import { RENDERERS } from '../../src/report/renderers/registry.ts';
import type { Renderer } from '../../src/report/renderers/renderer.ts';
import { type Analysed, fixture, ROOT } from './html/pages.ts';

const update = process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] === undefined;

const SAMPLES = [
  { name: '11.1-precopy', files: ['src.log'], qmp: undefined },
  { name: '10.0-postcopy', files: ['src.log'], qmp: undefined },
  { name: 'thread-no-final', files: ['src.log'], qmp: undefined },
  { name: 'thread-no-bql-assert', files: ['src.log', 'stderr.txt'], qmp: undefined },
  { name: 'thread-skip-dirty-bytes', files: ['src.log'], qmp: 'qmp.jsonl' },
];

/** A clean run and a faulty one as pages; one of everything else, for they are the same report. */
const FORMATS: readonly (readonly [Renderer['id'], string, readonly string[], boolean])[] = [
  ['text', 'txt', SAMPLES.map(({ name }) => name), false],
  ['json', 'json', SAMPLES.map(({ name }) => name), false],
  ['html', 'html', ['11.1-precopy', 'thread-no-final'], false],
  ['html', 'mail.html', ['thread-no-final'], true],
  ['markdown', 'md', ['thread-no-final'], false],
  ['sarif', 'sarif', ['thread-no-final'], false],
  ['junit', 'junit.xml', ['thread-no-final'], false],
];

async function rendered(
  format: Renderer['id'],
  { report, beside, timelines }: Analysed,
  mail: boolean,
): Promise<string> {
  const charts = format === 'html' ? await drawCharts(report, timelines, { size: mail ? 'mail' : 'page' }) : [];
  const renderer = RENDERERS.find(({ id }) => id === format);
  return renderer?.render(report, { color: false, verbose: false, mail }, { ...beside, charts }) ?? '';
}

for (const { name, files, qmp } of SAMPLES) {
  for (const [format, ending, , mail] of FORMATS.filter(([, , wanted]) => wanted.includes(name))) {
    test(`reports/${name}.${ending}`, async () => {
      const place = join(ROOT, 'reports', `${name}.${ending}`);
      const text = await rendered(format, await fixture(name, files, qmp), mail);
      if (update) writeFileSync(place, text);
      expect(text).toBe(readFileSync(place, 'utf8'));
    });
  }
}

const PAGES = readdirSync(join(ROOT, 'reports')).filter((name) => name.endsWith('.html'));

test.each(PAGES)('reports/%s is valid, charts and all', async (name) => {
  const validator = new HtmlValidate({ extends: ['html-validate:recommended', 'html-validate:document'] });
  const { results } = await validator.validateString(readFileSync(join(ROOT, 'reports', name), 'utf8'));
  expect(results.flatMap(({ messages }) => messages.map(({ line, message }) => `${line}: ${message}`))).toEqual([]);
});
