/** Every fault is one file, registered once; every point that a fault may turn is turned by one, and away from what is right. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RIGHT } from '../../src/emulator/faults/code-path.ts';
import type { Fault } from '../../src/emulator/faults/fault.ts';
import { FAULTS, faultNamed } from '../../src/emulator/faults/registry.ts';
import { FaultSwitches } from '../../src/emulator/faults/switches.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'src', 'emulator', 'faults');
const NO_FAULTS = ['code-path.ts', 'fault.ts', 'registry.ts', 'switches.ts'];
const ALL: readonly Fault[] = FAULTS;

test('the files of the folder are the faults of the list', () => {
  const files = readdirSync(FOLDER).filter((file) => !NO_FAULTS.includes(file));
  expect(files.sort()).toEqual(ALL.map(({ id }) => `${id}.ts`).sort());
});

test('each says what it is', () => {
  for (const { id, title, description, qemu, versions } of ALL) {
    expect(title, id).not.toMatch(/\.$/);
    expect(description, id).toMatch(/^[A-Z].*\.$/s);
    expect(qemu, id).toMatch(/^[a-z_]+/);
    expect(versions.length, id).toBeGreaterThan(0);
    expect(faultNamed(id)?.id).toBe(id);
  }
  expect(faultNamed('toString')).toBeUndefined();
});

test('each turns at least one point away from what is right, and every point is turned by one', () => {
  const right: Readonly<Record<string, unknown>> = { ...RIGHT };
  for (const { id, turns } of ALL) {
    expect(Object.keys(turns).length, id).toBeGreaterThan(0);
    for (const [point, to] of Object.entries(turns)) expect(to, `${id}: ${point}`).not.toBe(right[point]);
  }
  expect(new Set(ALL.flatMap(({ turns }) => Object.keys(turns)))).toEqual(new Set(Object.keys(RIGHT)));
});

test('a point asked counts the faults that turn it, a look ahead does not', () => {
  const switches = new FaultSwitches(['no-final', 'ack-ignored']);
  expect(switches.ahead.finals).toBe(0);
  expect([...switches.reached]).toEqual([]);
  expect(switches.at.exactSync).toBe(true);
  expect([...switches.reached]).toEqual([]);
  expect(switches.at.finals).toBe(0);
  expect([...switches.reached]).toEqual(['no-final']);
});
