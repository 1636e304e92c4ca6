import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CATALOG } from '../../src/catalog/catalog.ts';
import { RULES } from '../../src/rules/registry.ts';

/** The table of the contract. A rule that is not built yet is absent from the registry, never renamed. */
const SEVERITIES: Readonly<Record<string, string>> = {
  'final-without-bql': 'error',
  'handler-takes-bql': 'error',
  'final-missing': 'error',
  'final-repeated': 'error',
  'final-before-stop': 'error',
  'final-not-exact': 'error',
  'final-without-sync': 'error',
  'postcopy-switchover-without-sync': 'error',
  'query-after-final': 'error',
  'sync-after-final': 'error',
  'sync-in-postcopy': 'error',
  'exact-without-sync': 'error',
  'estimate-with-sync': 'error',
  'total-not-sum': 'error',
  'dirty-bytes-not-updated': 'error',
  'last-sync-not-marked': 'error',
  'switchover-without-exact': 'error',
  'illegal-state-transition': 'error',
  'postcopy-completed-dirty': 'error',
  'ack-pending-at-switchover': 'error',
  'final-skips-module': 'warning',
  'switchover-over-threshold': 'warning',
  'downtime-over-limit': 'warning',
  'exact-query-spin': 'warning',
  'estimate-exact-oscillation': 'warning',
  'migration-not-converging': 'info',
};

const namesIn = (folder: string, suffix: string): readonly string[] =>
  readdirSync(fileURLToPath(new URL(folder, import.meta.url)))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort();

const IDS = RULES.map(({ id }) => id);

test('no id twice', () => {
  expect(new Set(IDS).size).toBe(IDS.length);
});

test('the files of rules/checks are the registry', () => {
  expect(namesIn('../../src/rules/checks', '.ts')).toEqual([...IDS].sort());
});

test('every rule has its test', () => {
  const tests = namesIn('.', '.test.ts');
  expect(IDS.filter((id) => !tests.includes(id))).toEqual([]);
});

test.each(RULES.map((rule) => [rule.id, rule] as const))('%s has the severity of the contract', (id, rule) => {
  // Rules of our own never make the build of a user fail.
  if (id in SEVERITIES) expect(rule.severity).toBe(SEVERITIES[id]);
  else expect(['warning', 'info']).toContain(rule.severity);
});

test.each(RULES.map((rule) => [rule.id, rule] as const))('%s says what it is about', (_id, rule) => {
  for (const text of [rule.title, rule.demands, rule.why, rule.limits, rule.qemu.function, rule.qemu.versions]) {
    expect(text.trim()).not.toBe('');
  }
  expect(rule.needs.length).toBeGreaterThan(0);
  for (const event of rule.needs) expect([...CATALOG.keys()]).toContain(event);
});
