/** The list of checks, the folder, the rules' ids and the tests hold together. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKS } from '../../../src/review/checks/registry.ts';
import { RULES } from '../../../src/rules/registry.ts';
import { FAULTY } from './faulty.ts';

/** Ids that no trace can show. */
const OWN = [
  'assertion-removed',
  'exact-sync-without-bql',
  'final-undocumented',
  'handler-forgotten',
  'notifier-skipped',
  'pending-not-cleared',
  'pending-overwritten',
  'trace-format-mismatch',
];

test('each file of the folder is in the list, and the other way round', () => {
  const folder = join(import.meta.dirname, '..', '..', '..', 'src', 'review', 'checks');
  const files = readdirSync(folder).filter((name) => name !== 'registry.ts');
  expect(CHECKS.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort());
});

test('a check has the id of a rule, or one of the review’s own', () => {
  const rules = new Set(RULES.map(({ id }) => id));
  expect(
    CHECKS.map(({ id }) => id)
      .filter((id) => !rules.has(id))
      .sort(),
  ).toEqual(OWN);
});

test('its texts are sentences', () => {
  for (const { what, why, limits } of CHECKS) {
    for (const text of [what, why, limits]) expect(text).toMatch(/^[A-Z].*\.$/);
  }
});

test('each check but the one on comments has faulty patches', () => {
  const tested = new Set(FAULTY.map(({ rule }) => rule));
  expect(CHECKS.map(({ id }) => id).filter((id) => !tested.has(id))).toEqual(['final-undocumented']);
});
