/**
 * The emulator against the captures of real processes, event for event and
 * state for state. What differs stands in the table below with its reason; a
 * difference that is gone must leave it.
 */
import { describe, expect, test } from 'vitest';
import { SKIPPED, TRACES_MISSING } from '../rules/captures.ts';
import { differencesOf, PAIRS } from './pairs.ts';

interface Known {
  readonly reason: string;
  readonly lines: readonly string[];
}

const KNOWN: Readonly<Record<string, readonly Known[]>> = {};

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  test.each(PAIRS)('$capture: emulate $scenario --qemu $version', (pair) => {
    const known = (KNOWN[pair.capture] ?? []).flatMap(({ lines }) => lines);
    expect([...differencesOf(pair)].sort()).toEqual([...known].sort());
  });

  test('the table names captures that are compared', () => {
    const names = PAIRS.map(({ capture }) => capture);
    expect(Object.keys(KNOWN).filter((name) => !names.includes(name))).toEqual([]);
    for (const { reason } of Object.values(KNOWN).flat()) expect(reason).not.toBe('');
  });
});
