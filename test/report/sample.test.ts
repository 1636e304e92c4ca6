/** The committed samples under reports/ are what the program prints today. `UPDATE_GOLDEN=1 npm test` rewrites them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { analyze } from '../../src/analysis/analyze.ts';
import { planInputs } from '../../src/analysis/replay-inputs.ts';
import { RENDERERS } from '../../src/report/renderers/registry.ts';
import { RULES } from '../../src/rules/registry.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const update = process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] === undefined;

async function reportOf(folder: string, files: readonly string[], qmp?: string) {
  const at = (file: string): string => join(ROOT, 'fixtures/traces', folder, file);
  const samples = qmp === undefined ? undefined : at(qmp);
  const plan = planInputs(files.map(at), samples);
  const request = { paths: plan.files, qmp: samples, band: undefined, rules: RULES, fullDigest: false };
  return analyze({ ...request, listener: undefined, progress: () => undefined }, plan);
}

const SAMPLES = [
  { name: '11.1-precopy', files: ['src.log'], qmp: undefined },
  { name: '10.0-postcopy', files: ['src.log'], qmp: undefined },
  { name: 'thread-no-final', files: ['src.log'], qmp: undefined },
  { name: 'thread-no-bql-assert', files: ['src.log', 'stderr.txt'], qmp: undefined },
  { name: 'thread-skip-dirty-bytes', files: ['src.log'], qmp: 'qmp.jsonl' },
];

for (const { name, files, qmp } of SAMPLES) {
  for (const renderer of RENDERERS) {
    const ending = renderer.id === 'text' ? 'txt' : renderer.id;
    test(`reports/${name}.${ending}`, async () => {
      const place = join(ROOT, 'reports', `${name}.${ending}`);
      const rendered = renderer.render(await reportOf(name, files, qmp), { color: false, verbose: false });
      if (update) writeFileSync(place, rendered);
      expect(rendered).toBe(readFileSync(place, 'utf8'));
    });
  }
}
