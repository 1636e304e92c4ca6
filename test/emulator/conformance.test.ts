/**
 * The emulator against the captures of real processes, event for event and
 * state for state. What differs stands in the list of captures with its
 * reason; a difference that is gone must leave it.
 */
import { describe, expect, test } from 'vitest';
import { SKIPPED, TRACES_MISSING } from '../rules/captures.ts';
import { differencesOf, lockDifferences, PAIRS } from './pairs.ts';

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  test.each(PAIRS)('$capture: emulate $scenario --qemu $version', (pair) => {
    const known = pair.differences.flatMap(({ steps }) => steps);
    expect([...differencesOf(pair)].sort()).toEqual([...known].sort());
  });

  test('the migration thread takes and releases the BQL where the captured one does', () => {
    expect(lockDifferences()).toEqual([]);
  });
});

test('no capture is compared twice, and every difference has its reason', () => {
  expect(new Set(PAIRS.map(({ capture }) => capture)).size).toBe(PAIRS.length);
  for (const { reason, steps } of PAIRS.flatMap(({ differences }) => differences)) {
    expect(reason).not.toBe('');
    expect(steps.length).toBeGreaterThan(0);
  }
});
