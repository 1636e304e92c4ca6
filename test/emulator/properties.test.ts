/** Whatever is simulated: the same again gives the same bytes, and a run without faults accuses nobody. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BANDS } from '../../src/catalog/vocabulary.ts';
import { bundledScenario, SCENARIO_NAMES } from '../../src/emulator/shell/scenarios.ts';
import { judge, violatedRules } from '../rules/support.ts';
import { emulate } from './emulated.ts';

describe.each(SCENARIO_NAMES)('%s', (scenario) => {
  test('one seed, one log; another seed, another log', () => {
    for (const version of bundledScenario(scenario)?.versions ?? []) {
      const first = emulate(scenario, { version, events: ['all'], seed: 7 });
      const again = emulate(scenario, { version, events: ['all'], seed: 7 });
      expect(again.lines).toEqual(first.lines);
      expect(again.samples).toEqual(first.samples);
      expect(emulate(scenario, { version, events: ['all'], seed: 8 }).lines).not.toEqual(first.lines);
    }
  });
});

const MEBIBYTE = 2 ** 20;

/** Settings that any scenario may get. */
const settings = fc.record({
  memory: fc.integer({ min: 16, max: 512 }).map((size) => `memory=${size}M`),
  working: fc.integer({ min: 0, max: 64 }).map((size) => `working-set=${size}M`),
  dirty: fc.integer({ min: 0, max: 80 * MEBIBYTE }).map((rate) => `dirty-rate=${rate}`),
  bandwidth: fc.integer({ min: 30, max: 400 }).map((rate) => `max-bandwidth=${rate}M`),
  limit: fc.integer({ min: 1, max: 600 }).map((limit) => `downtime-limit=${limit}`),
  vcpus: fc.integer({ min: 1, max: 4 }).map((count) => `vcpus=${count}`),
  running: fc.constantFrom('running=true', 'running=true', 'running=true', 'running=false'),
  returnPath: fc.boolean().map((on) => `return-path=${on}`),
  latency: fc.integer({ min: 0, max: 20 }).map((latency) => `link-latency=${latency}`),
  load: fc.integer({ min: 0, max: 100 }).map((time) => `load-time=${time}`),
  quit: fc.boolean().map((on) => `quit=${on}`),
  // An end for those that would not converge.
  cancel: fc.integer({ min: 0, max: 6000 }).map((time) => `cancel-at=${time}`),
});

const run = fc.record({
  scenario: fc.constantFrom(...SCENARIO_NAMES),
  version: fc.constantFrom(...BANDS),
  seed: fc.nat(),
  events: fc.constantFrom(['recommended'] as const, ['probe', 'bql'] as const, ['all'] as const),
  settings,
});

describe('property: nobody is accused of a run without faults', () => {
  // In parts, so that one does not take longer than a test may.
  test.each([1, 2, 3, 4])('part %d', async (part) => {
    await fc.assert(
      fc.asyncProperty(run, async ({ scenario, version, seed, events, settings: chosen }) => {
        if (bundledScenario(scenario)?.versions.includes(version) !== true) return;
        const set = Object.values(chosen);
        const { lines, samples } = emulate(scenario, { version, seed, events, set });
        // Refused at once: nothing of a migration to read.
        if (!lines.some((line) => line.includes('migrate_set_state'))) return;
        const report = await judge(lines, { qmp: samples });
        expect(violatedRules(report)).toEqual([]);
        expect(report.verdicts.filter(({ reason }) => reason.startsWith('internal fault'))).toEqual([]);
      }),
      { numRuns: 40, seed: part },
    );
  }, 60_000);
});
