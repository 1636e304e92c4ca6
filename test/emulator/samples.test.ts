/** query-migrate against the trace: the relations over emulated runs and over the real samples, and the fields of each state. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BANDS, type Band } from '../../src/catalog/vocabulary.ts';
import { bundledScenario, SCENARIO_NAMES } from '../../src/emulator/shell/scenarios.ts';
import { readLines, realCaptures, SKIPPED, TRACES, TRACES_MISSING } from '../rules/captures.ts';
import { emulate } from './emulated.ts';
import { Tally } from './invariants.ts';
import { readLog } from './protocol-log.ts';
import { fieldsOf, RELATIONS, readSamples, type SampledLog } from './samples.ts';

const FOLDERS: Readonly<Partial<Record<Band, string>>> = {
  '7.2': 'real/7.2/',
  '10.0': 'real/10.0.13/',
  '11.1': 'real/11.1/',
};

function* emulatedLogs(version: Band, intervalMs = 20): Generator<SampledLog> {
  for (const scenario of SCENARIO_NAMES) {
    if (bundledScenario(scenario)?.versions.includes(version) !== true) continue;
    for (const seed of [1, 2]) {
      const set = [`poll-interval=${intervalMs}`];
      const { lines, samples } = emulate(scenario, { version, seed, set, events: ['recommended'] });
      yield { ...readLog(`${scenario} seed ${seed}`, version, lines), samples: readSamples(samples) };
    }
  }
}

function* realLogs(version: Band): Generator<SampledLog> {
  const folder = FOLDERS[version];
  for (const { name } of realCaptures()) {
    if (folder === undefined || !name.startsWith(folder) || !/@(?:ts|rec)$/.test(name)) continue;
    if (/rotate|trace-on-late/.test(name)) continue;
    const samples = join(TRACES, name, 'samples.jsonl');
    if (!existsSync(samples)) continue;
    const log = readLog(name, version, readLines(join(TRACES, name, 'src.log')));
    yield { ...log, samples: readSamples(readLines(samples)) };
  }
}

function talliesOver(logs: Iterable<SampledLog>): ReadonlyMap<string, Tally> {
  const tallies = new Map(RELATIONS.map(({ id }) => [id, new Tally()]));
  for (const log of logs) for (const { id, check } of RELATIONS) check(log, tallies.get(id) ?? new Tally());
  return tallies;
}

describe('emulated', () => {
  const tallies = BANDS.map((version) => talliesOver(emulatedLogs(version)));

  test.each(RELATIONS.map(({ id, words }) => [id, words]))('%s: %s', (id) => {
    for (const tally of tallies) expect(tally.get(id)?.broken).toEqual([]);
    expect(tallies.reduce((sum, tally) => sum + (tally.get(id)?.applied ?? 0), 0)).toBeGreaterThan(20);
  });
});

describe.skipIf(TRACES_MISSING)(`real${SKIPPED}`, () => {
  const tallies = TRACES_MISSING ? [] : BANDS.map((version) => talliesOver(realLogs(version)));

  test.each(RELATIONS.map(({ id, words }) => [id, words]))('%s: %s', (id) => {
    for (const tally of tallies) expect(tally.get(id)?.broken).toEqual([]);
    expect(tallies.reduce((sum, tally) => sum + (tally.get(id)?.applied ?? 0), 0)).toBeGreaterThan(5);
  });

  test.each([
    '7.2',
    '10.0',
    '11.1',
  ] as const)('%s: each state shows the fields that it shows there, in their order', (version) => {
    const real = fieldsOf([...realLogs(version)].flatMap(({ samples }) => samples));
    // So often that also a state of a moment is met.
    const emulated = fieldsOf([...emulatedLogs(version, 1)].flatMap(({ samples }) => samples));
    for (const [status, forms] of real) {
      for (const form of forms) expect([...(emulated.get(status) ?? [])], status).toContain(form);
    }
    expect(real.size).toBeGreaterThan(3);
  });
});
