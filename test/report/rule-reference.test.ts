/** The committed reference is what the program prints today. `UPDATE_GOLDEN=1 npm test` rewrites it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { rulesInMarkdown, ruleText } from '../../src/report/rule-reference.ts';
import { RULES } from '../../src/rules/registry.ts';

const PLACE = resolve(import.meta.dirname, '../../reports/rules.md');

test('reports/rules.md', () => {
  const text = rulesInMarkdown(RULES);
  if (process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] === undefined) writeFileSync(PLACE, text);
  expect(text).toBe(readFileSync(PLACE, 'utf8'));
});

test.each(
  RULES.map((rule) => [rule.id, rule] as const),
)('%s tells all of itself, at most 80 columns wide', (id, rule) => {
  const text = ruleText(rule);
  expect(text.split('\n')[0]).toBe(`${id} (${rule.severity})`);
  const words = text.replace(/\s+/g, ' ');
  for (const part of [rule.title, rule.demands, rule.why, rule.limits, rule.qemu.function, ...rule.needs]) {
    expect(words).toContain(part);
  }
  for (const { commit, what } of rule.bugs ?? []) expect(words).toContain(`${commit}: ${what}`);
  const wide = text.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '));
  expect(wide).toEqual([]);
});

test('a past bug is named by a commit of QEMU', () => {
  const commits = RULES.flatMap(({ bugs }) => bugs ?? []).map(({ commit }) => commit);
  expect(commits.length).toBeGreaterThan(5);
  for (const commit of commits) expect(commit).toMatch(/^[0-9a-f]{10}$/);
});

test('what a rule says is a sentence', () => {
  for (const { id, demands, why, limits, title } of RULES) {
    for (const text of [demands, why, limits]) expect(text.at(-1), `${id}: ${text}`).toBe('.');
    expect(title.at(-1), id).not.toBe('.');
  }
});
