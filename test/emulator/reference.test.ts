/** The committed reference is what the program prints today. `UPDATE_GOLDEN=1 npm test` rewrites it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { FAULTS } from '../../src/emulator/faults/registry.ts';
import { LIMITS } from '../../src/emulator/reference/limits.ts';
import { emulatorInMarkdown } from '../../src/emulator/reference/markdown.ts';
import { SCENARIO_NAMES } from '../../src/emulator/shell/scenarios.ts';
import { SETTING_KEYS } from '../../src/emulator/shell/setting-keys.ts';
import { PAIRS } from './pairs.ts';

const PLACE = resolve(import.meta.dirname, '../../reports/emulator.md');

test('reports/emulator.md', () => {
  const text = emulatorInMarkdown();
  if (process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] === undefined) writeFileSync(PLACE, text);
  expect(text).toBe(readFileSync(PLACE, 'utf8'));
});

test('has every scenario, fault, setting and capture, one row each', () => {
  const rows = emulatorInMarkdown().split('\n');
  const starting = (text: string): number => rows.filter((row) => row.startsWith(`| ${text}`)).length;
  for (const name of SCENARIO_NAMES) expect(starting(`\`${name}\` |`), name).toBe(1);
  for (const { id } of FAULTS) expect(starting(`\`${id}\` |`), id).toBe(1);
  for (const key of SETTING_KEYS.keys()) expect(starting(`\`${key}=`), key).toBe(1);
  for (const { capture } of PAIRS) expect(starting(`${capture} |`), capture).toBe(1);
});

test('every row has as many cells as its table', () => {
  const rows = emulatorInMarkdown().split('\n');
  const cells = (row: string): number => row.replaceAll('\\|', '').split('|').length;
  for (const [index, row] of rows.entries()) {
    if (row.startsWith('|') && rows[index - 1]?.startsWith('|') === true)
      expect(cells(row), row).toBe(cells(rows[index - 1] ?? ''));
  }
});

test('every difference is printed with its reason', () => {
  const text = emulatorInMarkdown();
  for (const { reason, steps } of PAIRS.flatMap(({ differences }) => differences)) {
    expect(text.toLowerCase()).toContain(reason.toLowerCase());
    for (const step of steps) expect(text).toContain(`  - \`${step}\``);
  }
  for (const limit of LIMITS) expect(limit).toMatch(/^.*\.$/s);
});
